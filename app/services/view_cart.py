"""A cart as it is seen: priced by the shop, now, with what of it can no longer be had."""

from dataclasses import dataclass

from app.domain.errors import ConflictError
from app.domain.pricing import Bill, bill
from app.domain.promotion import Terms, folded
from app.ports.clock import Clock
from app.ports.tables import Table
from app.services.cart_rows import Cart
from app.services.offers import offers
from app.services.promotion_rows import promotion


@dataclass(frozen=True, slots=True)
class Seen:
    """What those lines cost that are sold, and the ids of those that cannot be had with them.

    `promotion_refused` says why the promotion gives nothing: "" where it does, or none was asked.
    """

    bill: Bill
    gone: tuple[str, ...]
    promotion_refused: str = ""


def view_cart(cart: Cart, code: str, *, products: Table, promotions: Table, clock: Clock) -> Seen:
    """What the cart costs at this moment, with the promotion of this code ("": without any).

    It is of the currency of its first product that is sold; those of another are left out, as those
    that are sold no more. Raises InvalidError for what is no code, and PortError.
    """
    wanted = folded(code, "promotion") if code else ""
    found = offers((each.product for each in cart.lines), products=products)
    currency = next(
        (found[each.product].currency for each in cart.lines if each.product in found), ""
    )
    sold = [
        each
        for each in cart.lines
        if each.product in found and found[each.product].currency == currency
    ]
    gone = tuple(each.product for each in cart.lines if each not in sold)
    now_ms = clock.now_ms()
    plain = bill(sold, found, None, now_ms)
    if not wanted:
        return Seen(plain, gone)
    terms = terms_of(wanted, promotions=promotions)
    if terms is None:
        return Seen(plain, gone, "there is no such promotion")
    try:
        return Seen(bill(sold, found, terms, now_ms), gone)
    except ConflictError as error:
        return Seen(plain, gone, str(error))


def terms_of(code: str, *, promotions: Table) -> Terms | None:
    """The terms of a code. Raises PortError."""
    row = promotions.get({"code": code})
    return None if row is None else promotion(row).terms
