"""The part of the loop that deals with money: an order is paying or voiding.

What the provider says now decides; from what it does not say, nothing follows. A call that goes
unanswered may have been done: the order stays as it is, and somebody asks again.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from app.domain.order import Order
from app.ports.errors import ConditionFailedError, PortError, UnavailableError
from app.ports.payments import Payment, Wanted
from app.ports.tables import Condition, Row, Scalar
from app.services.order_rows import key_of, told_of
from app.services.row_outbox import noted
from app.services.saga import Saga

PAID = "paid"
DECLINED = "declined"
_MOST_CALLS = 4


class ProviderAwayError(UnavailableError):
    """The provider of payments did not answer: what it was asked for may have been done."""


@dataclass(slots=True)
class DrivePayment:
    """Takes an order's payment on. `fresh` is what the provider said last, until it is used."""

    saga: Saga
    fresh: Payment | None = None

    def step(self, order: Order, row: Row) -> bool:
        """Do what is next; False where that is for the customer to do.

        Raises ConditionFailedError where the order has moved meanwhile, ProviderAwayError and
        PortError.
        """
        if not order.total:
            self._free_of_charge(order, row)
            return True
        found = self._found(order)
        for _ in range(_MOST_CALLS):
            state = None if found is None else found.state
            match self.saga.rules.payment(order.state, state):
                case "wait":
                    return False
                case "paid":
                    self._paid(order, row, found)
                    return True
                case "release":
                    self._release(order)
                    return True
                case asked:
                    found = self._ask(asked, order, found)
            if self._to_remember(order, found):
                self._remember(order, found)
                return True
        raise ProviderAwayError("the provider says now one thing and now another: try again")

    def _found(self, order: Order) -> Payment | None:
        """The payment as it is now, as far as is known."""
        found, self.fresh = self.fresh, None
        if found is not None or (order.state == "paying" and not order.payment):
            return found  # to start one finds it as well, where there is one
        with asking():
            return self.saga.payments.look(wanted(order), order.payment)

    def _ask(self, step: str, order: Order, found: Payment | None) -> Payment:
        """Start, capture or void it; as it is then."""
        with asking():
            if found is None:
                return self.saga.payments.start(wanted(order))
            if step == "capture":
                return self.saga.payments.capture(found)
            return self.saga.payments.void(found)

    def _to_remember(self, order: Order, found: Payment) -> bool:
        """Whether the customer can pay, and the order does not say yet how."""
        begun = found.state in ("pending", "authorised")
        return begun and order.state == "paying" and not order.payment

    def _remember(self, order: Order, found: Payment) -> None:
        """Write down how to pay: from then on the order's placing is answered with it."""
        client = json.dumps(dict(found.client), ensure_ascii=False, separators=(",", ":"))
        unset = Condition("payment", "=", "")
        self._move(order, {"payment": found.reference, "client": client}, (unset,))
        self.fresh = found

    def _paid(self, order: Order, row: Row, found: Payment | None) -> None:
        event = told_of(order.order, PAID)
        told = noted(row, order.order, [event], self.saga.clock.now_ms())
        paid: dict[str, Scalar] = {"state": PAID, "cancelled_by": ""}
        if found is not None:
            amount = found.amount
            paid |= {"payment": found.reference, "captured": amount, "refundable": amount}
        self._move(order, {**paid, **told.set}, told.when)

    def _release(self, order: Order) -> None:
        by = order.cancelled_by or DECLINED
        self._move(order, {"state": "releasing", "cancelled_by": by})

    def _free_of_charge(self, order: Order, row: Row) -> None:
        if order.state == "paying":
            self._paid(order, row, None)
        else:
            self._release(order)

    def _move(self, order: Order, more: Row, when: tuple[Condition, ...] = ()) -> None:
        """Write the order's row if its state is still what it was. Raises PortError."""
        same = Condition("state", "=", order.state)
        self.saga.orders.update(key_of(order.order), set=more, when=[same, *when])


def wanted(order: Order) -> Wanted:
    """What the order is to be paid with."""
    return Wanted(order.order, order.total, order.currency)


@contextmanager
def asking() -> Iterator[None]:
    """Tell what goes wrong at the provider from what goes wrong at a store.

    Raises ProviderAwayError and PortError.
    """
    try:
        yield
    except UnavailableError as error:
        raise ProviderAwayError(str(error)) from error
    except ConditionFailedError as error:
        raise PortError("the provider has another amount for this") from error
