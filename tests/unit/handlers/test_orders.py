"""Orders over HTTP, on stores in memory: what is placed, paid, cancelled, and refused."""

from collections.abc import Mapping
from typing import Any

import pytest

from app.bootstrap import ConfigurationError
from app.domain.shards import shard
from app.handlers import settle
from app.services.stock_rows import new_row
from tests.support.breaks import interleaved
from tests.support.memory_shop import CLOUDS, PASSWORD, Answer, MemoryShop

TEA, CUP = "01KAMPVE00ZK8J4F7C2R5Q9XTA", "01KAMPVE00ZK8J4F7C2R5Q9XTB"
ADDRESS = {"name": "The Tea House", "street": "Leaf Lane 7", "city": "Bremen", "country": "DE"}
BODY = {"expected_total": 1_700, "address": ADDRESS, "email": "tea@house.example"}
LINES = [{"product": TEA, "quantity": 2}, {"product": CUP, "quantity": 1}]


class Ordering(MemoryShop):
    """A shop with five of each of two products, and somebody with a cart of three pieces."""

    def __init__(self, **environment: Any) -> None:
        super().__init__(**environment)
        for product, price in ((TEA, 500), (CUP, 700)):
            self.table("stock").put(new_row(product, 5))
            self.sell(product, price)
        self.me = self.token()
        self.fill(self.me)

    def sell(self, product: str, price: int) -> None:
        self.table("products").put(
            {
                "product": product,
                "name": "Green tea",
                "description": "",
                "price": price,
                "currency": "EUR",
                "category": "",
                "active": True,
                "deleted": False,
                "image": "",
                "version": 1,
                "created_at": 0,
                "updated_at": 0,
                "shelf": shard("shelf", product),
                "told": "[]",
                "tries": 0,
            }
        )

    def fill(self, token: str | None, headers: Mapping[str, str] | None = None) -> None:
        answer = self.call("POST /cart/lines", {"lines": LINES}, token=token, headers=headers)
        assert answer.status == 200

    def place(
        self, key: str = "key-1", token: str | None = None, more: Any = None, **how: Any
    ) -> Answer:
        headers = {"idempotency-key": key, **how.pop("headers", {})}
        body = BODY | (more or {})
        return self.call("POST /orders", body, token=token or self.me, headers=headers, **how)

    def opened(self, key: str) -> Any:
        """An unpaid order; the cart is filled again after it."""
        answer = self.place(key)
        assert answer.status == 201
        self.fill(self.me)
        return answer.json

    def settle(self) -> dict[str, int]:
        return settle.run(self.services("settle"))


@pytest.mark.parametrize("cloud", CLOUDS)
def test_an_order_is_placed_paid_and_seen(cloud: str) -> None:
    shop = Ordering()
    placed = shop.place(cloud=cloud)
    assert placed.status == 201
    assert placed.json["state"] == "pending"
    assert (placed.json["total"], placed.json["currency"]) == (1_700, "EUR")
    order = placed.json["order"]
    assert placed.json["payment"]["client"]["url"]

    shop.cloud.pay.confirm(order)
    paid = shop.call(f"POST /orders/{order}/confirm", token=shop.me, cloud=cloud)
    assert (paid.status, paid.json["state"], paid.json["payment"]) == (200, "paid", None)
    assert shop.call(f"GET /orders/{order}", token=shop.me).json == paid.json
    listed = shop.call("GET /orders", token=shop.me)
    assert listed.json == {"orders": [paid.json], "cursor": ""}
    assert shop.table("stock").get({"product": TEA})["available"] == 3  # type: ignore[index]
    assert shop.call("GET /cart", token=shop.me).json["lines"] == []


def test_the_same_key_gets_the_same_answer_whatever_came_after() -> None:
    shop = Ordering()
    first = shop.place()
    shop.cloud.pay.confirm(first.json["order"])
    shop.call(f"POST /orders/{first.json['order']}/confirm", token=shop.me)
    shop.fill(shop.me)
    shop.sell(TEA, 9_000)

    again = shop.place()

    assert (again.status, again.json) == (201, first.json)
    assert len(shop.table("orders")._rows) == 1
    assert len(shop.call("GET /cart", token=shop.me).json["lines"]) == 2, "its new cart stays"


def test_a_key_that_was_used_for_another_order_is_refused() -> None:
    shop = Ordering()
    assert shop.place().status == 201
    assert shop.place(more={"email": "other@house.example"}).status == 409


def test_one_key_of_two_customers_is_two_orders() -> None:
    shop = Ordering()
    other = shop.token("coffee-house")
    shop.fill(other)
    first, second = shop.place(), shop.place(token=other)
    assert first.json["order"] != second.json["order"]


