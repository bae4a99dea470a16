"""What people do in a shop that is measured: one round asks for every route, some of them often.

Who asks for the same in different ways does so in a mix as customers have it: more first pages than
searches, more looks at a cart than changes of it. Each request is expected to go well.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from secrets import token_hex, token_urlsafe
from typing import Any
from urllib.parse import quote

from infra.cli.picture import PATTERNS, picture
from infra.cli.shop_http import Shop, put
from infra.cli.tour_steps import ADDRESS, CODE, Letters
from infra.errors import PlatformError

Sign = Callable[[bytes], Mapping[str, str]]
"""The headers of a webhook with this body."""

_PIECES = 2
_HOUR_MS = 3_600_000
_FORM = {"content-type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Scenes:
    """One round. `guest` is nobody, `admin` keeps the shop; `sign` plays the provider of payments.

    Every method raises PlatformError where an answer is another one.
    """

    guest: Shop
    admin: Shop
    letters: Letters
    sign: Sign
    name: str = field(default_factory=lambda: f"measured-{token_hex(6)}")
    password: str = field(default_factory=lambda: token_urlsafe(12), repr=False)

    @property
    def email(self) -> str:
        """Where the customer's letters go."""
        return f"{self.name}@shop.example"

    def play(self) -> None:
        """All of it."""
        products = self.browse()
        cart = self.fill_cart(products)
        user = self.account(cart)
        self.upload(user)
        self.buy(user, products)
        self.keep_products()
        self.keep_promotions()
        self.guest.expect(200, "GET", "/health")
        for path in ("/docs", "/openapi.json"):
            self.guest.ask("GET", path)

    def browse(self) -> list[Any]:
        """Lists, pages, a category, a search, single products; those of the first page."""
        guest = self.guest
        for _ in range(3):
            page = guest.expect(200, "GET", "/products")
        guest.expect(200, "GET", f"/products?cursor={quote(page['cursor'])}")
        products: list[Any] = page["products"]
        first = products[0]
        guest.expect(200, "GET", f"/products?category={quote(first['category'])}")
        word = max(first["name"].split(), key=len).strip(",.")
        guest.expect(200, "GET", f"/products?q={quote(word)}")
        for each in products[:4]:
            guest.expect(200, "GET", f"/products/{each['product']}")
        return products

    def fill_cart(self, products: list[Any]) -> str:
        """A guest's cart that is filled and changed; another one that is emptied. Its token."""
        one, two = (each["product"] for each in products[:2])
        token: str = self.guest.expect(201, "POST", "/carts")["cart_token"]
        mine = {"x-cart-token": token}
        for product in (one, two):
            self.guest.expect(200, "POST", "/cart/lines", _lines(product), mine)
            self.guest.expect(200, "GET", "/cart", headers=mine)
        self.guest.expect(200, "PUT", f"/cart/lines/{one}", {"quantity": 3}, mine)
        self.guest.expect(200, "DELETE", f"/cart/lines/{two}", headers=mine)
        self.guest.expect(200, "GET", f"/cart?promotion={CODE}", headers=mine)
        other = {"x-cart-token": self.guest.expect(201, "POST", "/carts")["cart_token"]}
        self.guest.expect(200, "POST", "/cart/lines", _lines(two), other)
        self.guest.expect(204, "DELETE", "/cart", headers=other)
        return token

    def account(self, cart: str) -> Shop:
        """Registers, takes the cart along, changes and forgets the password; who is logged in."""
        known = {"username": self.name, "password": self.password}
        self.guest.expect(201, "POST", "/users", {**known, "email": self.email})
        user = self._logged_in(cart_token=cart)
        user.expect(200, "GET", "/users/me")
        same = {"old_password": self.password, "new_password": self.password}
        user.expect(204, "PUT", "/users/me/password", same)
        user.expect(204, "DELETE", "/sessions/current")
        self.guest.expect(202, "POST", "/password-resets", {"username": self.name})
        anew = {"new_password": self.password}
        self.guest.expect(204, "POST", f"/password-resets/{self._reset_token()}", anew)
        return self._logged_in()

    def upload(self, user: Shop) -> None:
        """A file that is looked at, then fetched."""
        body = picture(self.name, PATTERNS[0])
        place = user.expect(201, "POST", "/uploads", _png(body))
        _put(place, body)
        for _ in range(2):
            user.expect(200, "GET", f"/uploads/{place['key']}")

    def buy(self, user: Shop, products: list[Any]) -> None:
        """Orders: paid in each way, refunded, sent off, cancelled by the customer and by an admin.

        Whoever is first of webhook, queue and customer has the work of a paid order.
        """
        admin, bought = self.admin, products[0]["product"]
        self._stocked(bought, 100)
        told = self._ordered(user, bought, "good", promotion=CODE)  # by the provider's queue
        self._webhook(told)
        self._confirmed(user, told)
        confirmed = self._ordered(user, bought, "silent")
        self._confirmed(user, confirmed)
        self._webhook(confirmed)
        hooked = self._ordered(user, bought, "silent")
        self._webhook(hooked)
        self._confirmed(user, hooked)
        sent = self._ordered(user, bought, "good")
        self._confirmed(user, sent)
        user.expect(200, "GET", "/orders")
        dropped = self._ordered(user, bought, "")
        user.expect(200, "POST", f"/orders/{dropped}/cancel")
        refused = self._ordered(user, bought, "")
        admin.expect(200, "GET", "/admin/orders")
        admin.expect(200, "POST", f"/admin/orders/{refused}/cancel")
        admin.expect(200, "GET", f"/admin/orders/{sent}")
        admin.expect(200, "POST", f"/admin/orders/{sent}/fulfil")
        for wanted in ({"amount": 100, "reason": "a dent"}, {"reason": "back", "restock": "all"}):
            admin.expect(201, "POST", f"/admin/orders/{told}/refunds", wanted, _key())
        admin.expect(200, "GET", f"/admin/audit?subject=order:{told}")
        admin.expect(200, "GET", "/admin/audit")

    def keep_products(self) -> None:
        """A product that is made, stocked, shown, changed and deleted again."""
        admin = self.admin
        said = {
            "name": f"A measured thing, {self.name}",
            "description": "It stands here for a moment, and nobody buys it.",
            "price": 1290,
            "currency": "EUR",
            "category": "Measured",
        }
        product = admin.expect(201, "POST", "/admin/products", said)["product"]
        path = f"/admin/products/{product}"
        self._stocked(product, 10)
        admin.expect(200, "GET", f"{path}/stock")
        body = picture(self.name, PATTERNS[1])
        place = admin.expect(201, "POST", f"{path}/images", _png(body))
        _put(place, body)
        there = admin.expect(200, "GET", path)
        chosen = {"version": there["version"], "upload": place["upload"]}
        there = admin.expect(200, "PUT", f"{path}/image", chosen)
        changed = {**said, "price": 1190, "active": True, "version": there["version"]}
        admin.expect(200, "PUT", path, changed)
        admin.expect(200, "GET", "/admin/products")
        admin.expect(204, "DELETE", path)

    def keep_promotions(self) -> None:
        """A promotion that is made and changed."""
        now_ms = time.time_ns() // 1_000_000
        terms = {
            "kind": "percent",
            "value": 5,
            "currency": "EUR",
            "minimum": 0,
            "starts_at": now_ms,
            "ends_at": now_ms + _HOUR_MS,
        }
        made = {**terms, "code": f"M-{token_hex(4)}".upper(), "uses": 10}
        there = self.admin.expect(201, "POST", "/admin/promotions", made)
        path = f"/admin/promotions/{there['code']}"
        self.admin.expect(200, "GET", path)
        ended = {**terms, "active": False, "version": there["version"]}
        self.admin.expect(200, "PUT", path, ended)
        self.admin.expect(200, "GET", "/admin/promotions")

    def _logged_in(self, **more: str) -> Shop:
        known = {"username": self.name, "password": self.password, **more}
        begun = self.guest.expect(201, "POST", "/sessions", known)
        return replace(self.guest, token=begun["token"])

    def _reset_token(self) -> str:
        for letter in reversed(self.letters(self.email)):
            _, found, rest = letter["text"].partition("/password-resets/")
            if found:
                return str(rest.split()[0].rstrip("."))
        raise PlatformError(f"no letter to {self.email} has a token for a new password")

    def _stocked(self, product: str, pieces: int) -> None:
        delta = {"delta": pieces, "reason": "a delivery"}
        self.admin.expect(200, "POST", f"/admin/products/{product}/stock", delta, _key())

    def _ordered(self, user: Shop, product: str, card: str, promotion: str = "") -> str:
        """The id of an order, paid by a card of the fake provider where one is named."""
        user.expect(200, "POST", "/cart/lines", _lines(product))
        total = user.expect(200, "GET", f"/cart?promotion={promotion}")["total"]
        wanted = {"expected_total": total, "address": ADDRESS, "promotion": promotion}
        order = user.expect(201, "POST", "/orders", wanted, _key())
        if card:
            page = order["payment"]["client"]["url"]
            self.guest.ask("GET", page)
            paid = self.guest.ask("POST", page, f"card={card}".encode(), _FORM)
            if b"the money is held" not in paid.body and b"this is paid" not in paid.body:
                raise PlatformError(f"POST {page} was answered by {paid.status}: {paid.detail}")
        else:
            user.expect(204, "DELETE", "/cart")
        return str(order["order"])

    def _confirmed(self, user: Shop, order: str) -> None:
        seen = user.expect(200, "POST", f"/orders/{order}/confirm")
        if seen["state"] != "paid":
            raise PlatformError(f"the order {order} should be paid, and is {seen['state']}")
        user.expect(200, "GET", f"/orders/{order}")

    def _webhook(self, order: str) -> None:
        told = {"id": token_hex(13), "payment": {"order": order, "state": "authorised"}}
        body = json.dumps(told).encode()
        self.guest.expect(204, "POST", "/payments/webhooks", body, self.sign(body))


def _lines(product: str) -> dict[str, Any]:
    return {"lines": [{"product": product, "quantity": _PIECES}]}


def _png(body: bytes) -> dict[str, Any]:
    return {"content_type": "image/png", "size": len(body)}


def _put(place: Mapping[str, Any], body: bytes) -> None:
    if (status := put(place["url"], body, place["headers"])) not in (200, 201, 204):
        raise PlatformError(f"a file was answered by {status} where it is PUT")


def _key() -> dict[str, str]:
    return {"idempotency-key": token_hex(16)}
