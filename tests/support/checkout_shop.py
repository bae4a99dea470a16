"""A shop whose stores a test chooses, with products, carts, and everybody who works on orders."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.adapters.memory.clock import MemoryClock
from app.bootstrap import Services
from app.domain.cart import Line
from app.domain.errors import ConflictError, InvalidError
from app.domain.order import Order, order_id
from app.domain.promotion import Terms
from app.domain.refund import Wish as Back
from app.domain.shards import shard
from app.handlers import sagas, settle
from app.ports.adapters import Adapters
from app.ports.errors import UnavailableError
from app.ports.tables import Table
from app.services import stock_rows
from app.services.adjust_stock import Wish, adjust_stock
from app.services.advance import advance
from app.services.audit import entry
from app.services.cancel_order import cancel_order
from app.services.cart_rows import Cart, read_cart, write_cart
from app.services.checkout import Asked, checkout
from app.services.order_rows import key_of, read_order
from app.services.promotion_rows import new_row
from app.services.refund import refund
from app.services.saga import Protocol, Saga
from app.services.sweep import sweep
from tests.support.fake_till import CloudOn
from tests.support.memory_shop import NOW_MS, environment
from tests.support.shop_invariants import Books
from tests.support.tables_stores import STORES, Store

TEA, CUP, POT = (f"01KAMPVE00ZK8J4F7C2R5Q9XT{each}" for each in "ABC")
_PRICES = {TEA: 500, CUP: 700, POT: 1_100}
OTHER_PRICE = 100
CODE = "SPRING"
GRACE_MS = 3 * 60_000
EXPIRED_MS = 31 * 60_000

Wrap = Callable[[Adapters], Adapters]


class CheckoutShop:
    """One shop. `cloud` holds its stores; `rules` are those that its workers go by."""

    def __init__(
        self,
        stock: Mapping[str, int],
        *,
        uses: int | None = None,
        store: Store | None = None,
        rules: Protocol | None = None,
        wrap: Wrap = lambda adapters: adapters,
        lag_ms: int = 0,
        card: str = "",
    ) -> None:
        """`stock` has the pieces of each product, `uses` those of the promotion, if there is one.

        `late` is what is still on its way: each does something, and says how many writes that was.
        `wrap` stands between every worker and whatever adapters he has.

        Without a `store` the tables are in memory, and their indexes lag by `lag_ms`. With a `card`
        of the fake provider, that is the one who takes the money.
        """
        self.clock = MemoryClock(NOW_MS)
        self.cloud = CloudOn(self.clock, store, lag_ms, card)
        self.till = self.cloud.till
        self.rules = rules or Protocol()
        self._wrap = wrap
        self.late: list[Callable[[], int]] = []
        self.books = Books(dict(stock), {} if uses is None else {CODE: uses})
        orders, settling = self.services("orders"), self.services("settle")
        self._books_saga = sagas.saga(settling)
        for product, pieces in stock.items():
            self._sell(settling.table("products"), product)
            orders.table("stock").put(stock_rows.new_row(product, pieces))
        if uses is not None:
            orders.table("promotions").put(self._promotion(uses))

    def services(self, function: str, adapters: Adapters | None = None) -> Services:
        return Services(environment(function), self._wrap(adapters or self.cloud))

    def saga(self, adapters: Adapters | None = None) -> Saga:
        """What workers go by."""
        return ruled(sagas.saga(self.services("orders", adapters)), self.rules)

    def put_cart(
        self, who: str, lines: Mapping[str, int], adapters: Adapters | None = None
    ) -> None:
        """Have so many pieces of each product in somebody's cart."""
        carts = self.services("orders", adapters).table("carts")
        there = read_cart(who, carts=carts)
        wanted = tuple(Line(product, pieces) for product, pieces in lines.items())
        write_cart(
            Cart(who, wanted, version=there.version, created_at=there.created_at),
            carts=carts,
            clock=self.clock,
        )

    def asked(self, who: str, lines: Mapping[str, int], key: str = "k1", code: str = "") -> Asked:
        """What a customer asks for whose cart is this."""
        total = sum(price(product) * pieces for product, pieces in lines.items())
        asked = Asked(
            principal=who,
            key=key,
            expected_total=total - (100 if code else 0),
            currency="EUR",
            email="a@shop.example",
            address="{}",
            promotion=code,
        )
        if asked.order not in self.books.orders:
            self.books.orders.append(asked.order)
        return asked

    def check_out(self, asked: Asked, adapters: Adapters | None = None) -> str:
        """What became of it: placed, refused, or undecided."""
        services = self.services("orders", adapters)
        made = sagas.counter(services)
        counter = replace(made, saga=ruled(made.saga, self.rules))
        return answer(lambda: checkout(asked, counter))

    def confirm(self, order: str, adapters: Adapters | None = None) -> str:
        """Somebody, or a webhook, has the order looked at."""
        return answer(lambda: advance(order, self.saga(adapters)))

    def cancel(self, order: str, who: str, adapters: Adapters | None = None) -> str:
        return answer(lambda: cancel_order(order, who, self.saga(adapters)))

    def adjust(self, wish: Wish, adapters: Adapters | None = None) -> str:
        named = (wish.product, wish.adjustment)
        if named not in self.books.adjustments:
            self.books.adjustments.append(named)
        return answer(lambda: adjust_stock(wish, self.saga(adapters)))

    def refund(self, order: str, wish: Back, adapters: Adapters | None = None) -> str:
        """An admin gives money back: what became of it."""
        return answer(lambda: refund(order, wish, self.saga(adapters)))

    def sweep(self, adapters: Adapters | None = None) -> dict[str, int]:
        """One run of the schedule."""
        services = self.services("settle", adapters)
        return sweep(settle.parts(services, ruled(sagas.saga(services), self.rules)))

    def sweep_alone(self) -> None:
        """Let two minutes go by, then half an hour, with nobody but the sweeper left."""
        for wait_ms in (GRACE_MS, EXPIRED_MS, GRACE_MS):
            self.clock.advance(wait_ms)
            self.sweep()

    def order(self, order: str) -> Order | None:
        """The order as it is."""
        row = self.saga().orders.get(key_of(order))
        return None if row is None else read_order(row)

    def violations(self) -> list[str]:
        """What is never to be so, and is."""
        return self.books.violations(self._books_saga, self.till.state, self.till.refunded)

    def unrest(self) -> list[str]:
        """What is not to be so when the sweeper has run alone, and is."""
        told = [message.body for message in self.cloud.queues["events"].messages]
        till = self.till
        found = self.books.unrest(self._books_saga, till.state, till.refunded, told)
        return self.violations() + found

    def _sell(self, products: Table, product: str) -> None:
        products.put(
            {
                "product": product,
                "name": f"The {product[-1]}",
                "price": price(product),
                "currency": "EUR",
                "active": True,
                "deleted": False,
                "shelf": shard("shelf", product),
                "told": "[]",
                "tries": 0,
            }
        )

    def _promotion(self, uses: int) -> Any:
        terms = Terms(
            code=CODE,
            kind="fixed",
            value=100,
            currency="EUR",
            minimum=0,
            starts_at=0,
            ends_at=NOW_MS * 2,
            active=True,
        )
        thing = entry(f"promotion:{CODE}", "promotion made", "01", NOW_MS)
        return new_row(terms, uses, thing, NOW_MS)


def price(product: str) -> int:
    """What a piece costs."""
    return _PRICES.get(product, OTHER_PRICE)


def ruled(saga: Saga, rules: Protocol) -> Saga:
    """The same, by other rules."""
    return replace(saga, rules=rules)


def answer(run: Callable[[], object]) -> str:
    """What became of it, in a word."""
    try:
        run()
    except (ConflictError, InvalidError) as error:
        return f"refused: {error}"
    except UnavailableError:
        return "undecided"
    return "placed"


def order_of(who: str, key: str = "k1") -> str:
    return order_id(who, key)


def local_store(folder: Path) -> Store:
    """SQLite, as the local stack has it."""
    return STORES["local-normal"](folder)
