"""For each operation that needs a token: a request that goes well, with all that it needs first."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any

import httpx

from tests.support.contract import PASSWORD
from tests.support.shop_client import ADDRESS, HOUR_MS, PNG, Client

PRODUCT = {"name": "Cup", "price": 900, "currency": "EUR"}
TERMS = {
    "kind": "percent",
    "value": 10,
    "currency": "EUR",
    "minimum": 0,
    "starts_at": 0,
    "ends_at": 9_999_999_999_999,
}


@dataclass(frozen=True, slots=True)
class Good:
    """A request: the path with its parameters, the body, and the headers besides the asker's."""

    path: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def send(self, asker: Client, method: str, **more: Any) -> httpx.Response:
        """The answer to it."""
        return asker.ask(method, self.path, json=self.body, headers=dict(self.headers), **more)


Make = Callable[[Client, Client], Good]
"""What makes the request for (asker, admin): what it is about is the asker's own, and new."""


def _key() -> dict[str, str]:
    return {"idempotency-key": token_hex(8)}


def uploaded(asker: Client) -> str:
    """The key of a picture that is there."""
    wanted = {"content_type": "image/png", "size": len(PNG)}
    place = asker.got(201, "POST /uploads", wanted)
    put = httpx.put(place["url"], content=PNG, headers=place["headers"], trust_env=False)
    assert put.is_success, put.text
    return str(place["key"])


def _order(asker: Client, keeper: Client) -> Good:
    product = keeper.sold(1)
    asker.got(204, "DELETE /cart")
    asker.put_in(product)
    body = {"expected_total": asker.total(), "email": "a@letters.example", "address": ADDRESS}
    return Good("/orders", body, _key())


def _of_order(end: str, *, admin: bool = False, paid: bool = False, body: Any = None) -> Make:
    def made(asker: Client, keeper: Client) -> Good:
        asker.got(204, "DELETE /cart")
        product = keeper.sold(1)
        placed = asker.paid(product) if paid else asker.order(product)
        start = "/admin/orders" if admin else "/orders"
        return Good(f"{start}/{placed['order']}{end}", body, _key())

    return made


def _of_product(end: str, change: Callable[[Client, str], Any] = lambda _keeper, _id: None) -> Make:
    def made(_asker: Client, keeper: Client) -> Good:
        product = keeper.sold(1)
        return Good(f"/admin/products/{product}{end}", change(keeper, product), _key())

    return made


def _picture(keeper: Client, product: str) -> dict[str, Any]:
    wanted = {"content_type": "image/png", "size": len(PNG)}
    place = keeper.got(201, f"POST /admin/products/{product}/images", wanted)
    put = httpx.put(place["url"], content=PNG, headers=place["headers"], trust_env=False)
    assert put.is_success, put.text
    return {"version": 1, "upload": place["upload"]}


def _of_line(body: Any = None) -> Make:
    return lambda _asker, keeper: Good(f"/cart/lines/{keeper.sold(1)}", body)


def _of_code(body: Any = None) -> Make:
    return lambda _asker, keeper: Good(f"/admin/promotions/{keeper.promotion()}", body)


def _plain(path: str, body: Any = None) -> Make:
    return lambda _asker, _keeper: Good(path, body)


def _new_terms(_asker: Client, _keeper: Client) -> Good:
    now = time.time_ns() // 1_000_000
    body = {**TERMS, "code": f"P-{token_hex(4)}", "uses": 1, "ends_at": now + HOUR_MS}
    return Good("/admin/promotions", body)


GOOD: dict[str, Make] = {
    "GET /users/me": _plain("/users/me"),
    "PUT /users/me/password": _plain(
        "/users/me/password", {"old_password": PASSWORD, "new_password": PASSWORD}
    ),
    "DELETE /sessions/current": _plain("/sessions/current"),
    "POST /uploads": _plain("/uploads", {"content_type": "image/png", "size": 9}),
    "GET /uploads/{key}": lambda asker, _keeper: Good(f"/uploads/{uploaded(asker)}"),
    "GET /cart": _plain("/cart"),
    "DELETE /cart": _plain("/cart"),
    "POST /cart/lines": lambda _asker, keeper: Good(
        "/cart/lines", {"lines": [{"product": keeper.sold(1), "quantity": 1}]}
    ),
    "PUT /cart/lines/{product}": _of_line({"quantity": 1}),
    "DELETE /cart/lines/{product}": _of_line(),
    "POST /orders": _order,
    "GET /orders": _plain("/orders"),
    "GET /orders/{order}": _of_order(""),
    "POST /orders/{order}/confirm": _of_order("/confirm"),
    "POST /orders/{order}/cancel": _of_order("/cancel"),
    "GET /admin/products": _plain("/admin/products"),
    "POST /admin/products": _plain("/admin/products", PRODUCT),
    "GET /admin/products/{product}": _of_product(""),
    "PUT /admin/products/{product}": _of_product(
        "",
        lambda _keeper, _id: {
            **PRODUCT, "version": 1, "description": "", "category": "", "active": True
        },
    ),
    "DELETE /admin/products/{product}": _of_product(""),
    "POST /admin/products/{product}/images": _of_product(
        "/images", lambda _keeper, _id: {"content_type": "image/png", "size": 9}
    ),
    "PUT /admin/products/{product}/image": _of_product("/image", _picture),
    "GET /admin/products/{product}/stock": _of_product("/stock"),
    "POST /admin/products/{product}/stock": _of_product(
        "/stock", lambda _keeper, _id: {"delta": 1, "reason": "a delivery"}
    ),
    "GET /admin/promotions": _plain("/admin/promotions"),
    "POST /admin/promotions": _new_terms,
    "GET /admin/promotions/{code}": _of_code(),
    "PUT /admin/promotions/{code}": _of_code({**TERMS, "active": False, "version": 1}),
    "GET /admin/orders": _plain("/admin/orders"),
    "GET /admin/orders/{order}": _of_order("", admin=True),
    "POST /admin/orders/{order}/fulfil": _of_order("/fulfil", admin=True, paid=True),
    "POST /admin/orders/{order}/cancel": _of_order("/cancel", admin=True),
    "POST /admin/orders/{order}/refunds": _of_order(
        "/refunds", admin=True, paid=True, body={"reason": "sent back"}
    ),
    "GET /admin/audit": _plain("/admin/audit"),
}  # fmt: skip
