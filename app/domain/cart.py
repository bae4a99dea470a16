"""A cart: what somebody would like to buy, one line a product."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.domain.errors import ConflictError

MOST_LINES = 50
MOST_PIECES = 99
IDLE_DAYS = 30


@dataclass(frozen=True, slots=True)
class Line:
    """So many pieces (1 to 99) of a product."""

    product: str
    quantity: int


def added(lines: Iterable[Line], more: Iterable[Line]) -> tuple[Line, ...]:
    """The lines with more of their products, and of others; each product stands once.

    Raises ConflictError where there are too many lines, or pieces in one.
    """
    return _fitting(_summed([*lines, *more]))


def merged(lines: Iterable[Line], others: Iterable[Line]) -> tuple[Line, ...]:
    """Two carts as one; what does not fit is cut, since nobody is there to be told."""
    whole = _summed([*lines, *others])[:MOST_LINES]
    return tuple(Line(each.product, min(each.quantity, MOST_PIECES)) for each in whole)


def with_quantity(lines: Iterable[Line], product: str, quantity: int) -> tuple[Line, ...]:
    """The lines with so many pieces of a product; 0 takes it out. Raises ConflictError."""
    there = list(lines)
    changed = [Line(product, quantity) if each.product == product else each for each in there]
    if all(each.product != product for each in there):
        changed.append(Line(product, quantity))
    return _fitting([each for each in changed if each.quantity])


def _summed(lines: Iterable[Line]) -> list[Line]:
    pieces: dict[str, int] = {}
    for each in lines:
        pieces[each.product] = pieces.get(each.product, 0) + each.quantity
    return [Line(product, quantity) for product, quantity in pieces.items()]


def _fitting(lines: list[Line]) -> tuple[Line, ...]:
    if len(lines) > MOST_LINES:
        raise ConflictError(f"a cart has {MOST_LINES} lines at most")
    if any(each.quantity > MOST_PIECES for each in lines):
        raise ConflictError(f"a line has {MOST_PIECES} pieces at most")
    return tuple(lines)
