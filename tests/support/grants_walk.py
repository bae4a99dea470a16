"""One way through the whole shop, and which of its grants each function uses on it."""

import re
from contextlib import suppress
from typing import Any

from app.bootstrap import Services
from app.domain.shards import shard
from app.domain.slots import SLOTS
from app.handlers import settle
from app.ports.adapters import Adapters
from app.services.make_admin import promote
from tests.support.catalog import Catalog
from tests.support.faults import KilledError
from tests.support.faulty_tables import Fault, FaultyTables
from tests.support.grants_used import Grant, Noting
from tests.support.memory_shop import NOW_MS, PASSWORD, environment

ADDRESS = {"name": "The Tea House", "street": "Leaf Lane 7", "city": "Bremen", "country": "DE"}
_DAY_MS = 24 * 60 * 60 * 1000


class Walked(Catalog):
    """A shop that notes which grants are used."""

    def __init__(self) -> None:
        self.used: set[Grant] = set()
        super().__init__()

    def services(self, function: str, adapters: Adapters | None = None) -> Services:
        noting = Noting(adapters or self.cloud, function, self.used)
        return Services(environment(function), noting)

    def ask(self, status: int, key: str, body: object = None, **how: Any) -> Any:
        """What an answer of this status says."""
        answer = self.call(key, body, **how)
        assert answer.status == status, f"{key}: {answer}"
        return answer.json

    def settle(self) -> None:
        """A run of the schedule, minutes later."""
        self.clock.advance(3 * 60_000)
        settle.run(self.services("settle"))


def whole_way(shop: Walked) -> None:
    """Accounts, uploads, a catalog, carts, orders, money both ways, and all that sweeps do."""
    _accounts(shop)
    tea, code = _catalog(shop)
    _orders(shop, tea, code)
    _webhooks(shop, tea, code)
    _admins(shop, tea, code)
    for _ in range(2):
        shop.tell_all()
    _past(shop, tea)


def _accounts(shop: Walked) -> None:
    email = "tea@house.example"
    shop.register("forgetful", email=email)
    shop.ask(202, "POST /password-resets", {"username": "forgetful"})
    shop.consume_all()
    found = [re.search(r"resets/([\w-]{43})", str(row["text"])) for row in shop.letters(email)]
    (token,) = [each[1] for each in found if each is not None]
    shop.ask(204, f"POST /password-resets/{token}", {"new_password": "some other words"})
    user = shop.token()
    shop.ask(200, "GET /users/me", token=user)
    wanted = {"content_type": "text/plain", "size": 3}
    begun = shop.ask(201, "POST /uploads", wanted, token=user)
    shop.bucket.receive(begun["url"], begun["headers"], b"abc")
    shop.ask(200, f"GET /uploads/{begun['key']}", token=user)
    shop.ask(201, "POST /uploads", wanted, token=user)  # which is never uploaded


def _catalog(shop: Walked) -> tuple[str, str]:
    """A product that is sold, and a promotion."""
    tea = shop.made()
    _adjust(shop, tea, 20, "a delivery")
    assert shop.choose(tea, shop.uploaded(tea)).status == 200
    shop.uploaded(tea)
    assert shop.edit(tea, name="Greener tea").status == 200
    for path in (f"/{tea}/stock", "", f"/{tea}"):
        shop.ask(200, f"GET /admin/products{path}", token=shop.by)
    for path in ("", f"/{tea}", "?q=greener"):
        shop.ask(200, f"GET /products{path}")
    with suppress(KilledError):  # what is told of it is left to the schedule
        shop.make(FaultyTables(shop.cloud, 1, Fault.CRASH_BEFORE, "events.send"))
    terms = {
        "code": "SPRING",
        "kind": "fixed",
        "value": 50,
        "currency": "EUR",
        "minimum": 0,
        "starts_at": NOW_MS - 1,
        "ends_at": NOW_MS + _DAY_MS,
        "uses": 10,
    }
    made = shop.ask(201, "POST /admin/promotions", terms, token=shop.by)
    shop.ask(200, "GET /admin/promotions", token=shop.by)
    shop.ask(200, f"GET /admin/promotions/{made['code']}", token=shop.by)
    return tea, made["code"]


def _adjust(shop: Walked, product: str, delta: int, key: str, **how: Any) -> None:
    body = {"delta": delta, "reason": "counted"}
    headers = {"idempotency-key": key.replace(" ", "-")}
    path = f"POST /admin/products/{product}/stock"
    shop.ask(200, path, body, token=shop.by, headers=headers, **how)


