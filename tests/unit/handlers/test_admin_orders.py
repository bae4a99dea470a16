"""What admins do with orders and stock, over HTTP, and that the audit trail has all of it."""

import json
from typing import Any

import pytest

from app.domain.shards import shard
from app.handlers import settle
from app.ports.errors import UnavailableError
from tests.support.breaks import BREAKS, broken, interleaved
from tests.support.faults import Faults
from tests.support.memory_shop import CLOUDS, NOW_MS, Answer
from tests.support.refunding import ORDER, PAID, POT, TEA, Refunding

DAY = "2025-11-24"
KEY = {"idempotency-key": "k-1"}
ANY = [
    "GET /admin/orders",
    f"GET /admin/orders/{ORDER}",
    f"POST /admin/orders/{ORDER}/fulfil",
    f"POST /admin/orders/{ORDER}/cancel",
    f"POST /admin/orders/{ORDER}/refunds",
    f"GET /admin/products/{TEA}/stock",
    f"POST /admin/products/{TEA}/stock",
    "GET /admin/audit",
]


class Shop(Refunding):
    """A shop with one paid order, and its keeper."""

    def __init__(self) -> None:
        super().__init__()
        self.keeper = self.admin()
        row = dict(self.table("orders").get({"order": ORDER}) or {})
        self.table("orders").put({**row, "day": shard(DAY, ORDER)})

    def ask(self, key: str, body: object = None, **more: Any) -> Answer:
        return self.call(key, body, token=self.keeper, **more)

    def trail(self) -> list[str]:
        """What the audit trail says of the order, the oldest first."""
        self.tell_all()
        found = self.ask(f"GET /admin/audit?subject=order:{ORDER}").json["entries"]
        return [each["what"] for each in reversed(found)]


@pytest.mark.parametrize("key", ANY)
def test_this_is_for_admins(key: str) -> None:
    shop = Shop()
    assert shop.call(key).status == 401
    assert shop.call(key, token=shop.token()).status == 403
    assert shop.call(key, {"wrong": 1}, token=shop.token()).status == 403


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_days_orders_are_listed_and_looked_at(cloud: str) -> None:
    shop = Shop()
    listed = shop.ask(f"GET /admin/orders?day={DAY}", cloud=cloud).json
    (order,) = listed["orders"]

    assert listed["cursor"] == ""
    assert order == shop.ask(f"GET /admin/orders/{ORDER}", cloud=cloud).json
    assert (order["state"], order["total"], order["email"]) == ("paid", PAID, "tea@example.com")
    assert [each["total"] for each in order["lines"]] == [1000, 1000]
    assert shop.ask("GET /admin/orders").json["orders"] == [order], "it is that day still"
    assert shop.ask(f"GET /admin/orders?day={DAY}&state=paid").json["orders"] == [order]
    assert shop.ask(f"GET /admin/orders?day={DAY}&state=refunded").json["orders"] == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("day=today", "day"),
        ("day=2025-02-30", "day"),
        ("day=20251124", "day"),
        ("state=lost", "state"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=1e1", "limit"),
        ("cursor=hunter2", "cursor"),
        (f"cursor={'x' * 2049}", "cursor"),
        ("day=", "day"),
        ("state=", "state"),
        ("limit=", "limit"),
        ("subject=", "subject"),
        (f"subject={'x' * 257}", "subject"),
    ],
)
def test_what_cannot_be_listed_is_refused_and_named(query: str, field: str) -> None:
    shop = Shop()
    only = {"state": ("orders",), "subject": ("audit",)}
    for path in only.get(field, ("orders", "audit")):
        answer = shop.ask(f"GET /admin/{path}?{query}")
        assert (answer.status, answer.json["errors"][0]["field"]) == (422, field)


def test_an_order_that_is_not_there_is_not_found() -> None:
    shop = Shop()
    for order in ("none", "a" * 26):
        for key in ANY[1:5]:
            body = {"reason": "x"} if key.endswith("refunds") else None
            key = key.replace(ORDER, order)  # noqa: PLW2901 - the same of another order
            assert shop.ask(key, body, headers=KEY).status == 404


def test_an_order_is_fulfilled_once_and_the_audit_trail_has_it_once() -> None:
    shop = Shop()
    first = shop.ask(f"POST /admin/orders/{ORDER}/fulfil")
    shop.clock.advance(1000)
    again = shop.ask(f"POST /admin/orders/{ORDER}/fulfil")

    assert (first.status, again.status) == (200, 200)
    assert first.json == again.json
    assert first.json["state"] == "fulfilled"
    assert first.json["fulfilled_at"] == NOW_MS
    assert shop.trail() == ["order fulfilled"]


