"""An order is taken as far as it goes now: by checkout, a retry, a webhook, or the sweep.

All of them run this loop: read the order, decide, make one conditional write, forget, read again.
What is remembered, the markers that were seen, only saves reading: each write of the order holds
only while the order is as it was read, and no marker comes back once it is gone.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from app.domain.errors import NotFoundError
from app.domain.order import PLACED, Claim, Order, State, sold_out
from app.domain.slots import RELEASE, RESERVE, Kind, Slot
from app.ports.errors import ConditionFailedError, UnavailableError
from app.ports.tables import Condition, Row, Scalar
from app.services.drive_payment import DrivePayment, ProviderAwayError
from app.services.order_rows import key_of, read_order, told_of
from app.services.place_marker import place_marker
from app.services.row_outbox import Thing, noted
from app.services.saga import Saga
from app.services.settle_marker import free_slot, settle_all

MOST_STEPS = 80  # an order of 51 registers takes some 30 of them
_LOST = 3  # writes without an answer, after which the store is taken to be away
_AT_ONCE = 8  # registers in one write: with the state and what is told, ten conditions


@dataclass(frozen=True, slots=True)
class Cancel:
    """That an order is to be cancelled, if it still can be.

    `by` is kept in the row: "customer", "expired", or who did it. `outcome` is the answer to its
    placing where that was not decided. `things` are told by the very write that cancels.
    """

    by: str
    outcome: str = "cancelled"
    things: tuple[Thing, ...] = ()


def drive(order: str, saga: Saga, cancel: Cancel | None = None) -> Order:
    """The order as it is when nothing more can be done now: closed, or waiting for its customer.

    Raises NotFoundError where there is none, UnavailableError where a store or the provider is
    away, or too many others are at the same, and PortError.
    """
    worker = _Worker(saga, cancel)
    lost = 0
    for _ in range(MOST_STEPS):
        row = saga.orders.get(key_of(order))
        if row is None:
            raise NotFoundError("there is no such order")
        found = read_order(row)
        try:
            if worker.step(found, row):
                continue
            worker.tidy(found)
        except ConditionFailedError:
            continue  # somebody was faster
        except ProviderAwayError:
            raise
        except UnavailableError:
            lost += 1  # it may have been done: that is seen on reading again
            if lost == _LOST:
                raise
            continue
        return found
    raise UnavailableError("too many are at the same order: try again")


@dataclass(slots=True)
class _Worker:
    """One who works on an order. `touched` are claims whose row may have markers of the order."""

    saga: Saga
    cancel: Cancel | None
    payment: DrivePayment = field(init=False)
    touched: dict[int, Claim] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.payment = DrivePayment(self.saga)

    def step(self, order: Order, row: Row) -> bool:
        """Do what is next; whether there may be more to do. Raises ConditionFailedError."""
        if self.cancel is not None and order.state in ("reserving", "paying"):
            self._cancel(order, row, self.cancel)
        elif order.state == "reserving":
            self._reserve(order, row)
        elif order.state == "releasing":
            self._release(order)
        elif order.state in ("paying", "voiding"):
            return self.payment.step(order, row)
        else:
            return False
        return True

    def tidy(self, order: Order) -> None:
        """Settle what this worker has left in slots. Raises PortError."""
        for number, claim in list(self.touched.items()):
            settle_all(claim, self.saga, owner=order.claims[number].owner)
            del self.touched[number]

    def _cancel(self, order: Order, row: Row, cancel: Cancel) -> None:
        told = noted(row, order.order, cancel.things, self.saga.clock.now_ms())
        more: dict[str, Scalar] = {"cancelled_by": cancel.by}
        if not order.outcome:
            more["outcome"] = cancel.outcome
        if cancel.things:
            more |= told.set
        when = told.when if cancel.things else ()
        self._move(order, self.saga.rules.cancelling(order.state), more, when)

    def _reserve(self, order: Order, row: Row) -> None:
        """Hold the next lines; with the last of them, go on to paying."""
        numbers = [number for number, hold in enumerate(order.holds) if not hold]
        markers: dict[int, Slot] = {}
        for number in numbers[:_AT_ONCE]:
            slot = self._marker(order, number, RESERVE)
            if slot is None:
                self._sold_out(order, number)
                return
            markers[number] = slot
        names, when = _registers("hold", markers)
        if len(markers) == len(numbers):
            event = told_of(order.order, PLACED)
            told = noted(row, order.order, [event], self.saga.clock.now_ms())
            more = {**names, "outcome": PLACED, **told.set}
            self._move(order, "paying", more, (*when, *told.when))
        else:
            self._move(order, order.state, names, when)
        self._free(order, markers)

    def _sold_out(self, order: Order, number: int) -> None:
        promotion = order.claims[number].table == "promotions"
        why = "promotion_used" if promotion else "sold_out"
        outcome = why if promotion else sold_out(number)
        unset = Condition(f"hold{number}", "=", "")
        self._move(order, "releasing", {"outcome": outcome, "cancelled_by": why}, (unset,))

    def _release(self, order: Order) -> None:
        """Have the next held lines go back; with the last of them, it is cancelled."""
        numbers = [
            number for number, hold in enumerate(order.holds) if hold and not order.releases[number]
        ]
        markers: dict[int, Slot] = {}
        for number in numbers[:_AT_ONCE]:
            slot = self._marker(order, number, RELEASE)
            if slot is None:
                raise UnavailableError("the row that a line was taken from is not there")
            markers[number] = slot
        names, when = _registers("release", markers)
        to: State = "cancelled" if len(markers) == len(numbers) else "releasing"
        self._move(order, to, names, when)
        self._free(order, markers)

    def _marker(self, order: Order, number: int, kind: Kind) -> Slot | None:
        claim = order.claims[number]
        self.touched[number] = claim
        return place_marker(claim, kind, self.saga)

    def _free(self, order: Order, markers: dict[int, Slot]) -> None:
        """Free the slots whose markers the order has just named: what is left, `tidy` does."""
        for number, slot in markers.items():
            claim = order.claims[number]
            give = claim.quantity if slot.kind == RELEASE else 0
            with suppress(ConditionFailedError):  # somebody was faster
                free_slot(claim, slot, give, self.saga)
            self.touched.pop(number)

    def _move(self, order: Order, to: State, more: Row, when: Sequence[Condition]) -> None:
        """Write the order's row if its state is still what it was. Raises PortError."""
        self.saga.orders.update(
            key_of(order.order),
            set={"state": to, **more},
            when=[Condition("state", "=", order.state), *when],
        )


def _registers(name: str, markers: dict[int, Slot]) -> tuple[dict[str, Scalar], list[Condition]]:
    """What names these markers, and that nothing else is named."""
    columns: dict[str, Scalar] = {
        f"{name}{number}": slot.marker for number, slot in markers.items()
    }
    return columns, [Condition(column, "=", "") for column in columns]
