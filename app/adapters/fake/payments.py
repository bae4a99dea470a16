"""A provider of payments for trying the shop out: its state is rows, so that it outlives restarts.

One row of `fake_payments` a payment, changed one conditional write at a time, so that it holds on
every target, whoever asks at once. What becomes of a payment is the card's say (`cards`), and the
clock's. The customer's side of it is `app/adapters/fake/desk.py`.

payment     "fake-<order>", the key
order, amount, currency  what it is for
state       pending, authorised, captured, voided or declined, and from when on (`state_at`, UTC
            epoch milliseconds): until then it is pending
card        "" until the customer picked one
tries       how often it was tried to take the money
refunds     JSON: by each refund's key its amount, state, and when it was asked for
version     grows with each change
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from app.adapters.common import webhook_signing
from app.adapters.fake.cards import CARDS, LATE_MS, Card
from app.ports.clock import Clock
from app.ports.errors import ConditionFailedError, SignatureError, UnavailableError
from app.ports.payments import Notice, Payment, RefundState, State, Wanted
from app.ports.secrets import Secrets
from app.ports.tables import Condition, Row, Table

SECRET = "payments-webhook"  # noqa: S105 - its name
HEADER = "fake-signature"
PATH = "/payments/fake/"
_BEGINS = "fake-"
_TRIES = 20

Change = Mapping[str, str | int]


class FakePayments:
    """The provider as the shop sees it."""

    def __init__(self, payments: Table, secrets: Secrets, clock: Clock) -> None:
        """`payments` is the table fake_payments; `secrets` must hold `payments-webhook`."""
        self._payments = payments
        self._secrets = secrets
        self._clock = clock

    def start(self, wanted: Wanted) -> Payment:
        """The order's payment, made where there is none."""
        row: Row = {
            "payment": reference_of(wanted.order),
            "order": wanted.order,
            "amount": wanted.amount,
            "currency": wanted.currency,
            "state": "pending",
            "state_at": 0,
            "card": "",
            "tries": 0,
            "refunds": "{}",
            "version": 1,
        }
        try:
            self._payments.put(row, if_absent=True)
        except ConditionFailedError:
            there = self._payments.get({"payment": str(row["payment"])})
            if there is None:
                raise UnavailableError("a payment is gone: ask again") from None
            row = there
        if (row["amount"], row["currency"]) != (wanted.amount, wanted.currency):
            raise ConditionFailedError("the order has a payment of another amount")
        return seen(row, self._clock.now_ms())

    def look(self, wanted: Wanted, reference: str) -> Payment | None:
        """The payment as it is now."""
        row = self._payments.get({"payment": reference or reference_of(wanted.order)})
        return None if row is None else seen(row, self._clock.now_ms())

    def capture(self, payment: Payment) -> Payment:
        """Take the money that is held, unless the card has it otherwise."""
        lost = ""

        def take(row: Row, now_ms: int) -> Change:
            nonlocal lost
            lost = ""
            if seen(row, now_ms).state != "authorised":
                return {}
            card = card_of(row)
            lost = card.unanswered if row["tries"] == 0 else ""
            tried: Change = {"tries": int(row["tries"]) + 1}
            if lost == "before":
                return tried
            return {**tried, "state": "captured" if card.capturable else "declined"}

        row = changed(self._payments, payment.reference, take, self._clock)
        if lost:
            raise UnavailableError("the fake provider did not answer, as its card has it")
        return seen(row, self._clock.now_ms())

    def void(self, payment: Payment) -> Payment:
        """Let go of what is pending or authorised."""

        def let_go(row: Row, now_ms: int) -> Change:
            if seen(row, now_ms).state not in ("pending", "authorised"):
                return {}
            return {"state": "voided", "state_at": 0}

        row = changed(self._payments, payment.reference, let_go, self._clock)
        return seen(row, self._clock.now_ms())

    def refund(self, payment: Payment, key: str, amount: int) -> RefundState:
        """Give some of it back, unless the card, or what is left, has it otherwise."""
        first = False

        def give(row: Row, now_ms: int) -> Change:
            nonlocal first
            refunds = json.loads(str(row["refunds"]))
            first = key not in refunds
            if not first:
                return {}
            left = int(row["amount"]) - sum(
                each["amount"] for each in refunds.values() if each["state"] != "failed"
            )
            fits = seen(row, now_ms).state == "captured" and amount <= left
            state = card_of(row).refunds if fits else "failed"
            refunds[key] = {"amount": amount, "state": state, "at": now_ms}
            return {"refunds": json.dumps(refunds)}

        row = changed(self._payments, payment.reference, give, self._clock)
        found = json.loads(str(row["refunds"]))[key]
        if found["amount"] != amount:
            raise ConditionFailedError("the refund has another amount")
        if first and found["state"] == "unanswered":
            raise UnavailableError("the fake provider did not answer, as its card has it")
        return _refund(found, self._clock.now_ms())

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Notice | None:
        """What a webhook tells. Raises SignatureError, and as `Secrets.get` does."""
        given = headers.get(HEADER, "")
        webhook_signing.parsed(given)  # before the secret is asked for
        keys = webhook_signing.keys(self._secrets.get(SECRET))
        webhook_signing.verify(keys, given, body, self._clock.now_ms())
        try:
            told: Any = json.loads(body)
            return Notice(id=str(told["id"]), order=str(told["payment"]["order"]))
        except (ValueError, KeyError, TypeError, RecursionError):
            raise SignatureError("the webhook is of a form that the provider never sends") from None


def reference_of(order: str) -> str:
    """The name of an order's payment."""
    return f"{_BEGINS}{order}"


def seen(row: Row, now_ms: int) -> Payment:
    """A row's payment as it shows at this time."""
    state: Any = row["state"] if int(row["state_at"]) <= now_ms else "pending"
    found: State = state
    reference = str(row["payment"])
    return Payment(
        order=str(row["order"]),
        reference=reference,
        state=found,
        amount=int(row["amount"]),
        currency=str(row["currency"]),
        client={"url": f"{PATH}{reference}"},
    )


def card_of(row: Row) -> Card:
    """The card that was picked; the good one where there is none yet."""
    return CARDS.get(str(row["card"]), CARDS["good"])


def changed(
    table: Table, reference: str, decide: Callable[[Row, int], Change], clock: Clock
) -> Row:
    """The row after what `decide` made of it at this time, {} being nothing; in one write.

    Raises UnavailableError when there is no such payment, or it was changed again and again.
    """
    for _ in range(_TRIES):
        row = table.get({"payment": reference})
        if row is None:
            raise UnavailableError("the fake provider has no such payment")
        change = decide(row, clock.now_ms())
        if not change:
            return row
        version = int(row["version"])
        after: Row = {**change, "version": version + 1}
        try:
            table.update(
                {"payment": reference}, set=after, when=[Condition("version", "=", version)]
            )
        except ConditionFailedError:
            continue
        return {**row, **after}
    raise UnavailableError("the fake provider is too busy with this payment")


def _refund(found: Mapping[str, Any], now_ms: int) -> RefundState:
    match found["state"]:
        case "failed":
            return "failed"
        case "late" if now_ms < found["at"] + LATE_MS:
            return "pending"
    return "done"
