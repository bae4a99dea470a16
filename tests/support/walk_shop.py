"""A customer's way through the shop's functions as they are packed: browse, cart, pay, refund."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

import httpx

from app.adapters.common.clock import SystemClock
from app.services.make_admin import promote
from tests.support.function_process import Answer
from tests.support.walk import NONE, PASSWORD, PICTURE, Packed, bearer

PRICE, PIECES = 450, 20
BUYER, GUEST = "buyer@letters.example", "guest@letters.example"
ADDRESS = {"name": "The Tea House", "street": "Leaf Lane 7", "city": "Bremen", "country": "DE"}
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Sale:
    """What was sold: the order as it was placed, its product, its promotion; who keeps the shop."""

    keeper: dict[str, str]
    product: str
    code: str
    placed: Any


def whole(packed: Packed) -> Sale:
    """All of it, in order."""
    keeper = _admin(packed)
    product, code = _on_offer(packed, keeper)
    browse(packed, product)
    buyer = _buyer(packed, product)
    bought = _buy(packed, buyer, product, code)
    _pay(packed, bought)
    assert packed.deliver("fake-webhooks") == 1
    assert order_of(packed, bought, buyer)["state"] == "paid"
    _as_a_guest(packed, keeper, product)
    _declined(packed, product, code)
    _give_back(packed, keeper, bought)
    assert order_of(packed, bought, buyer)["state"] == "refunded"
    return Sale(keeper, product, code, bought)


def _key() -> dict[str, str]:
    return {"idempotency-key": token_hex(8)}


def _log_in(packed: Packed, name: str, **more: str) -> dict[str, str]:
    person = {"username": name, "password": PASSWORD, **more}
    return bearer(packed.ask("auth", "POST /sessions", person).expect(201)["token"])


def _admin(packed: Packed) -> dict[str, str]:
    person = {"username": "keeper", "password": PASSWORD}
    made = packed.ask("auth", "POST /users", person).expect(201)
    users, clock = packed.table("users"), SystemClock()
    assert (
        promote("keeper", str(made["user_id"]), users=users, clock=clock, operator="deploy")
        == "promoted"
    )
    return _log_in(packed, "keeper")


def _on_offer(packed: Packed, keeper: dict[str, str]) -> tuple[str, str]:
    """A product with a picture and pieces, and the code of a promotion."""

    def ask(route: str, body: object = None, of: Mapping[str, str] = NONE) -> Any:
        answer = packed.ask("admin", route, body, headers={**keeper, **_key()}, of=of)
        return answer.expect(201 if route.startswith("POST") and "stock" not in route else 200)

    wanted = {"name": "Green tea", "price": PRICE, "currency": "EUR", "category": "Tea"}
    made = ask("POST /admin/products", wanted)
    of = {"product": str(made["product"])}
    begun = {"content_type": "image/png", "size": len(PICTURE)}
    place = ask("POST /admin/products/{product}/images", begun, of)
    sent = httpx.put(place["url"], content=PICTURE, headers=place["headers"], trust_env=False)
    assert sent.status_code == httpx.codes.OK, sent.text
    chosen = {"version": made["version"], "upload": place["upload"]}
    shown = ask("PUT /admin/products/{product}/image", chosen, of)
    terms = {name: shown[name] for name in (*wanted, "description", "active", "version")}
    changed = ask("PUT /admin/products/{product}", {**terms, "description": "A cup a day."}, of)
    assert changed["image"] == shown["image"]
    stock = {"delta": PIECES, "reason": "a delivery"}
    assert ask("POST /admin/products/{product}/stock", stock, of)["available"] == PIECES
    now = time.time_ns() // 1_000_000
    code = ask("POST /admin/promotions", {
        "code": "SPRING-10", "kind": "percent", "value": 10, "currency": "EUR", "minimum": 0,
        "starts_at": now - HOUR_MS, "ends_at": now + HOUR_MS, "uses": 5,
    })["code"]  # fmt: skip
    assert [each["product"] for each in ask("GET /admin/products")["products"]] == [of["product"]]
    assert [each["code"] for each in ask("GET /admin/promotions")["promotions"]] == [code]
    return of["product"], str(code)


def browse(packed: Packed, product: str) -> None:
    for query in ({}, {"category": "Tea"}, {"q": "green"}):
        (found,) = packed.ask("catalog", "GET /products", query=query).expect(200)["products"]
        assert found["product"] == product
    shown = packed.ask("catalog", "GET /products/{product}", of={"product": product}).expect(200)
    assert shown["in_stock"]
    assert packed.published(shown["image"]) == PICTURE


def _buyer(packed: Packed, product: str) -> dict[str, str]:
    """A customer who filled a cart as a guest, and has it still once he is logged in."""
    asker = new_guest(packed, product, 2)
    person = {"username": "buyer", "password": PASSWORD, "email": BUYER}
    packed.ask("auth", "POST /users", person).expect(201)
    buyer = _log_in(packed, "buyer", cart_token=asker["x-cart-token"])
    (line,) = packed.ask("carts", "GET /cart", headers=buyer).expect(200)["lines"]
    assert (line["product"], line["quantity"]) == (product, 2)
    return buyer


def new_guest(packed: Packed, product: str, quantity: int = 1) -> dict[str, str]:
    """What shows a new guest, who has so much of it in the cart."""
    cart = packed.ask("carts", "POST /carts").expect(201)
    guest = {"x-cart-token": str(cart["cart_token"])}
    lines = {"lines": [{"product": product, "quantity": quantity}]}
    seen = packed.ask("carts", "POST /cart/lines", lines, headers=guest).expect(200)
    assert seen["total"] == quantity * PRICE
    return guest


def order_cart(
    packed: Packed, asker: dict[str, str], key: dict[str, str] | None = None, **more: object
) -> Answer:
    """What POST /orders answers for the cart of whoever asks."""
    query = {"promotion": str(more.get("promotion", ""))}
    total = packed.ask("carts", "GET /cart", headers=asker, query=query).expect(200)["total"]
    body = {"expected_total": total, "address": ADDRESS, **more}
    return packed.ask("orders", "POST /orders", body, headers={**asker, **(key or _key())})


def _buy(packed: Packed, buyer: dict[str, str], product: str, code: str) -> Any:
    """An order at the promotion's price; asked for again with its key, it is the same."""
    key = _key()
    placed = order_cart(packed, buyer, key, promotion=code).expect(201)
    assert (placed["subtotal"], placed["discount"], placed["total"]) == (900, 90, 810)
    body = {"expected_total": placed["total"], "address": ADDRESS, "promotion": code}
    again = packed.ask("orders", "POST /orders", body, headers={**buyer, **key})
    assert again.expect(201) == placed
    assert available(packed, product) == PIECES - 2
    return placed


