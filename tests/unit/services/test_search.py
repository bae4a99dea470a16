"""Search by words, against a plain model of it, and what it reads at most."""

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.adapters.memory.clock import MemoryClock
from app.adapters.memory.tables import MemoryTable
from app.domain.errors import InvalidError
from app.domain.ids import new_id
from app.ports.tables import Row, Schema
from app.services.product_rows import as_list, product
from app.services.search_products import LOOK, SCAN, search_products
from tests.support.catalog import Catalog, Counted, all_pages, ascending
from tests.support.memory_shop import NOW_MS

WORDS = ("tea", "green", "black", "cup", "绿茶")
CATEGORIES = ("", "Tea", "Cups")
MANY = 10_000
EXAMPLES = 400 if settings().max_examples > 1000 else 20


@st.composite
def products(draw: st.DrawFn) -> dict[str, Any]:
    """What is said of one product, of few words so that many share them."""
    words = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4))
    return {
        "name": " ".join(words),
        "description": draw(st.sampled_from(("", "a CUP of", "Tea!"))),
        "category": draw(st.sampled_from(CATEGORIES)),
        "active": draw(st.sampled_from((True, True, True, False))),
    }


@settings(max_examples=EXAMPLES)
@given(
    made=st.lists(products(), max_size=12),
    edits=st.lists(st.tuples(st.integers(0, 11), st.none() | products()), max_size=6),
    query=st.lists(st.sampled_from((*WORDS, "none", "of")), min_size=1, max_size=3, unique=True),
    category=st.sampled_from(("", "tea", "CUPS", "none")),
    limit=st.integers(1, 5),
)
def test_search_finds_just_what_a_look_at_every_product_would(
    made: list[dict[str, Any]],
    edits: list[tuple[int, dict[str, Any] | None]],
    query: list[str],
    category: str,
    limit: int,
) -> None:
    shop = Catalog()
    model = {shop.made(**each): each for each in made}
    for at, wanted in edits:
        if at < len(model):
            an_id = list(model)[at]
            gone = model[an_id] is GONE
            status = (shop.remove(an_id) if wanted is None else shop.edit(an_id, **wanted)).status
            assert status == (204 if wanted is None else 409 if gone else 200)
            if not gone:
                model[an_id] = GONE if wanted is None else wanted

    tables = {name: shop.table(name) for name in ("products", "words")}
    found = all_pages(
        lambda cursor: search_products(" ".join(query), category, cursor, limit, **tables)
    )

    assert found == [
        an_id for an_id, each in model.items() if each["active"] and fits(each, query, category)
    ]


GONE: dict[str, Any] = {"active": False}


def fits(each: dict[str, Any], query: list[str], category: str) -> bool:
    """Whether the words are all there, by a plain look."""
    text = f"{each['name']} {each['description']} {each['category']}".lower()
    words = text.replace("!", " ").split()
    return all(word in words for word in query) and (
        not category or category.lower() == each["category"].lower()
    )


@cache
def large() -> tuple[MemoryTable, MemoryTable]:
    """Ten thousand products that share a word; every second has another, few have a third."""
    shop = Catalog()
    row = shop.row(shop.made(category="Tea"))
    clock = MemoryClock(NOW_MS)
    indexes = {"by_listing": ("listed", "product")}
    shelf = MemoryTable(Schema(partition="product", indexes=indexes), clock)
    words = MemoryTable(Schema(partition="word", sort="product"), clock)
    for number in range(MANY):
        add(shelf, words, row, number)
    return shelf, words


def add(shelf: MemoryTable, words: MemoryTable, row: Row, number: int) -> None:
    found = ["common"]
    found += ["even"] if number % 2 == 0 else ["odd"]
    found += ["third"] if number % 3 == 0 else []
    found += ["rare"] if number % 1000 == 7 else []
    found += ["last"] if number == MANY - 1 else []
    an_id = new_id(NOW_MS + number)
    shelf.put({**row, "product": an_id, "words": as_list(found), "written": as_list(found)})
    for word in found:
        words.put({"word": word, "product": an_id, "words": " ".join(found), "category": "tea"})


@pytest.mark.parametrize(
    ("query", "category", "count", "most_pages"),
    [
        ("common", "", MANY, 501),
        ("common", "tea", MANY, 501),
        ("common", "cups", 0, 41),
        ("common even", "", MANY // 2, 252),
        ("common rare", "", 10, 2),
        ("rare common even odd third last", "", 0, 2),
        ("last common", "tea", 1, 2),
        ("even odd", "", 0, 26),
        ("third even common", "", 1667, 90),
        ("unheard common", "", 0, 1),
    ],
)
def test_a_page_of_ten_thousand_products_that_share_a_word_reads_a_few_hundred_rows(
    query: str, category: str, count: int, most_pages: int
) -> None:
    shelf, words = large()
    limit, pages = 20, 0

    def one(cursor: str) -> Any:
        nonlocal pages
        pages += 1
        gets, rows = Counted(shelf), Counted(words)
        page = search_products(query, category, cursor, limit, products=gets, words=rows)
        assert (gets.gets, gets.rows, rows.gets) <= (limit, 0, 0)
        assert gets.gets <= limit
        assert rows.rows <= SCAN + LOOK * 8 + 50
        assert len(page.products) <= limit
        return page

    found = all_pages(one)

    assert len(found) == count
    assert ascending(found)
    assert pages <= most_pages


def test_eight_words_count_and_no_more_of_a_query() -> None:
    shelf, words = large()
    query = "common even third rare odd last more others unheard"

    class Asked(Counted):
        def query(self, *given: Any, **named: Any) -> Any:
            partitions.append(given[0])
            return super().query(*given, **named)

    partitions: list[str] = []
    search_products(query, "", "", 5, products=shelf, words=Asked(words))

    assert set(partitions) == set(query.split()[:8])


@pytest.mark.parametrize("query", ["", "a", "!?", "茶"])
def test_a_query_without_a_word_is_refused(query: str) -> None:
    shelf, words = large()
    with pytest.raises(InvalidError, match="two letters"):
        search_products(query, "", "", 5, products=shelf, words=words)


def test_what_is_left_of_words_that_a_product_has_no_more_is_never_shown() -> None:
    """A row of words whose product was edited, hidden or is gone costs a look, and no more."""
    shop = Catalog()
    kept, renamed, hidden = (shop.made() for _ in range(3))
    words = shop.table("words")
    left = [dict(row) for row in shop.rows("words")]
    assert shop.edit(renamed, name="Mug", category="", description="").status == 200
    assert shop.edit(hidden, active=False).status == 200
    for row in [*left, {**left[0], "product": new_id(NOW_MS), "word": "tea"}]:
        words.put(row)

    assert shop.found("tea") == [kept]
    assert shop.found("tea green", category="tea", limit="1") == [kept]
    assert product(shop.row(renamed)).name == "Mug"
