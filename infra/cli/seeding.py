"""Filling a shop over its own API, as an admin.

Looks at what is there first, so that a second run adds nothing. A product gets its stock, and its
picture last of all: one without a picture was begun by a run that was interrupted, and is finished.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.cli.seed_goods import Goods, Promotion, Ware
from infra.cli.shop_http import Shop, put
from infra.errors import PlatformError

Upload = Callable[[str, bytes, Mapping[str, str]], int]
"""PUT bytes with these headers to a URL that was handed out; the answer's status."""

_EVERY: Final = 10
_YEAR_MS = 365 * 24 * 3600 * 1000
_TAKEN, _GONE = 409, 404
_TERMS = ("kind", "value", "currency", "minimum", "active", "version")


@dataclass(frozen=True, slots=True)
class Filled:
    """How many of each were put in, and how many were there."""

    products: int
    products_there: int
    promotions: int
    promotions_there: int


def fill(shop: Shop, goods: Goods, say: Callable[[str], object], upload: Upload = put) -> Filled:
    """Put in what is missing; `shop` asks as an admin. Raises PlatformError."""
    missing = unfinished(goods.wares, shop.pages("/admin/products", "products"))
    say(f"{len(missing)} of {len(goods.wares)} products to put in")
    for number, (ware, product) in enumerate(missing, 1):
        made = product or shop.expect(201, "POST", "/admin/products", ware.body())
        _stocked(shop, ware, made, upload)
        if number % _EVERY == 0 or number == len(missing):
            say(f"{number} of {len(missing)} products")
    made = sum(_promoted(shop, each) for each in goods.promotions)
    say(f"{made} of {len(goods.promotions)} promotions put in")
    there = len(goods.wares) - len(missing)
    return Filled(len(missing), there, made, len(goods.promotions) - made)


def unfinished(wares: Iterable[Ware], there: Iterable[Any]) -> list[tuple[Ware, Any]]:
    """The products that lack something, each with what the shop has of it, or None."""
    found: dict[tuple[str, str], Any] = {}
    for each in there:
        known_by = (each["category"].casefold(), each["name"])
        if not each["deleted"] and not found.get(known_by, {}).get("image"):
            found[known_by] = each
    wanted = [(ware, found.get(ware.known_by)) for ware in wares]
    return [(ware, product) for ware, product in wanted if not (product and product["image"])]


def _stocked(shop: Shop, ware: Ware, product: Any, upload: Upload) -> None:
    """Give a product its stock, once, and its picture."""
    path = f"/admin/products/{product['product']}"
    delta = {"delta": ware.stock, "reason": "first stock"}
    answer = shop.ask("POST", f"{path}/stock", delta, {"idempotency-key": "seed"})
    if answer.status not in (200, _TAKEN):  # taken: by a run that had other numbers
        raise PlatformError(f"{ware.name}: stock was answered by {answer.status}: {answer.detail}")
    image = ware.image
    wanted = {"content_type": "image/png", "size": len(image)}
    place = shop.expect(201, "POST", f"{path}/images", wanted)
    if (status := upload(place["url"], image, place["headers"])) not in (200, 201, 204):
        raise PlatformError(f"{ware.name}: its picture was answered by {status} where it is PUT")
    chosen = {"version": product["version"], "upload": place["upload"]}
    shop.expect(200, "PUT", f"{path}/image", chosen)


def _promoted(shop: Shop, wanted: Promotion) -> bool:
    """Have a promotion hold for a year; whether it had to be put in, or prolonged."""
    now_ms = time.time_ns() // 1_000_000
    window = {"starts_at": now_ms, "ends_at": now_ms + _YEAR_MS}
    path = f"/admin/promotions/{wanted.code}"
    answer = shop.ask("GET", path)
    if answer.status == _GONE:
        body = {
            "code": wanted.code,
            "kind": wanted.kind,
            "value": wanted.value,
            "currency": wanted.currency,
            "minimum": wanted.minimum,
            "uses": wanted.uses,
        }
        shop.expect(201, "POST", "/admin/promotions", {**body, **window})
        return True
    there = shop.expect(200, "GET", path)
    if there["ends_at"] > now_ms:
        return False
    shop.expect(200, "PUT", path, {**{name: there[name] for name in _TERMS}, **window})
    return True