def _crowded(shop: Walked, product: str, name: str) -> None:
    """Each slot of a product has a marker that an admin's adjustment left as it died."""
    shop.settle()  # those of before are gone
    for number in range(SLOTS):
        dies = FaultyTables(shop.cloud, 1, Fault.CRASH_AFTER, "stock.update")
        with suppress(KilledError):
            _adjust(shop, product, 1, f"{name}-{number}", adapters=dies)
    row = shop.table("stock").get({"product": product}) or {}
    assert all(row[f"k{number}"] for number in range(SLOTS))


def _placed(shop: Walked, tea: str, code: str, key: str) -> tuple[str, dict[str, str]]:
    """An order of a user who began as a guest, and his headers."""
    token = shop.ask(201, "POST /carts")["cart_token"]
    cart = {"x-cart-token": token}
    line = {"lines": [{"product": tea, "quantity": 1}]}
    shop.ask(200, "POST /cart/lines", line, headers=cart)
    asked = {"username": "tea-house", "password": PASSWORD, "cart_token": token}
    session = shop.ask(201, "POST /sessions", asked)["token"]
    known = {"authorization": f"Bearer {session}"}
    shop.ask(200, f"GET /cart?promotion={code}", headers=known)
    body = {"expected_total": 400, "email": "a@b.example", "address": ADDRESS, "promotion": code}
    headers = {**known, "idempotency-key": key}
    return str(shop.ask(201, "POST /orders", body, headers=headers)["order"]), known


def _orders(shop: Walked, tea: str, code: str) -> None:
    _crowded(shop, tea, "orders")
    order, known = _placed(shop, tea, code, "paid")
    shop.cloud.pay.confirm(order)
    shop.ask(200, f"POST /orders/{order}/confirm", headers=known)
    assert shop.ask(200, f"GET /orders/{order}", headers=known)["state"] == "paid"
    restocked = {"reason": "sent back", "restock": "all"}
    headers = {"idempotency-key": "refund"}
    path = f"POST /admin/orders/{order}/refunds"
    shop.ask(201, path, restocked, token=shop.by, headers=headers)


def _webhooks(shop: Walked, tea: str, code: str) -> None:
    order, known = _placed(shop, tea, code, "declined")
    _crowded(shop, tea, "webhooks")
    shop.cloud.pay.confirm(order, "declined")
    headers, body = shop.cloud.pay.webhook(order)
    shop.ask(204, "POST /payments/webhooks", body, headers=headers)
    assert shop.ask(200, f"GET /orders/{order}", headers=known)["state"] == "cancelled"
    other, _ = _placed(shop, tea, code, "captured")
    shop.cloud.pay.confirm(other)
    headers, body = shop.cloud.pay.webhook(other)
    shop.ask(204, "POST /payments/webhooks", body, headers=headers)


def _admins(shop: Walked, tea: str, code: str) -> None:
    cancelled, _ = _placed(shop, tea, code, "cancelled")
    shop.ask(200, f"POST /admin/orders/{cancelled}/cancel", token=shop.by)
    shop.ask(200, "GET /admin/orders", token=shop.by)
    _placed(shop, tea, code, "never-paid")
    shop.clock.advance(31 * 60_000)
    for _ in range(2):
        shop.settle()
    shop.tell_all()
    shop.by = shop.token("shopkeeper")
    shop.ask(200, "GET /admin/audit", token=shop.by)


def _past(shop: Walked, tea: str) -> None:
    """A month goes by; a welcome and an entry were not sent, a picture is shown no more."""
    assert shop.choose(tea, None).status == 200
    assert shop.edit(tea, name="Greenest tea").status == 200
    token = shop.ask(201, "POST /carts")["cart_token"]
    line = {"lines": [{"product": tea, "quantity": 1}]}
    shop.ask(200, "POST /cart/lines", line, headers={"x-cart-token": token})
    unsent = {"outbox": shard("welcome", "tea-house"), "outbox_at": "0"}
    user = shop.user() or {}
    shop.table("users").put({**user, **unsent})
    promote(
        "tea-house",
        str(user["user_id"]),
        users=shop.table("users"),
        clock=shop.clock,
        operator="deploy",
    )
    shop.clock.advance(32 * _DAY_MS)
    assert shop.sweep()["outbox"] == 1
