"""What the operations on carts take and give, as the API's document shows it."""

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta

from app.domain.cart import MOST_LINES, MOST_PIECES
from app.domain.ids import PATTERN
from app.domain.money import CURRENCY
from app.domain.pricing import Priced
from app.operation import Hidden

_AN_ID = "01KAMPVE00ZK8J4F7C2R5Q9XTB"

Product = Annotated[str, Meta(pattern=PATTERN, description="A product's id.", examples=[_AN_ID])]
Pieces = Annotated[int, Meta(ge=1, le=MOST_PIECES, description="How many.", examples=[2])]
Amount = Annotated[
    int, Meta(ge=0, description="In the currency's smallest unit.", examples=[1_990])
]
Currency = Annotated[str, Meta(pattern=CURRENCY, description="ISO 4217.", examples=["EUR"])]
AnyCurrency = Annotated[
    str, Meta(description="ISO 4217; empty for an empty cart.", examples=["EUR"])
]
Code = Annotated[str, Meta(max_length=64, description="In any case.", examples=["SPRING-10"])]
Moment = Annotated[int, Meta(description="UTC epoch milliseconds.", examples=[1764000000000])]


class NewLine(Hidden):
    """What is to be put into a cart."""

    product: Product
    quantity: Pieces


class NewLines(Hidden):
    """What is to be put into a cart; a product that stands twice counts together."""

    lines: Annotated[list[NewLine], Meta(min_length=1, max_length=MOST_LINES)]


class Quantity(Hidden):
    """How many pieces there are to be."""

    quantity: Pieces


class PricedLine(Hidden):
    """One line, at the product's price of this moment."""

    product: Product
    name: Annotated[str, Meta(description="The product's.", examples=["Green tea"])]
    price: Amount
    quantity: Pieces
    total: Amount


class CartSeen(Hidden):
    """A cart at the prices of this moment."""

    lines: list[PricedLine]
    gone: Annotated[
        list[Product],
        Meta(
            description="What stands in the cart and is no longer sold, or is of another currency "
            "than the rest: it is to be taken out before the cart is ordered."
        ),
    ]
    currency: AnyCurrency
    subtotal: Amount
    discount: Amount
    total: Annotated[
        int,
        Meta(ge=0, description="What POST /orders expects to be told.", examples=[3_980]),
    ]
    promotion: Annotated[str, Meta(description="The code that is counted in, or empty.")]
    promotion_refused: Annotated[
        str, Meta(description="Why the code that was asked for gives nothing, or empty.")
    ]


class GuestCart(Hidden):
    """A cart without a user; the token goes into the header x-cart-token."""

    cart_token: Annotated[str, Meta(description="Whoever has it has the cart.")]
    expires_at: Moment


def priced_lines(lines: Iterable[Priced]) -> list[PricedLine]:
    """The lines as they are shown."""
    return [
        PricedLine(
            product=each.product,
            name=each.name,
            price=each.price,
            quantity=each.quantity,
            total=each.total,
        )
        for each in lines
    ]
