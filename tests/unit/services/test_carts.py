"""Carts: kept by version, merged once, dropped when nobody touches them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.adapters.common.tables import schema_of
from app.adapters.memory.clock import MemoryClock
from app.adapters.memory.tables import MemoryTable
from app.domain.cart import Line
from app.domain.errors import ConflictError, NotFoundError
from app.services.cart_rows import read_cart, write_cart
from app.services.change_cart import add_lines, empty, merge, set_line
from app.services.sweep_carts import sweep_carts
from app.services.view_cart import Seen, view_cart
from infra import shop
from infra.granted import keys
from tests.support.memory_shop import NOW_MS

GUEST, USER = "guest:01KAMPVE00ZK8J4F7C2R5Q9XTB", "user:01KAMPVE00ZK8J4F7C2R5Q9XTC"
DAY_MS = 24 * 60 * 60 * 1000
TEA, CUP = "01KAMPVE00ZK8J4F7C2R5Q9XTD", "01KAMPVE00ZK8J4F7C2R5Q9XTE"


class Carts:
    """The tables that carts need, and the services on them."""

    def __init__(self, lag_ms: int = 0) -> None:
        self.clock = MemoryClock(NOW_MS)
        self.carts, self.products, self.promotions = (
            self._table(name, lag_ms) for name in ("carts", "products", "promotions")
        )
        self.sell(TEA, 500)
        self.sell(CUP, 1_200)

    def _table(self, name: str, lag_ms: int) -> MemoryTable:
        table = next(each for each in shop.TABLES if each.name == name)
        return MemoryTable(schema_of(keys(table)), self.clock, lag_ms)

    def sell(self, product: str, price: int, *, active: bool = True, currency: str = "EUR") -> None:
        self.products.put(
            {
                "product": product,
                "name": "Tea",
                "price": price,
                "currency": currency,
                "active": active,
                "deleted": False,
            }
        )

    def add(self, cart: str, *lines: Line) -> None:
        add_lines(cart, lines, carts=self.carts, products=self.products, clock=self.clock)

    def set(self, cart: str, line: Line) -> None:
        set_line(line, cart, carts=self.carts, products=self.products, clock=self.clock)

    def lines(self, cart: str) -> dict[str, int]:
        return {each.product: each.quantity for each in read_cart(cart, carts=self.carts).lines}

    def view(self, cart: str) -> Seen:
        return view_cart(
            read_cart(cart, carts=self.carts),
            "",
            products=self.products,
            promotions=self.promotions,
            clock=self.clock,
        )

    def merge(self) -> None:
        merge(GUEST, USER, carts=self.carts, clock=self.clock)

    def sweep(self) -> int:
        return sweep_carts(carts=self.carts, clock=self.clock)


def test_two_lines_of_one_product_are_one() -> None:
    of = Carts()
    of.add(GUEST, Line(TEA, 1), Line(TEA, 2))
    of.add(GUEST, Line(TEA, 3), Line(CUP, 1))
    assert of.lines(GUEST) == {TEA: 6, CUP: 1}


def test_what_is_not_sold_cannot_be_put_in() -> None:
    of = Carts()
    of.sell(CUP, 1_200, active=False)
    with pytest.raises(NotFoundError):
        of.add(GUEST, Line(CUP, 1))
    with pytest.raises(NotFoundError):
        of.set(GUEST, Line("01KAMPVE00ZK8J4F7C2R5Q9XTZ", 1))
    assert of.lines(GUEST) == {}


def test_a_cart_is_priced_anew_at_each_look() -> None:
    of = Carts()
    of.add(GUEST, Line(TEA, 2), Line(CUP, 1))
    of.sell(TEA, 700)
    of.sell(CUP, 1_200, active=False)
    seen = of.view(GUEST)
    assert seen.bill.total == 1_400
    assert seen.gone == (CUP,)


def test_a_change_of_a_cart_that_was_changed_since_is_refused() -> None:
    of = Carts()
    of.add(GUEST, Line(TEA, 1))
    seen = read_cart(GUEST, carts=of.carts)
    of.add(GUEST, Line(CUP, 1))
    with pytest.raises(ConflictError):
        write_cart(seen, carts=of.carts, clock=of.clock)
    assert of.lines(GUEST) == {TEA: 1, CUP: 1}


def test_a_cart_is_merged_once_however_often_it_is_tried() -> None:
    of = Carts()
    of.add(GUEST, Line(TEA, 2))
    of.add(USER, Line(TEA, 1), Line(CUP, 1))
    left = of.carts.get({"cart": GUEST})
    assert left is not None
    of.merge()
    of.merge()
    of.carts.put(left)  # as though the process had died before it removed the guest's
    of.merge()
    assert of.lines(USER) == {TEA: 3, CUP: 1}
    assert of.lines(GUEST) == {}


def test_what_a_guest_puts_in_after_a_login_is_merged_at_the_next() -> None:
    of = Carts()
    of.add(GUEST, Line(TEA, 2))
    of.merge()
    of.clock.advance(1)
    of.add(GUEST, Line(TEA, 3), Line(CUP, 1))
    of.merge()
    of.merge()
    assert of.lines(USER) == {TEA: 5, CUP: 1}
    assert of.lines(GUEST) == {}


def test_a_product_of_another_currency_is_refused_and_changes_nothing() -> None:
    of = Carts()
    of.sell(CUP, 1_200, currency="USD")
    with pytest.raises(ConflictError):
        of.add(GUEST, Line(TEA, 1), Line(CUP, 1))
    of.add(GUEST, Line(TEA, 1))
    with pytest.raises(ConflictError):
        of.add(GUEST, Line(CUP, 1))
    with pytest.raises(ConflictError):
        of.set(GUEST, Line(CUP, 1))
    assert of.lines(GUEST) == {TEA: 1}


def test_a_cart_that_came_to_be_of_two_currencies_is_seen_and_can_be_mended() -> None:
    """By merging, or when a product's currency was changed."""
    of = Carts()
    of.add(GUEST, Line(TEA, 2), Line(CUP, 1))
    of.sell(CUP, 1_200, currency="USD")
    seen = of.view(GUEST)
    assert (seen.bill.total, seen.bill.currency, seen.gone) == (1_000, "EUR", (CUP,))
    of.set(GUEST, Line(CUP, 0))
    assert of.view(GUEST).gone == ()


