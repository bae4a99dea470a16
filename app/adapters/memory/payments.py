"""A provider of payments in memory, which does what a test tells it to, and when.

`confirm` is what the customer does at the provider's page. `breaks` has calls go unanswered, done
or not done. `refunds_are` tells how the refunds that are asked for next go.
"""

import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from app.adapters.common import webhook_signing
from app.ports.clock import Clock
from app.ports.errors import ConditionFailedError, SignatureError, UnavailableError
from app.ports.payments import Notice, Payment, RefundState, State, Wanted

SECRET = "whsec_of_tests"  # noqa: S105 - it guards nothing
HEADER = "memory-signature"


@dataclass(slots=True)
class _Held:
    """A payment, what becomes of it when it is captured, and what was given back of it."""

    payment: Payment
    later: tuple[int, State] | None = None
    capturable: bool = True
    refunds: dict[str, tuple[int, RefundState]] = field(default_factory=dict)


class MemoryPayments:
    """The provider. `calls` counts what was asked, by method; any number of threads."""

    def __init__(self, clock: Clock) -> None:
        self.calls: Counter[str] = Counter()
        self.refunds_are: RefundState = "done"
        self.starts_as: State = "pending"
        self._clock = clock
        self._held: dict[str, _Held] = {}
        self._breaks: list[tuple[str, bool]] = []
        self._events = 0
        self._lock = threading.RLock()

    # what a test does

    def breaks(self, method: str, *, after: bool) -> None:
        """Have the next call of this method go unanswered; with `after` it is done all the same."""
        self._breaks.append((method, after))

    def confirm(self, order: str, state: State = "authorised", *, in_ms: int = 0) -> None:
        """What the customer does at the provider's page; it shows `in_ms` later."""
        with self._lock:
            self._held[order].later = (self._clock.now_ms() + in_ms, state)

    def decline_capture(self, order: str) -> None:
        """Have the money be gone when it is to be taken."""
        self._held[order].capturable = False

    def finish_refund(self, order: str, key: str, state: RefundState) -> None:
        """How a refund that was pending ended."""
        amount, _ = self._held[order].refunds[key]
        self._held[order].refunds[key] = (amount, state)

    def state(self, order: str) -> State | None:
        """How the order's payment is now; None where there is none."""
        with self._lock:
            return self._now(order).state if order in self._held else None

    def captured(self, order: str) -> int:
        """How much was taken for this order."""
        return self._held[order].payment.amount if self.state(order) == "captured" else 0

    def refunded(self, order: str) -> int:
        """How much was given back, or is on its way."""
        given = self._held[order].refunds.values() if order in self._held else ()
        return sum(amount for amount, state in given if state != "failed")

    def webhook(self, order: str, *, at_ms: int | None = None) -> tuple[dict[str, str], bytes]:
        """Headers and body of a webhook about this order, signed now or at another time."""
        self._events += 1
        body = json.dumps({"id": f"event-{self._events}", "order": order}).encode()
        at_s = (self._clock.now_ms() if at_ms is None else at_ms) // 1000
        return {HEADER: webhook_signing.header(SECRET, body, at_s)}, body

    # the port

    def start(self, wanted: Wanted) -> Payment:
        """The order's payment."""
        with self._call("start"):
            held = self._held.get(wanted.order)
            if held is None:
                reference = f"memory-{wanted.order}"
                client = {"url": f"/payments/memory/{reference}"}
                made = Payment(
                    wanted.order,
                    reference,
                    self.starts_as,
                    wanted.amount,
                    wanted.currency,
                    client,
                )
                held = self._held[wanted.order] = _Held(made)
            _check(held.payment, wanted)
            return self._now(wanted.order)

    def look(self, wanted: Wanted, reference: str) -> Payment | None:  # noqa: ARG002 - the port's
        """The payment as it is now."""
        with self._call("look"):
            return self._now(wanted.order) if wanted.order in self._held else None

    def capture(self, payment: Payment) -> Payment:
        """Take the money."""
        with self._call("capture"):
            found = self._now(payment.order)
            if found.state == "authorised":
                good = self._held[payment.order].capturable
                found = self._set(payment.order, "captured" if good else "declined")
            return found

    def void(self, payment: Payment) -> Payment:
        """Let go of it."""
        with self._call("void"):
            found = self._now(payment.order)
            if found.state in ("pending", "authorised"):
                found = self._set(payment.order, "voided")
            return found

    def refund(self, payment: Payment, key: str, amount: int) -> RefundState:
        """Give some of it back."""
        with self._call("refund"):
            given = self._held[payment.order].refunds
            if key not in given:
                left = self.captured(payment.order) - self.refunded(payment.order)
                given[key] = (amount, self.refunds_are if amount <= left else "failed")
            if given[key][0] != amount:
                raise ConditionFailedError("the refund has another amount")
            return given[key][1]

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Notice | None:
        """What a webhook tells."""
        now_ms = self._clock.now_ms()
        webhook_signing.verify([SECRET], headers.get(HEADER, ""), body, now_ms)
        try:
            told = json.loads(body)
            return Notice(id=str(told["id"]), order=str(told["order"]))
        except (ValueError, KeyError, TypeError, RecursionError):
            raise SignatureError("the webhook is none of ours") from None

    def _now(self, order: str) -> Payment:
        """The payment, with what the customer did by now."""
        held = self._held[order]
        if held.later is not None and held.later[0] <= self._clock.now_ms():
            if held.payment.state == "pending":
                self._set(order, held.later[1])
            held.later = None
        return held.payment

    def _set(self, order: str, state: State) -> Payment:
        held = self._held[order]
        held.payment = replace(held.payment, state=state)
        return held.payment

    @contextmanager
    def _call(self, method: str) -> Iterator[None]:
        """One call at a time; it may be one that breaks."""
        with self._lock:
            self.calls[method] += 1
            if self._broken(method, after=False):
                raise UnavailableError("the provider did not answer")
            lost = self._broken(method, after=True)
            yield
        if lost:
            raise UnavailableError("the provider's answer was lost")

    def _broken(self, method: str, *, after: bool) -> bool:
        if (method, after) not in self._breaks:
            return False
        self._breaks.remove((method, after))
        return True


def _check(there: Payment, wanted: Wanted) -> None:
    """Raises ConditionFailedError when the payment is for something else."""
    if (there.amount, there.currency) != (wanted.amount, wanted.currency):
        raise ConditionFailedError("the order has a payment of another amount")