def test_goods_do_not_go_out_while_money_is_on_its_way_back() -> None:
    shop = Shop()
    shop.cloud.pay.refunds_are = "pending"
    body = {"reason": "chipped", "amount": 500}
    assert shop.ask(f"POST /admin/orders/{ORDER}/refunds", body, headers=KEY).status == 201

    refused = shop.ask(f"POST /admin/orders/{ORDER}/fulfil")
    assert refused.status == 409
    assert "refund of the order is pending" in refused.json["detail"]
    assert shop.ask(f"GET /admin/orders/{ORDER}").json["state"] == "paid"

    shop.cloud.pay.finish_refund(ORDER, "0", "done")
    shop.settle()
    assert shop.ask(f"POST /admin/orders/{ORDER}/fulfil").json["state"] == "fulfilled"


def test_a_refund_that_is_asked_for_at_the_same_time_is_seen() -> None:
    """Of the two, whoever comes second knows of the first."""

    def made() -> Shop:
        shop = Shop()
        shop.cloud.pay.refunds_are = "pending"
        return shop

    def give_back(shop: Shop) -> int:
        body = {"reason": "chipped", "amount": 500}
        return shop.ask(f"POST /admin/orders/{ORDER}/refunds", body, headers=KEY).status

    def fulfil(shop: Shop, faults: Faults) -> int:
        return shop.ask(f"POST /admin/orders/{ORDER}/fulfil", adapters=faults).status

    seen = set()
    for shop, ours, theirs in interleaved(made, fulfil, give_back):
        assert theirs == 201
        (refund,) = shop.ask(f"GET /admin/orders/{ORDER}").json["refunds"]
        assert refund["state"] == "pending"
        seen.add(ours)
    assert seen == {200, 409}


@pytest.mark.parametrize(("error", "after"), BREAKS)
def test_fulfilling_that_breaks_anywhere_is_done_once_when_asked_again(
    error: type[BaseException],
    after: bool,  # noqa: FBT001
) -> None:
    def fulfil(shop: Shop, faults: Faults) -> int:
        return shop.ask(f"POST /admin/orders/{ORDER}/fulfil", adapters=faults).status

    for shop, status in broken(Shop, fulfil, error, after=after):
        assert status in (None, 200, 503)
        assert shop.ask(f"POST /admin/orders/{ORDER}/fulfil").json["state"] == "fulfilled"
        assert shop.trail() == ["order fulfilled"]


def test_a_paid_order_is_refunded_and_not_cancelled() -> None:
    shop = Shop()
    refunds = f"POST /admin/orders/{ORDER}/refunds"
    part = {"reason": "chipped", "amount": 500, "restock": [{"product": TEA, "quantity": 1}]}

    assert shop.ask(f"POST /admin/orders/{ORDER}/cancel").status == 409
    assert shop.ask(refunds, part).status == 422, "without a key"
    first, again = (shop.ask(refunds, part, headers=KEY) for _ in range(2))
    assert (first.status, again.status) == (201, 201)
    assert first.json == again.json
    (refund,) = first.json["refunds"]
    assert (refund["state"], refund["amount"], refund["restocked"]) == ("done", 500, True)
    assert first.json["refundable"] == PAID - 500
    assert shop.ask(refunds, part | {"amount": 501}, headers=KEY).status == 409
    assert (
        shop.ask(refunds, part | {"amount": PAID}, headers={"idempotency-key": "2"}).status == 409
    )
    rest = shop.ask(refunds, {"reason": "all of it"}, headers={"idempotency-key": "3"})
    assert (rest.json["state"], rest.json["refundable"]) == ("refunded", 0)
    assert shop.ask(f"POST /admin/orders/{ORDER}/fulfil").status == 409
    assert shop.trail() == ["refund asked for"] * 2
    assert len(shop.letters("tea@example.com")) == 2


def test_another_admins_key_is_another_key() -> None:
    shop = Shop()
    body = {"reason": "chipped", "amount": 100}
    path = f"POST /admin/orders/{ORDER}/refunds"
    other = shop.admin("other-keeper")

    assert shop.ask(path, body, headers=KEY).json["refundable"] == PAID - 100
    assert shop.call(path, body, token=other, headers=KEY).json["refundable"] == PAID - 200


