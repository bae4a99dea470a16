"""Browsing and ordering through HTTP, beside what SQLite itself does here.

A whole local shop with a thousand products, for each durability: pages of products, then orders of
one piece by sixteen guests, each with a cart of his own, first all of one product, then of all. All
in one run and in turn, since a machine's own speed comes and goes.
"""

import http.client
import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from statistics import median
from typing import Literal

from app.adapters.common.clock import SystemClock
from app.adapters.common.tables import schema_of
from app.adapters.local.tables import LocalTable
from app.adapters.memory.blobs import MemoryBucket
from app.adapters.memory.queue import MemoryQueue
from app.domain.product import Draft
from app.services.create_product import create_product
from app.services.edit_product import Stores
from bench import figures, sqlite_alone
from bench.cloud import Cloud
from bench.contestants import await_answer
from bench.load import Generator
from bench.stores import CLIENTS, whole
from infra import shop
from infra.cli.commands import Progress
from infra.errors import PlatformError
from infra.granted import keys
from infra.local.places import Places
from infra.local.ports import free_port
from infra.settings_local import Local

PRODUCTS = 1000
PIECES = 10**9
PRICE = 450
_BUSY = (429, 503)
_JSON = {"content-type": "application/json"}
ADDRESS = {
    "name": "The Tea House",
    "street": "Leaf Lane 7",
    "city": "Bremen",
    "postcode": "28195",
    "country": "DE",
}
_SYNCHRONOUS: dict[str, sqlite_alone.Synchronous] = {"full": "FULL", "normal": "NORMAL"}

Durability = Literal["full", "normal"]


@dataclass(frozen=True, slots=True)
class Ordered:
    """What sixteen guests got done: orders a second, and the ms that POST /orders took."""

    per_s: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Rates:
    """Round by round, of one durability."""

    sqlite_writes: list[float]
    sqlite_reads: list[float]
    browses: list[float]
    browse_p99_ms: list[float]
    one_product: list[Ordered]
    all_products: list[Ordered]


def measure(
    root: Path,
    durability: Durability,
    generator: Generator,
    *,
    rounds: int,
    seconds: int,
    progress: Progress,
) -> Rates:
    """Each rate in turn, `rounds` times `seconds`, of a shop in `root`. Raises PlatformError."""
    found = Rates([], [], [], [], [], [])
    settings = Local(durability=durability, storage_port=free_port())
    with Cloud.open(root, whole(), settings, free_port()) as cloud:
        address = f"http://127.0.0.1:{cloud.port}"
        await_answer(f"{address}/health", lambda: True)
        progress.say(f"{PRODUCTS} products, {durability} durability")
        products = filled(cloud.places)
        for number in range(1, rounds + 1):
            alone = _SYNCHRONOUS[durability]
            file = root / f"writes-{number}.db"
            found.sqlite_writes.append(sqlite_alone.rate(file, seconds, sqlite_alone.write, alone))
            file = root / f"reads-{number}.db"
            found.sqlite_reads.append(sqlite_alone.rate(file, seconds, sqlite_alone.read, alone))
            load, _ = generator.run(f"{address}/products?limit=20", seconds)
            if load.errors:
                raise PlatformError(f"/products answered {load.errors} times with an error")
            found.browses.append(load.per_s)
            found.browse_p99_ms.append(load.p99_ms)
            found.one_product.append(_orders(cloud.port, products[:1], seconds))
            found.all_products.append(_orders(cloud.port, products, seconds))
            progress.say(
                f"round {number} of {rounds}: {load.per_s:,.0f} pages/s, "
                f"{found.one_product[-1].per_s:,.1f} orders/s of one product, "
                f"{found.all_products[-1].per_s:,.1f} of {PRODUCTS}"
            )
    return found


def rows(rates: dict[Durability, Rates]) -> list[list[str]]:
    """The table: each rate, the times, and the share of SQLite's own in the same round."""
    table = [["durability", "", "a second", "p50 ms", "p99 ms", "of SQLite's own"]]
    for durability, found in rates.items():
        table += [
            [durability, "SQLite: writes", f"{median(found.sqlite_writes):,.0f}", "", "", ""],
            [durability, "SQLite: reads by key", f"{median(found.sqlite_reads):,.0f}", "", "", ""],
            [
                durability,
                "GET /products, pages of 20",
                f"{median(found.browses):,.0f}",
                "",
                f"{median(found.browse_p99_ms):,.0f}",
                _share(found.browses, found.sqlite_reads),
            ],
            _line(durability, "orders of one product", found.one_product, found.sqlite_writes),
            _line(
                durability, f"orders of {PRODUCTS} products", found.all_products,
                found.sqlite_writes,
            ),
        ]  # fmt: skip
    return table


