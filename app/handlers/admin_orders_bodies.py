"""What the operations of admins on orders take and give, as the API's document shows it."""

import json
from typing import Annotated, Any, Literal

from msgspec import Meta, field

from app.domain.order import PATTERN as ORDER
from app.domain.order import Order, State
from app.domain.refund import REASON_MOST, refunds
from app.handlers.carts_bodies import Amount, Currency, PricedLine, Product, priced_lines
from app.handlers.pages import Cursor
from app.operation import Hidden

OrderId = Annotated[str, Meta(pattern=ORDER, examples=["mzxw6ytboi5gk43uebuxg5dpnf"])]
Email = Annotated[str, Meta(description="Where letters go.", examples=["tea@house.example"])]
Reason = Annotated[
    str, Meta(min_length=1, max_length=REASON_MOST, description="Why.", examples=["broken"])
]
Moment = Annotated[
    int, Meta(ge=0, description="UTC epoch milliseconds; 0: not yet.", examples=[1764000000000])
]
Who = Annotated[
    str, Meta(description="A user's id, a word, or empty.", examples=["01KAMPVE00ZK8J4F7C2R5Q9XTB"])
]
Pieces = Annotated[int, Meta(ge=1, le=99, description="How many.", examples=[1])]


class Returned(Hidden):
    """Pieces of a product that go back on the shelf."""

    product: Product
    quantity: Pieces


class NewRefund(Hidden):
    """What goes back to a customer."""

    reason: Reason
    amount: Annotated[
        Annotated[int, Meta(ge=0)] | None,
        Meta(
            description="Without it, all that is left; 0 where nothing was paid.", examples=[1_990]
        ),
    ] = None
    restock: Annotated[
        list[Returned] | Literal["all"],
        Meta(description="The pieces that go back on the shelf; all of them, or none."),
    ] = field(default_factory=list)


class RefundSeen(Hidden):
    """A refund, and how far it is."""

    number: Annotated[int, Meta(ge=0, le=7, description="Within its order.", examples=[0])]
    state: Literal["pending", "done", "failed"]
    amount: Amount
    reason: str
    restock: list[Returned]
    restocked: bool
    by: Who
    at: Moment


class AdminOrder(Hidden):
    """An order, whoever placed it."""

    order: OrderId
    state: State
    principal: Annotated[str, Meta(examples=["user:01KAMPVE00ZK8J4F7C2R5Q9XTB"])]
    email: Email
    address: dict[str, Any]
    lines: list[PricedLine]
    currency: Currency
    subtotal: Amount
    discount: Amount
    total: Amount
    promotion: str
    payment: str
    captured: Amount
    refundable: Amount
    refunds: list[RefundSeen]
    created_at: Moment
    expires_at: Moment
    fulfilled_at: Moment
    fulfilled_by: Who
    cancelled_by: Who


class AdminOrders(Hidden):
    """A page of a day's orders, the newest first."""

    orders: list[AdminOrder]
    cursor: Cursor


def seen(found: Order) -> AdminOrder:
    """The order as admins see it."""
    return AdminOrder(
        order=found.order,
        state=found.state,
        principal=found.principal,
        email=found.email,
        address=json.loads(found.address),
        lines=priced_lines(found.lines),
        currency=found.currency,
        subtotal=found.subtotal,
        discount=found.discount,
        total=found.total,
        promotion=found.promotion,
        payment=found.payment,
        captured=found.captured,
        refundable=found.refundable,
        refunds=refunds_seen(found),
        created_at=found.created_at,
        expires_at=found.expires_at,
        fulfilled_at=found.fulfilled_at,
        fulfilled_by=found.fulfilled_by,
        cancelled_by=found.cancelled_by,
    )


def refunds_seen(found: Order) -> list[RefundSeen]:
    """The order's refunds; those that nobody asked for in time are none."""
    return [
        RefundSeen(
            number=number,
            state=each.state,
            amount=each.amount,
            reason=each.reason,
            restock=[Returned(product=product, quantity=many) for product, many in each.restock],
            restocked=each.restocked,
            by=each.by,
            at=each.at,
        )
        for number, each in refunds(found).items()
        if each.amount
    ]
