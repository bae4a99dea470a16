"""Pages of products: none left out, none twice, whatever is added in between."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.services.list_products import list_all_products, list_products
from app.services.product_rows import Products
from app.services.search_products import search_products
from tests.support.catalog import Catalog, Counted, all_pages, ascending

EXAMPLES = 400 if settings().max_examples > 1000 else 10
Pager = Callable[[Catalog, int], Callable[[str], Products]]


def _all_seen(shop: Catalog, limit: int) -> Callable[[str], Products]:
    products = shop.table("products")
    return lambda cursor: list_products("", cursor, limit, products=products)


def _category(shop: Catalog, limit: int) -> Callable[[str], Products]:
    products = shop.table("products")
    return lambda cursor: list_products("TEA", cursor, limit, products=products)


def _all(shop: Catalog, limit: int) -> Callable[[str], Products]:
    products = shop.table("products")
    return lambda cursor: list_all_products(cursor, limit, products=products)


def _search(shop: Catalog, limit: int) -> Callable[[str], Products]:
    products, words = shop.table("products"), shop.table("words")
    return lambda cursor: search_products(
        "tea", "tea", cursor, limit, products=products, words=words
    )


def _search_two(shop: Catalog, limit: int) -> Callable[[str], Products]:
    products, words = shop.table("products"), shop.table("words")
    return lambda cursor: search_products(
        "green tea", "", cursor, limit, products=products, words=words
    )


@pytest.mark.parametrize("pager", [_all_seen, _category, _all, _search, _search_two])
@settings(max_examples=EXAMPLES)
@given(
    there=st.integers(0, 30),
    limit=st.integers(1, 9),
    between=st.lists(st.tuples(st.integers(-3, 40), st.integers(0, 3)), max_size=8),
)
def test_pages_have_all_that_was_there_once_and_in_order_while_others_are_added(
    pager: Pager, there: int, limit: int, between: list[tuple[int, int]]
) -> None:
    """What is added may be there or not: its id may lie behind, by a clock that went back."""
    shop = Catalog()
    before = [shop.made() for _ in range(there)]
    ops = iter(between)

    def add() -> None:
        moved, count = next(ops, (0, 0))
        shop.clock.advance(moved)
        for _ in range(count):
            assert shop.make().status == 201

    found = all_pages(pager(shop, limit), add)

    assert ascending(found)
    assert set(before) <= set(found)
    assert set(found) <= {str(row["product"]) for row in shop.rows("products")}


def test_what_no_customer_sees_stands_in_the_admins_list_alone() -> None:
    shop = Catalog()
    seen, hidden, deleted = (shop.made() for _ in range(3))
    assert shop.edit(hidden, active=False).status == 200
    assert shop.remove(deleted).status == 204

    assert all_pages(_all(shop, 2)) == [seen, hidden, deleted]
    for pager in (_all_seen, _category, _search, _search_two):
        assert all_pages(pager(shop, 2)) == [seen]
    assert shop.edit(hidden, active=True).status == 200
    assert all_pages(_category(shop, 2)) == [seen, hidden]


def test_a_product_moves_from_one_category_to_another_and_to_none() -> None:
    shop = Catalog()
    product = shop.made(category="Gifts")
    products = shop.table("products")

    def of(category: str) -> list[str]:
        return all_pages(lambda cursor: list_products(category, cursor, 9, products=products))

    assert (of("gifts"), of("tea"), of("")) == ([product], [], [product])
    assert shop.edit(product, category="  TEA ").status == 200
    assert (of("gifts"), of("tea"), of("")) == ([], [product], [product])
    assert shop.row(product)["category"] == "TEA"
    assert shop.edit(product, category="").status == 200
    assert (of("gifts"), of("tea"), of("")) == ([], [], [product])


def test_pages_that_a_store_ends_before_they_are_full_leave_nothing_out() -> None:
    """Stores read so many bytes at once, and then say where to go on."""
    shop = Catalog()
    made = [shop.made() for _ in range(30)]
    for name in ("products", "words"):
        shop.cloud.tables[name] = Short(shop.table(name))  # type: ignore[assignment]

    for pager in (_all_seen, _category, _all, _search, _search_two):
        assert all_pages(pager(shop, 7)) == made


class Short(Counted):
    """Ends each page after a row or two."""

    def query(self, *given: Any, **named: Any) -> Any:
        return super().query(*given, **named | {"limit": min(2, named["limit"])})