def _line(
    durability: str, name: str, found: Sequence[Ordered], writes: Sequence[float]
) -> list[str]:
    per_s = [each.per_s for each in found]
    return [
        durability,
        name,
        f"{median(per_s):,.1f}",
        f"{median(each.p50_ms for each in found):,.0f}",
        f"{median(each.p99_ms for each in found):,.0f}",
        _share(per_s, writes),
    ]


def _share(ours: Sequence[float], theirs: Sequence[float]) -> str:
    shares = [each / other for each, other in zip(ours, theirs, strict=True) if other]
    return f"{median(shares):.4f}" if shares else "-"


def filled(places: Places, count: int = PRODUCTS) -> list[str]:
    """The ids of so many products that are in stock, written as admins' requests write them."""
    with ExitStack() as opened:
        names = ("products", "words", "image_uploads", "stock")
        tables = {name: opened.enter_context(closing(table(places, name))) for name in names}
        stores = Stores(
            products=tables["products"],
            words=tables["words"],
            uploads=tables["image_uploads"],
            images=MemoryBucket(SystemClock(), name="images"),
            events=MemoryQueue(),
            clock=SystemClock(),
        )
        return [_new_product(number, stores, tables["stock"]) for number in range(count)]


def _new_product(number: int, stores: Stores, stock: LocalTable) -> str:
    draft = Draft(
        name=f"Tea number {number}",
        description="Green leaves.",
        price=PRICE,
        currency="EUR",
        category="Tea",
        active=True,
    )
    product = create_product(draft, "bench", stores=stores, stock=stock).product
    stock.update({"product": product}, add={"available": PIECES})
    return product


def table(places: Places, name: str) -> LocalTable:
    """A table of a local shop, as an operator has it: whatever is granted."""
    (stated,) = (each for each in shop.TABLES if each.name == name)
    schema = schema_of(keys(stated))
    return LocalTable(places.data / "tables" / name, schema, SystemClock(), "normal")


def _orders(port: int, products: Sequence[str], seconds: int) -> Ordered:
    """What sixteen guests get done, each with a new cart for each order. Raises PlatformError."""
    began = time.monotonic()

    def client(_: int) -> list[float]:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            return list(_bought(link, products, lambda: time.monotonic() - began < seconds))
        finally:
            link.close()

    with ThreadPoolExecutor(CLIENTS) as pool:
        took = [each for some in pool.map(client, range(CLIENTS)) for each in some]
    spent = time.monotonic() - began
    if not took:
        raise PlatformError("no order was placed in time: give it more --seconds")
    ms = [each * 1000 for each in took]
    return Ordered(len(took) / spent, figures.percentile(ms, 0.5), figures.percentile(ms, 0.99))


def _bought(
    link: http.client.HTTPConnection, products: Sequence[str], more: Callable[[], bool]
) -> Iterator[float]:
    """The seconds that each POST /orders took, waits for a free instance included."""
    while more():
        cart = {"x-cart-token": _done(link, "POST", "/carts", None, {})["cart_token"]}
        product = random.choice(products)  # noqa: S311 - which one is no secret
        _done(link, "PUT", f"/cart/lines/{product}", {"quantity": 1}, cart)
        body = {"expected_total": PRICE, "email": "bench@letters.example", "address": ADDRESS}
        start = time.monotonic()
        _done(link, "POST", "/orders", body, {**cart, "idempotency-key": token_hex(8)})
        yield time.monotonic() - start


def _done(
    link: http.client.HTTPConnection, method: str, path: str, body: object, headers: dict[str, str]
) -> dict[str, str]:
    """The answer, asked for again while the shop says that nobody is free."""
    sent = None if body is None else json.dumps(body)
    while True:
        link.request(method, path, sent, {**_JSON, **headers})
        answer = link.getresponse()
        said = answer.read()
        if answer.status not in _BUSY:
            break
    if answer.status not in (200, 201):
        raise PlatformError(f"{method} {path} answers {answer.status}: {said[:300].decode()}")
    found: dict[str, str] = json.loads(said)
    return found