def test_an_emptied_cart_is_empty_and_is_still_the_same() -> None:
    of = Carts()
    of.add(GUEST, Line(TEA, 2))
    before = read_cart(GUEST, carts=of.carts).version
    empty(GUEST, carts=of.carts, clock=of.clock)
    assert of.lines(GUEST) == {}
    assert read_cart(GUEST, carts=of.carts).version == before + 1


@pytest.mark.parametrize("lag_ms", [0, 10_000])
def test_a_cart_goes_when_nobody_has_touched_it_for_thirty_days(lag_ms: int) -> None:
    of = Carts(lag_ms)
    of.add(GUEST, Line(TEA, 2))
    of.add(USER, Line(TEA, 2))
    of.clock.advance(29 * DAY_MS)
    of.set(USER, Line(TEA, 1))
    assert of.sweep() == 0
    of.clock.advance(3 * DAY_MS)
    assert of.sweep() == 1
    assert of.lines(GUEST) == {}
    assert of.lines(USER) == {TEA: 1}


def test_a_cart_that_the_index_shows_as_it_was_is_not_dropped() -> None:
    of = Carts(lag_ms=DAY_MS * 40)
    of.add(GUEST, Line(TEA, 2))
    of.clock.advance(41 * DAY_MS)
    of.add(GUEST, Line(TEA, 1))
    assert of.sweep() == 0
    assert of.lines(GUEST) == {TEA: 3}


@given(st.lists(st.tuples(st.sampled_from([TEA, CUP]), st.integers(0, 99)), max_size=10))
@settings(max_examples=30)
def test_a_line_has_the_quantity_that_was_set_last(sets: list[tuple[str, int]]) -> None:
    of = Carts()
    wanted: dict[str, int] = {}
    for product, quantity in sets:
        of.set(GUEST, Line(product, quantity))
        wanted[product] = quantity
    assert of.lines(GUEST) == {product: pieces for product, pieces in wanted.items() if pieces}
