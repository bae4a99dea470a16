"""What the operations on orders take and give, as the API's document shows it."""

import json
from typing import Annotated, Literal

from msgspec import Meta

from app.domain.order import PATTERN, Because, Order, Shown
from app.domain.users import EMAIL_MOST
from app.handlers.carts_bodies import Amount, Code, Currency, Moment, PricedLine, priced_lines
from app.handlers.pages import Cursor
from app.operation import Hidden

OrderId = Annotated[
    str, Meta(pattern=PATTERN, description="An order.", examples=["mzxw6ytboi5gk43uebuxg5dpnf"])
]
_LINE_MOST = 200


class Address(Hidden):
    """Where the goods go."""

    name: Annotated[str, Meta(min_length=1, max_length=_LINE_MOST, examples=["The Tea House"])]
    street: Annotated[str, Meta(min_length=1, max_length=_LINE_MOST, examples=["Leaf Lane 7"])]
    city: Annotated[str, Meta(min_length=1, max_length=_LINE_MOST, examples=["Bremen"])]
    country: Annotated[
        str, Meta(pattern="^[A-Z]{2}$", description="ISO 3166, two letters.", examples=["DE"])
    ]
    postcode: Annotated[str, Meta(max_length=20, examples=["28195"])] = ""
    region: Annotated[str, Meta(max_length=_LINE_MOST)] = ""


class NewOrder(Hidden):
    """What a cart is ordered for; what is in it, the shop knows."""

    expected_total: Annotated[
        int,
        Meta(ge=0, description="The cart's total, as it was seen.", examples=[3_980]),
    ]
    address: Address
    currency: Annotated[
        str,
        Meta(
            pattern="^([A-Z]{3})?$", description="ISO 4217; empty: any will do.", examples=["EUR"]
        ),
    ] = ""
    email: Annotated[
        str,
        Meta(
            max_length=EMAIL_MOST,
            description="Where letters go; empty: to the user's own address. Guests must say it.",
            examples=["tea@house.example"],
        ),
    ] = ""
    promotion: Code = ""


class Payment(Hidden):
    """How to pay: `client` is for the provider's own page or library."""

    reference: str
    client: Annotated[dict[str, str], Meta(examples=[{"url": "https://pay.example/…"}])]


class Placed(Hidden):
    """An order as it was placed: the same answer to the same request, whatever came after."""

    order: OrderId
    state: Literal["pending"]
    lines: list[PricedLine]
    currency: Currency
    subtotal: Amount
    discount: Amount
    total: Amount
    promotion: str
    payment: Annotated[
        Payment | None, Meta(description="How to pay; null where there is nothing to pay.")
    ]
    expires_at: Annotated[Moment, Meta(description="From then on it is cancelled if not paid.")]


class OrderSeen(Hidden):
    """An order as it is now."""

    order: OrderId
    state: Shown
    cancelled_because: Annotated[
        Because,
        Meta(
            description="Why it is cancelled, or is to be; empty: it is neither.",
            examples=["sold_out"],
        ),
    ]
    lines: list[PricedLine]
    currency: Currency
    subtotal: Amount
    discount: Amount
    total: Amount
    refunded: Annotated[int, Meta(ge=0, description="What goes back of it, or went.")]
    promotion: str
    email: str
    address: Address
    payment: Annotated[Payment | None, Meta(description="How to pay, while that can be done.")]
    created_at: Moment
    expires_at: Moment


class OrdersSeen(Hidden):
    """A page of orders, the newest first."""

    orders: list[OrderSeen]
    cursor: Cursor


def placed(found: Order) -> Placed:
    """The answer to an order's placing, made of what never changes."""
    return Placed(
        order=found.order,
        state="pending",
        lines=priced_lines(found.lines),
        currency=found.currency,
        subtotal=found.subtotal,
        discount=found.discount,
        total=found.total,
        promotion=found.promotion,
        payment=_payment(found),
        expires_at=found.expires_at,
    )


def seen(found: Order) -> OrderSeen:
    """The order as its customer sees it."""
    return OrderSeen(
        order=found.order,
        state=found.shown,
        cancelled_because=found.cancelled_because,
        lines=priced_lines(found.lines),
        currency=found.currency,
        subtotal=found.subtotal,
        discount=found.discount,
        total=found.total,
        refunded=found.captured - found.refundable,
        promotion=found.promotion,
        email=found.email,
        address=Address(**json.loads(found.address)),
        payment=_payment(found) if found.shown == "pending" else None,
        created_at=found.created_at,
        expires_at=found.expires_at,
    )


def _payment(found: Order) -> Payment | None:
    if not found.payment:
        return None
    return Payment(reference=found.payment, client=json.loads(found.client))
