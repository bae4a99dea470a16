"""What is done to a cart: each change is of the cart as it was read, or fails."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from app.domain.cart import Line, added, merged, with_quantity
from app.domain.errors import ConflictError, NotFoundError
from app.domain.pricing import OF_ONE_CURRENCY
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
    currency = _sold([each.product for each in wanted], products)

    def more_of(old: Cart) -> Cart:
        _check_currency(currency, old, products)
        return replace(old, lines=added(old.lines, wanted))

    return _changed(cart, more_of, carts=carts, clock=clock)


def set_line(line: Line, cart: str, *, carts: Table, products: Table, clock: Clock) -> Cart:
    """So many pieces of a product, and no others; 0 takes it out. Raises as `add_lines` does."""
    currency = _sold([line.product], products) if line.quantity else ""

    def so_many(old: Cart) -> Cart:
        if line.quantity:
            _check_currency(currency, old, products)
        return replace(old, lines=with_quantity(old.lines, line.product, line.quantity))

    return _changed(cart, so_many, carts=carts, clock=clock)


def empty(cart: str, *, carts: Table, clock: Clock) -> Cart:
    """Take everything out. Raises ConflictError and PortError."""
    return _changed(cart, lambda old: replace(old, lines=()), carts=carts, clock=clock)


def merge(guest: str, user: str, *, carts: Table, clock: Clock) -> None:
    """Take a guest's cart into a user's, once, however often it is tried. Raises PortError.

    A guest who begins another cart by the same token has that merged as well.

    Raises ConflictError when one of the two is being changed all the while.
    """
    taken = read_cart(guest, carts=carts)
    if not taken.lines:
        return

    def both(old: Cart) -> Cart:
        if taken.name in old.merged:
            return old
        return replace(
            old,
            lines=merged(old.lines, taken.lines),
            merged=(*old.merged, taken.name)[-MOST_MERGED:],
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


def _sold(wanted: list[str], products: Table) -> str:
    """The currency of these products. Raises NotFoundError, ConflictError where it is not one."""
    found = offers(wanted, products=products)
    missing = [each for each in wanted if each not in found]
    if missing:
        raise NotFoundError(f"not sold: {', '.join(dict.fromkeys(missing))}")
    currencies = {each.currency for each in found.values()}
    if len(currencies) > 1:
        raise ConflictError(OF_ONE_CURRENCY)
    return currencies.pop()


def _check_currency(currency: str, cart: Cart, products: Table) -> None:
    """Raises ConflictError where the cart is of another: its first product that is sold tells."""
    for line in cart.lines:
        for offer in offers([line.product], products=products).values():
            if offer.currency != currency:
                raise ConflictError(OF_ONE_CURRENCY)
            return
