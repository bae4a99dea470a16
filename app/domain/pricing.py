"""What a cart costs, by the shop's own prices: nothing that a client says of money counts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.domain.cart import Line
from app.domain.errors import ConflictError
from app.domain.promotion import Terms, discount

OF_ONE_CURRENCY = "one cart is of one currency"


@dataclass(frozen=True, slots=True)
class Offer:
    """A product as it is sold now; `price` in its currency's smallest unit."""

    product: str
    name: str
    price: int
    currency: str


@dataclass(frozen=True, slots=True)
class Priced:
    """One line with its price, as it was when it was priced."""

    product: str
    name: str
    price: int
    quantity: int

    @property
    def total(self) -> int:
        """What all pieces of it cost."""
        return self.price * self.quantity


@dataclass(frozen=True, slots=True)
class Bill:
    """What is to be paid: `subtotal` less `discount` is `total`. `promotion` is its code or ""."""

    lines: tuple[Priced, ...]
    currency: str
    subtotal: int
    discount: int
    promotion: str

    @property
    def total(self) -> int:
        """What is to be paid."""
        return self.subtotal - self.discount


def bill(
    lines: Iterable[Line], offers: Mapping[str, Offer], terms: Terms | None, now_ms: int
) -> Bill:
    """What these lines cost; `offers` has the products that are sold, by id.

    Raises ConflictError where one of them is sold no more, where they are of two currencies, or
    where the promotion does not hold for them.
    """
    wanted = list(lines)
    gone = [each.product for each in wanted if each.product not in offers]
    if gone:
        raise ConflictError(f"no longer sold: {', '.join(gone)}")
    found = [offers[each.product] for each in wanted]
    currencies = {each.currency for each in found}
    if len(currencies) > 1:
        raise ConflictError(OF_ONE_CURRENCY)
    priced = tuple(
        Priced(offer.product, offer.name, offer.price, line.quantity)
        for offer, line in zip(found, wanted, strict=True)
    )
    currency = next(iter(currencies), "")
    subtotal = sum(each.total for each in priced)
    off = 0 if terms is None else discount(terms, subtotal, currency, now_ms)
    return Bill(priced, currency, subtotal, off, "" if terms is None else terms.code)
