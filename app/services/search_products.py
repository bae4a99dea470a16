"""Products by words: all of a query's words stand in the product, wherever.

Rows of words come in the order of products' ids, and each holds its product's other words: so one
word leads through its rows, the others are judged there, and only what fits is read. Which word
leads is found out anew for each page, by how far the first few rows of each reach: the fewer
products have a word, the farther. What is read for one page is bounded, however many products share
a word: a page may have fewer products than asked for, or none, and still another one after it.
"""

from app.domain.errors import InvalidError
from app.domain.product import category_key
from app.domain.words import asked_for
from app.ports.tables import Page, Row, Table
from app.services.product_rows import Product, Products, after, key, listed_texts, product

LOOK = 16  # rows of each word, to find the one that leads
SCAN = 250  # rows of the one that leads, or a few more
_AT_ONCE = 50


def search_products(
    query: str, category: str, cursor: str, limit: int, *, products: Table, words: Table
) -> Products:
    """What customers see of the products that have all words of the query.

    Of one category or ("") of all. Raises InvalidError where the query has no words, or for what
    can be no category or no cursor, and PortError.
    """
    asked = asked_for(query)
    if not asked:
        raise InvalidError("a word has two letters or digits, or more", "q")
    wanted = set(asked), category_key(category, "category")
    first = limit + 1 if len(asked) == 1 else LOOK
    word, page = _leading({each: _rows(each, cursor, first, words) for each in asked})
    found: list[Product] = []
    asked_of = read = 0
    seen = cursor
    while True:
        for row in page.rows:
            if _fits(str(row["words"]).split(), str(row["category"]), wanted):
                if asked_of == limit:
                    return Products(tuple(found), seen)
                asked_of += 1
                found += _checked(str(row["product"]), wanted, products)
            seen = str(row["product"])
        read += len(page.rows)
        if page.cursor is None:
            return Products(tuple(found), "")
        if read >= SCAN:
            return Products(tuple(found), seen)
        page = words.query(word, sort=after(cursor), limit=_AT_ONCE, cursor=page.cursor)


def _rows(word: str, cursor: str, limit: int, words: Table) -> Page:
    return words.query(word, sort=after(cursor), limit=limit)


def _leading(pages: dict[str, Page]) -> tuple[str, Page]:
    """The word that fewest products have from here on, as far as can be told."""

    def reach(word: str) -> tuple[bool, int, str]:
        page = pages[word]
        if page.cursor is None:
            return True, -len(page.rows), ""
        return False, 0, str(page.rows[-1]["product"]) if page.rows else ""

    word = max(pages, key=reach)
    return word, pages[word]


def _fits(words: list[str], category: str, wanted: tuple[set[str], str]) -> bool:
    return wanted[0] <= {*words} and wanted[1] in ("", category)


def _checked(an_id: str, wanted: tuple[set[str], str], products: Table) -> list[Product]:
    """The product as it is now, if it still fits: rows of words are written after its own."""
    row: Row | None = products.get(key(an_id))
    if row is None:
        return []
    found = product(row)
    fits = _fits(listed_texts(row, "words"), category_key(found.category), wanted)
    return [found] if found.seen and fits else []