def _pay(packed: Packed, placed: Any, card: str = "good") -> None:
    """Pay by a made-up card, at the page that the order names."""
    payment = placed["payment"]["client"]["url"].rpartition("/")[2]
    page = packed.ask("paypage", "GET /payments/fake/{payment}", of={"payment": payment}).expect(
        200
    )
    assert placed["order"] in page
    route = "POST /payments/fake/{payment}"
    told = packed.ask("paypage", route, {"card": card}, of={"payment": payment}).expect(200)
    assert (told["order"], told["state"]) == (placed["order"], "authorised")


def order_of(packed: Packed, placed: Any, asker: dict[str, str]) -> Any:
    """An order as its customer sees it."""
    route = "GET /orders/{order}"
    return packed.ask("orders", route, headers=asker, of={"order": placed["order"]}).expect(200)


def _as_a_guest(packed: Packed, keeper: dict[str, str], product: str) -> None:
    """A webhook over HTTP pays one order, which is sent; a confirmation another; two are let go."""
    asker = new_guest(packed, product)
    hooked = order_cart(packed, asker, email=GUEST).expect(201)
    _pay(packed, hooked)
    (webhook,) = (json.loads(each) for each in packed.taken("fake-webhooks"))
    hooks = "POST /payments/webhooks"
    forged = {name: f"{value}0" for name, value in webhook["headers"].items()}
    packed.ask("webhooks", hooks, webhook["body"], headers=forged).expect(400)
    packed.ask("webhooks", hooks, webhook["body"], headers=webhook["headers"]).expect(204)
    assert order_of(packed, hooked, asker)["state"] == "paid"
    order = {"order": str(hooked["order"])}
    sent = packed.ask("admin", "POST /admin/orders/{order}/fulfil", {}, headers=keeper, of=order)
    assert sent.expect(200)["state"] == "fulfilled"

    asker = new_guest(packed, product)
    confirmed = order_cart(packed, asker, email=GUEST).expect(201)
    _pay(packed, confirmed, "silent")
    order = {"order": str(confirmed["order"])}
    found = packed.ask("orders", "POST /orders/{order}/confirm", {}, headers=asker, of=order)
    assert found.expect(200)["state"] == "paid"

    for shown, function, end in (({}, "orders", "/orders"), (keeper, "admin", "/admin/orders")):
        asker = new_guest(packed, product)
        order = {"order": str(order_cart(packed, asker, email=GUEST).expect(201)["order"])}
        route = f"POST {end}/{{order}}/cancel"
        gone = packed.ask(function, route, {}, headers=shown or asker, of=order).expect(200)
        assert gone["state"] == "cancelled"
    assert [each["state"] for each in _orders(packed, asker)] == ["cancelled"]


def _declined(packed: Packed, product: str, code: str) -> None:
    """A card whose money is gone when it is taken: what was reserved is on the shelf again."""
    before = available(packed, product)
    for by_http in (True, False):
        asker = new_guest(packed, product)
        placed = order_cart(packed, asker, email=GUEST, promotion=code).expect(201)
        _pay(packed, placed, "capture-declined")
        if by_http:
            (webhook,) = (json.loads(each) for each in packed.taken("fake-webhooks"))
            sent, hooks = webhook["headers"], "POST /payments/webhooks"
            packed.ask("webhooks", hooks, webhook["body"], headers=sent).expect(204)
        else:
            packed.deliver("fake-webhooks")
        assert order_of(packed, placed, asker)["state"] == "cancelled"
    assert available(packed, product) == before


def available(packed: Packed, product: str) -> int:
    stock = packed.table("stock").get({"product": product})
    assert stock is not None
    return int(stock["available"])


def _orders(packed: Packed, asker: dict[str, str]) -> Any:
    return packed.ask("orders", "GET /orders", headers=asker).expect(200)["orders"]


def _give_back(packed: Packed, keeper: dict[str, str], placed: Any) -> None:
    """A part of the money, with its goods; then what is left of it."""
    route, of = "POST /admin/orders/{order}/refunds", {"order": str(placed["order"])}
    first = {"reason": "one came broken", "amount": 405, "restock": "all"}
    packed.ask("admin", route, first, headers={**keeper, **_key()}, of=of).expect(201)
    rest = {"reason": "sent back"}
    left = packed.ask("admin", route, rest, headers={**keeper, **_key()}, of=of).expect(201)
    assert [(each["amount"], each["state"]) for each in left["refunds"]] == [
        (405, "done"), (405, "done"),
    ]  # fmt: skip
