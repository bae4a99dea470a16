"""What is done to a cart: each change is of the cart as it was read, or fails."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from app.domain.cart import Line, added, merged, with_quantity
from app.domain.errors import ConflictError, NotFoundError
from app.ports.clock import Clock
from app.ports.errors import ConditionFailedError, PortError
from app.ports.tables import Condition, Table
from app.services import log
from app.services.cart_rows import MOST_MERGED, Cart, read_cart, write_cart
from app.services.offers import offers

_TRIES = 5


def add_lines(
    cart: str, more: Iterable[Line], *, carts: Table, products: Table, clock: Clock
) -> Cart:
    """Put more into a cart; what stands there twice counts together.

    Raises NotFoundError for a product that is not sold, ConflictError and PortError.
    """
    wanted = list(more)
    _sold([each.product for each in wanted], products)
    return _changed(
        cart, lambda old: replace(old, lines=added(old.lines, wanted)), carts=carts, clock=clock
    )


def set_line(line: Line, cart: str, *, carts: Table, products: Table, clock: Clock) -> Cart:
    """So many pieces of a product, and no others; 0 takes it out. Raises as `add_lines` does."""
    if line.quantity:
        _sold([line.product], products)
    return _changed(
        cart,
        lambda old: replace(old, lines=with_quantity(old.lines, line.product, line.quantity)),
        carts=carts,
        clock=clock,
    )


def empty(cart: str, *, carts: Table, clock: Clock) -> Cart:
    """Take everything out. Raises ConflictError and PortError."""
    return _changed(cart, lambda old: replace(old, lines=()), carts=carts, clock=clock)


def merge(guest: str, user: str, *, carts: Table, clock: Clock) -> None:
    """Take a guest's cart into a user's, once, however often it is tried. Raises PortError.

    Raises ConflictError when one of the two is being changed all the while.
    """
    taken = read_cart(guest, carts=carts)
    if not taken.lines:
        return

    def both(old: Cart) -> Cart:
        if guest in old.merged:
            return old
        return replace(
            old,
            lines=merged(old.lines, taken.lines),
            merged=(*old.merged, guest)[-MOST_MERGED:],
        )

    _changed(user, both, carts=carts, clock=clock)
    try:  # what the guest put in since stays his
        carts.delete({"cart": guest}, when=[Condition("version", "=", taken.version)])
    except ConditionFailedError:
        return


def try_to_merge(guest: str, user: str, *, carts: Table, clock: Clock) -> bool:
    """Whether the guest's cart is in the user's now; if not, the log says why."""
    try:
        merge(guest, user, carts=carts, clock=clock)
    except (ConflictError, PortError) as error:
        log.failed("merging of carts", error)
        return False
    return True


def _changed(cart: str, change: Callable[[Cart], Cart], *, carts: Table, clock: Clock) -> Cart:
    """Read, change, write; again where another was faster. Raises ConflictError and PortError."""
    for _ in range(_TRIES - 1):
        old = read_cart(cart, carts=carts)
        new = change(old)
        if new == old:
            return old
        try:
            return write_cart(new, carts=carts, clock=clock)
        except ConflictError:
            continue
    return write_cart(change(read_cart(cart, carts=carts)), carts=carts, clock=clock)


def _sold(wanted: list[str], products: Table) -> None:
    found = offers(wanted, products=products)
    missing = [each for each in wanted if each not in found]
    if missing:
        raise NotFoundError(f"not sold: {', '.join(dict.fromkeys(missing))}")