def test_a_price_that_changed_is_told_with_the_new_total() -> None:
    shop = Ordering()
    shop.sell(TEA, 550)
    refused = shop.place()
    assert (refused.status, refused.json["total"]) == (409, 1_800)
    assert shop.place(more={"expected_total": 1_800}).status == 201


def test_what_is_sold_out_is_refused_for_good_and_holds_nothing() -> None:
    shop = Ordering()
    shop.table("stock").put(new_row(CUP, 0))
    assert shop.place().status == 409
    shop.table("stock").put(new_row(CUP, 5))
    again = shop.place()
    assert again.status == 409
    assert f"too few of Green tea ({CUP})" in again.json["detail"]
    assert shop.table("stock").get({"product": TEA})["available"] == 5  # type: ignore[index]
    assert shop.place("key-2").status == 201
    listed = shop.call("GET /orders", token=shop.me).json["orders"]
    told = {each["state"]: each["cancelled_because"] for each in listed}
    assert told == {"pending": "", "cancelled": "sold_out"}


def test_an_order_needs_a_key_a_cart_and_somewhere_to_write_to() -> None:
    shop = Ordering()
    without = shop.call("POST /orders", BODY, token=shop.me)
    assert (without.status, without.json["errors"][0]["field"]) == (422, "idempotency-key")
    assert shop.place(key="two words").status == 422
    assert shop.place(more={"email": "nowhere"}).status == 422
    assert shop.place(more={"email": ""}).json["errors"][0]["field"] == "$.email"
    shop.call("DELETE /cart", token=shop.me)
    assert shop.place().status == 422
    assert not shop.table("orders")._rows
    assert not shop.table("due")._rows


def test_a_guest_orders_by_the_token_of_his_cart() -> None:
    shop = Ordering()
    guest = {"x-cart-token": shop.call("POST /carts").json["cart_token"]}
    shop.fill(None, guest)
    placed = shop.call("POST /orders", BODY, headers=guest | {"idempotency-key": "key-1"})
    assert placed.status == 201
    order = placed.json["order"]
    assert shop.call(f"GET /orders/{order}", headers=guest).status == 200
    assert shop.call(f"GET /orders/{order}", token=shop.me).status == 404
    cancelled = shop.call(f"POST /orders/{order}/cancel", headers=guest).json
    assert (cancelled["state"], cancelled["cancelled_because"]) == ("cancelled", "customer")


@pytest.mark.parametrize(
    "what", ["GET /orders/{}", "POST /orders/{}/confirm", "POST /orders/{}/cancel"]
)
def test_nobody_reaches_the_order_of_another(what: str) -> None:
    shop = Ordering()
    order = shop.place().json["order"]
    other = shop.token("coffee-house")
    assert shop.call(what.format(order), token=other).status == 404
    assert shop.call(what.format("nothing"), token=shop.me).status == 404
    assert shop.call(what.format(order)).status == 401
    assert shop.call("GET /orders", token=other).json["orders"] == []


def test_what_is_paid_is_not_cancelled() -> None:
    shop = Ordering()
    order = shop.place().json["order"]
    shop.cloud.pay.confirm(order, "captured")
    refused = shop.call(f"POST /orders/{order}/cancel", token=shop.me)
    assert refused.status == 409
    assert shop.call(f"GET /orders/{order}", token=shop.me).json["state"] == "paid"


def test_a_provider_that_does_not_answer_is_asked_again() -> None:
    shop = Ordering()
    shop.cloud.pay.breaks("start", after=True)
    assert shop.place().status == 503
    assert shop.place().status == 201
    assert len(shop.table("orders")._rows) == 1


def test_an_order_that_nobody_pays_is_cancelled_after_the_minutes_that_are_stated() -> None:
    shop = Ordering(ORDER_MINUTES="10")
    order = shop.place().json["order"]
    shop.clock.advance(9 * 60_000)
    shop.settle()
    assert shop.call(f"GET /orders/{order}", token=shop.me).json["state"] == "pending"
    shop.clock.advance(2 * 60_000)
    shop.settle()
    seen = shop.call(f"GET /orders/{order}", token=shop.me).json
    assert (seen["state"], seen["cancelled_because"]) == ("cancelled", "expired")
    assert shop.place().status == 201, "it was placed, and that stays the answer"


@pytest.mark.parametrize("minutes", ["0", "46", "-5", "ten", "²"])
def test_minutes_that_are_none_are_refused(minutes: str) -> None:
    shop = Ordering(ORDER_MINUTES=minutes)
    with pytest.raises(ConfigurationError, match="ORDER_MINUTES"):
        shop.place()


