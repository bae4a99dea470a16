"""The rows of the table `orders`, as the services on them read and write them.

order       the key, made of the principal and his idempotency key
principal, placed  whose it is, and a ULID; without `placed` (and `day`) the row is in no index:
            it was put only so that nobody places the order any more
day         a shard of the day (UTC) on which it was placed, by the key
body        SHA-256 of what was asked for
state, outcome  see `app.domain.order`
lines       a JSON list of [product, name, price, quantity]
hold0…, release0…  a register for each line, and after them one for the promotion
refund0…7   a register for each refund: "", or JSON
told, outbox, outbox_at, tries  see `row_outbox`

and the columns that are named as the fields of `Order`. An order is never deleted.
"""

import json
from typing import Any

from app.domain.days import day_of
from app.domain.ids import new_id
from app.domain.order import REFUNDS, Order
from app.domain.pricing import Bill, Priced
from app.domain.shards import shard
from app.ports.tables import Key, Row, Scalar
from app.services.row_outbox import Thing, waiting

BY_CUSTOMER = "by_customer"
BY_DAY = "by_day"
_PLAIN = (
    "order", "principal", "body", "state", "outcome", "currency", "subtotal", "discount", "total",
    "promotion", "email", "address", "cart", "cart_version", "created_at", "expires_at", "payment",
    "client", "captured", "refundable", "cancelled_by", "fulfilled_at", "fulfilled_by",
)  # fmt: skip


def key_of(order: str) -> Key:
    """The key of an order's row."""
    return {"order": order}


def read_order(row: Row) -> Order:
    """What this row says."""
    plain: dict[str, Any] = {name: row[name] for name in _PLAIN}
    lines = tuple(Priced(*each) for each in json.loads(str(row["lines"])))
    registers = range(len(lines) + bool(row["promotion"]))
    return Order(
        **plain,
        placed=str(row.get("placed", "")),
        lines=lines,
        holds=tuple(str(row[f"hold{number}"]) for number in registers),
        releases=tuple(str(row[f"release{number}"]) for number in registers),
        refunds=tuple(str(row[f"refund{number}"]) for number in range(REFUNDS)),
    )


def new_order(  # noqa: PLR0913 - what a customer asked for
    order: str,
    principal: str,
    body: str,
    bill: Bill,
    *,
    email: str,
    address: str,
    cart: tuple[str, int],
    moments: tuple[int, int],
) -> Order:
    """An order that is not there yet. `moments`: when it is made, and from when it is too late."""
    registers = ("",) * (len(bill.lines) + bool(bill.promotion))
    return Order(
        order=order,
        principal=principal,
        placed=new_id(moments[0]),
        body=body,
        state="reserving",
        outcome="",
        lines=bill.lines,
        currency=bill.currency,
        subtotal=bill.subtotal,
        discount=bill.discount,
        total=bill.total,
        promotion=bill.promotion,
        email=email,
        address=address,
        cart=cart[0],
        cart_version=cart[1],
        created_at=moments[0],
        expires_at=moments[1],
        holds=registers,
        releases=registers,
    )


def tombstone(order: str, principal: str, body: str, now_ms: int) -> Order:
    """An order that was never placed, and never will be."""
    return Order(
        order=order,
        principal=principal,
        placed="",
        body=body,
        state="cancelled",
        outcome="abandoned",
        lines=(),
        currency="",
        subtotal=0,
        discount=0,
        total=0,
        promotion="",
        email="",
        address="{}",
        cart="",
        cart_version=0,
        created_at=now_ms,
        expires_at=now_ms,
    )


def row_of(order: Order) -> Row:
    """The whole row of an order that is not there yet."""
    row: dict[str, Scalar] = {name: getattr(order, name) for name in _PLAIN}
    lines = [[each.product, each.name, each.price, each.quantity] for each in order.lines]
    row["lines"] = json.dumps(lines, ensure_ascii=False, separators=(",", ":"))
    if order.placed:
        row["placed"] = order.placed
        row["day"] = shard(day_of(order.created_at), order.order)
    for number, (hold, release) in enumerate(zip(order.holds, order.releases, strict=True)):
        row[f"hold{number}"], row[f"release{number}"] = hold, release
    for number, refund in enumerate(order.refunds):
        row[f"refund{number}"] = refund
    return row | waiting(order.order, (), order.created_at)


def told_of(order: str, what: str) -> Thing:
    """What is told of an order's move; the receiver looks up the rest."""
    return {"id": f"{order}.{what}", "kind": "order", "what": what, "order": order}