def test_stock_is_adjusted_once_a_key_for_a_reason_that_the_audit_trail_has() -> None:
    shop = Shop()
    wanted = {"name": "Tea", "price": 1, "currency": "EUR"}
    product = shop.ask("POST /admin/products", wanted).json["product"]
    path = f"/admin/products/{product}/stock"

    def adjust(delta: int, key: str) -> Answer:
        body = {"delta": delta, "reason": "a delivery"}
        shop.clock.advance(1)
        return shop.ask(f"POST {path}", body, headers={"idempotency-key": key})

    assert shop.ask(f"GET {path}").json == {"product": product, "available": 0}
    assert adjust(5, "1").json["available"] == 5
    assert adjust(5, "1").json["available"] == 5
    assert adjust(6, "1").status == 409
    assert adjust(-6, "2").status == 409
    assert adjust(-2, "3").json["available"] == 3
    assert adjust(0, "4").status == 422
    assert shop.ask(f"GET {path}").json["available"] == 3
    shop.tell_all()
    entries = shop.ask(f"GET /admin/audit?subject=product:{product}").json["entries"]
    assert [each["more"].get("delta") for each in entries if each["what"] == "stock adjusted"] == [
        -2,
        5,
    ]
    assert {each["more"].get("reason") for each in entries} >= {"a delivery"}


def test_a_reason_that_is_no_text_is_refused_and_named() -> None:
    shop = Shop()
    wanted = {"name": "Tea", "price": 1, "currency": "EUR"}
    product = shop.ask("POST /admin/products", wanted).json["product"]
    paths = f"POST /admin/orders/{ORDER}/refunds", f"POST /admin/products/{product}/stock"
    for path, more in zip(paths, ({"amount": 5}, {"delta": 5}), strict=True):
        answer = shop.ask(path, {**more, "reason": "a \x1b[2J b"}, headers=KEY)
        assert (answer.status, answer.json["errors"][0]["field"]) == (422, "$.reason")
    assert shop.trail() == []


def test_stock_of_no_product_is_not_found_and_none_is_made() -> None:
    shop = Shop()
    rows = len(shop.table("stock")._rows)
    body = {"delta": 5, "reason": "x"}
    for product in (POT, "none"):
        path = f"/admin/products/{product}/stock"
        assert shop.ask(f"GET {path}").status == 404
        assert shop.ask(f"POST {path}", body, headers=KEY).status == 404
    assert len(shop.table("stock")._rows) == rows


def test_the_audit_trail_has_pages_without_gaps_while_entries_come() -> None:
    """Of a day, which is spread over shards, and of one thing; the newest first."""
    shop = Shop()
    path = f"/admin/orders/{ORDER}/refunds"
    for number in range(7):
        shop.clock.advance(1)
        body = {"reason": f"reason {number}", "amount": 10}
        shop.ask(f"POST {path}", body, headers={"idempotency-key": str(number)})
    shop.tell_all()
    for query in (f"day={DAY}", f"subject=order:{ORDER}"):
        seen: list[str] = []
        cursor = ""
        while True:
            page = shop.ask(f"GET /admin/audit?{query}&limit=3&cursor={cursor}").json
            seen += [each["more"]["reason"] for each in page["entries"]]
            cursor = page["cursor"]
            if not cursor:
                break
            assert len(page["entries"]) == 3
        assert seen == [f"reason {number}" for number in reversed(range(7))]
    assert shop.ask("GET /admin/audit").json["entries"]
    assert shop.ask("GET /admin/audit?day=2025-11-25").json["entries"] == []
    assert shop.ask(f"GET /admin/audit?day={DAY}&subject=x").status == 422


def test_an_entry_is_in_the_trail_once_its_message_was_consumed() -> None:
    shop = Shop()
    shop.ask(f"POST /admin/orders/{ORDER}/fulfil")
    assert shop.ask(f"GET /admin/audit?subject=order:{ORDER}").json["entries"] == []
    assert shop.trail() == ["order fulfilled"]


def test_what_waits_in_the_order_is_told_by_the_settle_schedule() -> None:
    """The admin's own message is lost with his process."""
    shop = Shop()

    class Silent(Faults):
        def call(self, name: str, run: Any) -> Any:
            if name == "events.send":
                raise UnavailableError("the queue is away")
            return super().call(name, run)

    silent = Silent(shop.cloud, 0, UnavailableError, after=False)
    assert shop.ask(f"POST /admin/orders/{ORDER}/fulfil", adapters=silent).status == 200
    assert shop.trail() == []
    waits = json.loads(str((shop.table("orders").get({"order": ORDER}) or {})["told"]))
    assert [each["what"] for each in waits] == ["order fulfilled"]

    shop.clock.advance(120_000)
    assert settle.run(shop.services("settle"))["outbox of orders"] == 1

    assert shop.trail() == ["order fulfilled"]