def test_a_customer_has_so_many_unpaid_orders_and_no_more_until_one_is_closed() -> None:
    """Each holds goods that others would buy."""
    shop = Ordering(OPEN_ORDERS="2")
    first, second = (shop.opened(f"key-{number}") for number in range(2))
    shop.clock.advance(60_000)

    refused = shop.place("key-2")
    assert refused.status == 429
    assert refused.headers["retry-after"] == str(29 * 60)
    assert "2 orders are not paid" in refused.json["detail"]
    assert len(shop.table("orders")._rows) == 2
    assert (shop.table("stock").get({"product": TEA}) or {})["available"] == 1
    assert shop.place("key-1").json == second, "what was placed is answered still"
    another = shop.token("tea-house-2")
    shop.fill(another)
    shop.table("stock").put(new_row(TEA, 50))
    shop.table("stock").put(new_row(CUP, 50))
    assert shop.place("key-2", another).status == 201

    assert shop.call(f"POST /orders/{first['order']}/cancel", token=shop.me).status == 200
    assert shop.place("key-2").status == 201


def test_an_order_that_is_open_no_more_by_the_clock_is_in_nobodys_way() -> None:
    shop = Ordering(OPEN_ORDERS="1", ORDER_MINUTES="10")
    shop.opened("key-1")
    assert shop.place("key-2").status == 429
    shop.clock.advance(10 * 60_000 + 1)
    assert shop.place("key-2").status == 201


def test_one_request_that_comes_twice_at_once_is_answered_as_one() -> None:
    """The second sees the first one's order in the index, which is one too many."""
    for shop, ours, theirs in interleaved(
        lambda: Ordering(OPEN_ORDERS="1"),
        lambda shop, faults: shop.place(adapters=faults).status,
        lambda shop: shop.place().status,
    ):
        assert {ours, theirs} <= {201, 503}
        assert shop.place().status == 201


@pytest.mark.parametrize("most", ["0", "51", "-5", "ten", "²"])
def test_a_number_of_open_orders_that_is_none_is_refused(most: str) -> None:
    shop = Ordering(OPEN_ORDERS=most)
    with pytest.raises(ConfigurationError, match="OPEN_ORDERS"):
        shop.place()


@pytest.mark.parametrize("field", ["name", "street", "city", "postcode", "region"])
@pytest.mark.parametrize("bad", ["\n", "\t", "\x1b", "\x7f", "\x85", "\u202e", "\u2066"])
def test_an_address_is_text_on_one_line(field: str, bad: str) -> None:
    """On a label nothing may steer a printer, or be read in another order than it stands there."""
    shop = Ordering()
    answer = shop.place(more={"address": {**ADDRESS, field: f"Leaf{bad}Lane"}})
    assert answer.status == 422
    assert answer.json["errors"][0]["field"] == f"$.address.{field}"
    assert shop.place(more={"address": {**ADDRESS, field: "Öl 7, 茶"}}).status == 201


def test_a_cursor_of_another_list_is_refused() -> None:
    shop = Ordering()
    assert shop.call("GET /orders?cursor=x", token=shop.me).status == 422
    assert shop.call("GET /orders?limit=0", token=shop.me).status == 422


def test_a_cart_that_was_begun_since_is_not_emptied_when_an_order_is_sent_again() -> None:
    shop = Ordering()
    token = shop.call("POST /carts").json["cart_token"]
    guest = {"x-cart-token": token}
    asked = {**guest, "idempotency-key": "key-1"}
    shop.fill(None, guest)
    assert shop.call("POST /orders", BODY, headers=asked).status == 201
    shop.fill(None, guest)
    shop.register()
    known = {"username": "tea-house", "password": PASSWORD, "cart_token": token}
    assert shop.call("POST /sessions", known).json["cart_merged"]

    shop.clock.advance(1)
    shop.fill(None, guest)
    assert shop.call("POST /orders", BODY, headers=asked).status == 201
    assert len(shop.call("GET /cart", headers=guest).json["lines"]) == len(LINES)


@pytest.mark.parametrize("product", ["%00", "x" * 2_000, "x"])
def test_what_can_be_no_product_is_not_found_and_no_error_of_the_shop(product: str) -> None:
    shop = Ordering()
    path = f"/cart/lines/{product}"
    assert shop.call(f"PUT {path}", {"quantity": 1}, token=shop.me).status == 404
    assert shop.call(f"DELETE {path}", token=shop.me).status == 404
