"""A shop with one order that is paid: two pieces of tea and one pot, for 2,000 in all."""

import json
from typing import Any

from app.domain.order import Order
from app.domain.pricing import Priced
from app.domain.refund import Lines, Refund, Wish, refunds
from app.handlers.sagas import saga
from app.handlers.settle import parts
from app.ports.adapters import Adapters
from app.ports.payments import Wanted
from app.ports.tables import Row
from app.services.order_rows import key_of, read_order, row_of
from app.services.refund import refund
from app.services.stock_rows import make
from tests.support.memory_shop import NOW_MS, MemoryShop

ORDER = "k5f2q7c3r6d4x5g6h7j2m3n4p5"
TEA, POT = "01KAMPVE00ZK8J4F7C2R5Q9XTA", "01KAMPVE00ZK8J4F7C2R5Q9XTB"
PAID = 2000
BY = "01KAMPVE00ZK8J4F7C2R5Q9XTC"


def wish(
    amount: int | None = None,
    key: str = "refund-1",
    restock: Any = (),
    reason: str = "a chipped pot",
) -> Wish:
    return Wish(key=key, amount=amount, reason=reason, restock=restock, by=BY)


class Refunding(MemoryShop):
    """The shop."""

    def __init__(self) -> None:
        super().__init__()
        work = saga(self.services("admin"))
        for product in (TEA, POT):
            make(product, stock=work.stock)
        wanted = Wanted(ORDER, PAID, "EUR")
        self.cloud.pay.start(wanted)
        self.cloud.pay.confirm(ORDER)
        paid = self.cloud.pay.capture(self.cloud.pay.start(wanted))
        lines = (Priced(TEA, "Tea", 500, 2), Priced(POT, "Pot", 1000, 1))
        order = Order(
            order=ORDER,
            principal="user:1",
            placed="01KAMPVE00ZK8J4F7C2R5Q9XTD",
            body="",
            state="paid",
            outcome="placed",
            lines=lines,
            currency="EUR",
            subtotal=PAID,
            discount=0,
            total=PAID,
            promotion="",
            email="tea@example.com",
            address="{}",
            cart="user:1",
            cart_version=1,
            created_at=NOW_MS,
            expires_at=NOW_MS + 1,
            payment=paid.reference,
            captured=PAID,
            refundable=PAID,
            holds=("0:1", "0:1"),
            releases=("", ""),
        )
        work.orders.put(row_of(order))

    def refund(self, asked: Wish, adapters: Adapters | None = None) -> tuple[int, Refund]:
        return refund(ORDER, asked, saga(self.services("admin", adapters)))

    def settle(self, adapters: Adapters | None = None) -> int:
        """What the sweep does about orders, two minutes later."""
        self.clock.advance(121_000)
        services = self.services("settle", adapters)
        return parts(services, saga(services))["orders"]()

    @property
    def order(self) -> Order:
        return read_order(self.row)

    @property
    def row(self) -> Row:
        row = self.table("orders").get(key_of(ORDER))
        assert row is not None
        return row

    @property
    def due(self) -> list[Row]:
        return list(self.table("due")._rows.values())

    @property
    def told(self) -> list[str]:
        """Ids of events of refunds, as often as they were sent or wait in the row."""
        bodies = [json.loads(each.body) for each in self.cloud.queues["events"].messages]
        return [each["id"] for each in bodies if each["kind"] == "order"]

    def on_shelf(self) -> dict[str, int]:
        """Pieces that can be sold, of what there is."""
        rows = self.table("stock")._rows.values()
        return {str(row["product"]): int(row["available"]) for row in rows if row["available"]}

    def check(self) -> None:
        """What holds at every moment, for whoever reads."""
        order, given = self.order, self.cloud.pay.refunded(ORDER)
        entered = [each for each in refunds(order).values() if each.state != "failed"]
        assert order.refundable == PAID - sum(each.amount for each in entered) >= 0
        assert given <= sum(each.amount for each in entered) <= PAID
        sold: Lines = tuple((line.product, line.quantity) for line in order.lines)
        shelf = self.on_shelf()
        assert all(shelf.get(product, 0) <= pieces for product, pieces in sold)
