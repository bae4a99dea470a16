"""A marker is brought nearer to its end, on behalf of its owner, whoever that is.

Its owner is read after the slot. Then follows one write: of the owner's row, which names the marker
in a register, or of the slot, which is freed.
"""

from app.domain.order import Claim
from app.domain.slots import RELEASE, RESERVE, Free, Kind, Slot, free
from app.ports.errors import ConditionFailedError, UnavailableError
from app.ports.tables import Condition
from app.services import adjustment_rows, order_rows
from app.services.adjustment_rows import read_adjustment
from app.services.due_rows import ADJUST, ORDER
from app.services.order_rows import read_order
from app.services.saga import Saga
from app.services.stock_rows import look, write

MOST_ROUNDS = 64
_ACCEPTING: dict[Kind, str] = {RESERVE: "reserving", RELEASE: "releasing"}


def settle_marker(claim: Claim, slot: Slot, saga: Saga) -> None:
    """Make the one write that is next for a slot that is taken; `claim` tells its row.

    Raises ConditionFailedError when somebody was faster, and PortError.
    """
    if slot.owner.startswith(ADJUST):
        _settle_adjustment(claim, slot, saga)
    else:
        _settle_order(claim, slot, saga)


def settle_all(claim: Claim, saga: Saga, *, owner: str | None = None) -> int:
    """Settle the markers of a row, all or one owner's, until none is left; how many writes.

    Raises PortError.
    """
    done = 0
    for _ in range(MOST_ROUNDS):
        stock = look(claim, saga)
        taken = [] if stock is None else stock.taken
        mine = [each for each in taken if owner in (None, each.owner)]
        if not mine:
            return done
        for slot in mine:
            try:
                settle_marker(claim, slot, saga)
            except ConditionFailedError:
                continue  # somebody was faster
            done += 1
    raise UnavailableError("others left more markers than could be settled: try again")


def _settle_order(claim: Claim, slot: Slot, saga: Saga) -> None:
    order, _, number = slot.owner.removeprefix(ORDER).partition(":")
    row = saga.orders.get(order_rows.key_of(order))
    line = None if row is None else read_order(row).line(int(number))
    decided = saga.rules.settled(slot, line)
    if isinstance(decided, Free):
        free_slot(claim, slot, decided.give, saga)
        return
    register = "hold" if slot.kind == RESERVE else "release"
    column = f"{register}{number}"
    saga.orders.update(
        order_rows.key_of(order),
        set={column: slot.marker},
        when=[Condition("state", "=", _ACCEPTING[slot.kind]), Condition(column, "=", "")],
    )


def _settle_adjustment(claim: Claim, slot: Slot, saga: Saga) -> None:
    product, _, adjustment = slot.owner.removeprefix(ADJUST).partition("/")
    key = adjustment_rows.key_of(product, adjustment)
    row = saga.adjustments.get(key)
    if row is None:
        free_slot(claim, slot, 0, saga)
        return
    found = read_adjustment(row)
    decided = saga.rules.settled(slot, found.line())
    if isinstance(decided, Free):
        free_slot(claim, slot, decided.give, saga)
        return
    change = adjustment_rows.accepted(found, slot.marker)
    saga.adjustments.update(key, set=change.set, when=change.when)


def free_slot(claim: Claim, slot: Slot, give: int, saga: Saga) -> None:
    """Take a marker out of its slot. Raises ConditionFailedError and PortError."""
    write(claim, free(slot, saga.rules.raised(slot.version), give), saga)
