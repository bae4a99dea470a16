"""People of a running shop over HTTP: guests, customers, admins."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any

import httpx

from tests.support.contract import PASSWORD
from tests.support.project import CLIENT, Project
from tests.support.project_processes import wait_for
from tests.support.shop_operator import table

HOUR_MS = 3_600_000
BUSY = (429, 503)  # as one cloud and the other say it: no instance is free
ADDRESS = {
    "name": "The Tea House",
    "street": "Leaf Lane 7",
    "city": "Bremen",
    "postcode": "28195",
    "country": "DE",
}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


@dataclass(frozen=True, slots=True)
class Client:
    """Somebody who asks one shop; `headers` show who it is. `name` is "" for a guest."""

    shop: Project
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    name: str = ""

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request on a connection of its own; `headers` are added to the client's."""
        headers = {**self.headers, **options.pop("headers", {})}
        url = self.shop.url + path
        return CLIENT.request(method, url, headers=headers, **{"timeout": 40, **options})

    def got(self, status: int, key: str, body: object = None, **options: Any) -> Any:
        """What `POST /users` answers, as JSON (None: nothing); fails for another status."""
        method, _, path = key.partition(" ")
        if body is not None:
            options["json"] = body
        answer = self.ask(method, path, **options)
        assert answer.status_code == status, f"{key}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    # What customers see.

    def pages(self, path: str, of: str, **asked: object) -> list[Any]:
        """All things of a list, page after page; `of` is the name under which a page has them."""
        found: list[Any] = []
        cursor = ""
        while True:
            params = {**asked, "cursor": cursor} if cursor else asked
            page = self.got(200, f"GET {path}", params=params)
            found += page[of]
            cursor = page["cursor"]
            if not cursor:
                return found

    def products(self, **asked: object) -> list[Any]:
        """All products of a list or a search."""
        return self.pages("/products", "products", **asked)

    def put_in(self, product: str, quantity: int = 1) -> Any:
        """Put pieces into the cart; the cart as it is then."""
        lines = {"lines": [{"product": product, "quantity": quantity}]}
        return self.got(200, "POST /cart/lines", lines)

    def total(self, promotion: str = "") -> int:
        """What the cart costs."""
        return int(self.got(200, "GET /cart", params={"promotion": promotion})["total"])

    def orders(self, key: str = "", total: int | None = None, **more: object) -> httpx.Response:
        """Order the cart for a total, which is looked up where none is given."""
        promotion = more.get("promotion", "")
        body = {
            "expected_total": self.total(str(promotion)) if total is None else total,
            "email": f"{self.name or 'guest'}@letters.example",
            "address": ADDRESS,
            **more,
        }
        headers = {"idempotency-key": key or token_hex(8)}
        return self.ask("POST", "/orders", json=body, headers=headers)

    def decided(self, total: int, key: str = "", **more: object) -> httpx.Response:
        """The same; where it is not decided, or nobody is free, asked again with the same key."""
        known_by = key or token_hex(8)
        return self._again(lambda: self.orders(known_by, total, **more))

    @staticmethod
    def _again(ask: Callable[[], httpx.Response]) -> httpx.Response:
        end = time.monotonic() + 60
        while (answer := ask()).status_code in BUSY:
            assert time.monotonic() < end, "never decided"
            time.sleep(0.05)
        return answer

    def order(self, product: str, quantity: int = 1, **more: object) -> Any:
        """The order, placed, of so many pieces; the cart was empty."""
        self.put_in(product, quantity)
        answer = self.orders(**more)  # type: ignore[arg-type]  # what is said of an order
        assert answer.status_code == 201, answer.text
        return answer.json()

    def pay(self, placed: Any, card: str = "good") -> None:
        """Pay an order by a card of the fake provider."""
        url = placed["payment"]["client"]["url"]
        answer = self.ask("POST", url, json={"card": card})
        assert answer.status_code == 200, answer.text

    def state(self, placed: Any) -> str:
        """How far an order is."""
        return str(self.got(200, f"GET /orders/{placed['order']}")["state"])

    def until(self, placed: Any, state: str, patience_s: float = 20) -> None:
        """Wait for an order to be in this state."""
        wait_for(lambda: self.state(placed) == state, patience_s, f"an order that is {state}")

    def paid(self, product: str, quantity: int = 1, **more: object) -> Any:
        """An order that is paid."""
        placed = self.order(product, quantity, **more)
        self.pay(placed)
        self.until(placed, "paid")
        return placed

    # What admins do.

    def sold(self, pieces: int, name: str = "Green tea", **changed: object) -> str:
        """The id of a product that is new, and in stock."""
        product = self.product(name, **changed)
        if pieces:
            self.adjust(product, pieces)
        return product

    def adjust(self, product: str, delta: int, reason: str = "a delivery", key: str = "") -> int:
        """More or fewer pieces of a product; how many there are then."""
        path = f"POST /admin/products/{product}/stock"
        headers = {"idempotency-key": key or token_hex(8)}
        seen = self.got(200, path, {"delta": delta, "reason": reason}, headers=headers)
        return int(seen["available"])

    def left(self, product: str) -> int:
        """How many pieces can be sold."""
        return int(self.got(200, f"GET /admin/products/{product}/stock")["available"])

    def refund(self, placed: Any, key: str = "", **wanted: object) -> httpx.Response:
        """Give money back; asked again where nobody is free."""
        body = {"reason": "sent back", **wanted}
        path = f"/admin/orders/{placed['order']}/refunds"
        headers = {"idempotency-key": key or token_hex(8)}
        return self._again(lambda: self.ask("POST", path, json=body, headers=headers))

    def promotion(self, **terms: object) -> str:
        """The code of a promotion that is new: 10 %, once, for an hour."""
        now = time.time_ns() // 1_000_000
        usual = {
            "code": f"P-{token_hex(4)}".upper(),
            "kind": "percent",
            "value": 10,
            "currency": "EUR",
            "minimum": 0,
            "starts_at": now - HOUR_MS,
            "ends_at": now + HOUR_MS,
            "uses": 1,
        }
        return str(self.got(201, "POST /admin/promotions", {**usual, **terms})["code"])

    def audit(self, subject: str, at_least: int = 1) -> list[Any]:
        """What the audit trail has of a thing, once there are so many entries."""

        def entries() -> list[Any]:
            return self.pages("/admin/audit", "entries", subject=subject)

        wait_for(lambda: len(entries()) >= at_least, 20, f"{at_least} entries of {subject}")
        return entries()

    def product(self, name: str = "Green tea", **changed: object) -> str:
        """The id of a product that is new."""
        wanted = {"name": name, "price": 450, "currency": "EUR", "category": "Tea"} | changed
        return str(self.got(201, "POST /admin/products", wanted)["product"])

    def change(self, product: str, **changed: object) -> Any:
        """Change some of what is said of a product."""
        there = self.got(200, f"GET /admin/products/{product}")
        columns = ("version", "name", "description", "price", "currency", "category", "active")
        body = {name: there[name] for name in columns} | changed
        return self.got(200, f"PUT /admin/products/{product}", body)

    def picture(self, product: str, body: bytes = PNG) -> Any:
        """Have a product show a picture; the product as it is then."""
        path = f"/admin/products/{product}"
        wanted = {"content_type": "image/png", "size": len(body)}
        place = self.got(201, f"POST {path}/images", wanted)
        put = CLIENT.put(place["url"], content=body, headers=place["headers"], timeout=40)
        assert put.is_success, put.text
        there = self.got(200, f"GET {path}")
        chosen = {"version": there["version"], "upload": place["upload"]}
        return self.got(200, f"PUT {path}/image", chosen)


def guest(shop: Project) -> Client:
    """Somebody whom the shop does not know."""
    return Client(shop)


def with_cart(shop: Project) -> Client:
    """A guest with a cart."""
    token = Client(shop).got(201, "POST /carts")["cart_token"]
    return Client(shop, {"x-cart-token": token})


def customer(shop: Project, name: str = "") -> Client:
    """Somebody new, logged in; with a name of his own where none is given."""
    given = {"username": name or f"customer-{token_hex(6)}", "password": PASSWORD}
    Client(shop).got(201, "POST /users", given)
    return logged_in(shop, given["username"])


def logged_in(shop: Project, name: str) -> Client:
    """Another session of somebody who is there."""
    session = Client(shop).got(201, "POST /sessions", {"username": name, "password": PASSWORD})
    return Client(shop, {"authorization": f"Bearer {session['token']}"}, name)


def admin(shop: Project, name: str = "") -> Client:
    """An admin who is new."""
    found = customer(shop, name)
    table(shop, "users").update({"username": found.name}, set={"role": "admin"})
    return found
