"""A marker is put in a slot of a stock row, for a line of whoever owns it."""

from app.domain.order import Claim
from app.domain.slots import RESERVE, Kind, Slot, Stock, place
from app.ports.errors import ConditionFailedError, UnavailableError
from app.services.saga import Saga
from app.services.settle_marker import settle_marker
from app.services.stock_rows import look, write

MOST_TRIES = 64


def place_marker(claim: Claim, kind: Kind, saga: Saga) -> Slot | None:
    """The slot with the owner's marker: one that is there already, or one put there now.

    None when it is to reserve and there are too few, with no marker left that could give some back.
    Where no slot is free, others' markers are settled first. Raises PortError.
    """
    for number in range(MOST_TRIES):
        stock = look(claim, saga)
        if stock is None:
            return None
        if mine := stock.of(claim.owner, kind):
            return mine[0]
        try:
            if (kind != RESERVE or stock.available >= claim.quantity) and stock.free:
                return _put(claim, kind, stock, number, saga)
            if not stock.taken:
                return None
            settle_marker(claim, _one_of(stock.taken, claim, number), saga)
        except ConditionFailedError:
            continue  # somebody was faster
    raise UnavailableError("too many want the same at once: try again")


def _put(claim: Claim, kind: Kind, stock: Stock, number: int, saga: Saga) -> Slot:
    slot = _one_of(stock.free, claim, number)
    marked = Slot(slot.number, saga.rules.raised(slot.version), kind, claim.owner)
    write(claim, place(slot, marked, claim.quantity), saga)
    return marked


def _one_of(slots: list[Slot], claim: Claim, number: int) -> Slot:
    """One of the slots: owners begin with different ones, to be less in each other's way."""
    return slots[(sum(claim.owner.encode()) + number) % len(slots)]
