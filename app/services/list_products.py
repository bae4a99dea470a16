"""Products in the order of their ids: what customers see of them, and all that there are.

A page goes on after the id where the one before it ended, so rows that are added meanwhile neither
hide another nor show it twice. Lists come from indexes: an edit of this moment may not be in them.
"""

from app.domain.product import category_key
from app.domain.shards import shards
from app.ports.tables import Row, Table
from app.services.product_rows import (
    BY_ANY,
    BY_CATEGORY,
    BY_LISTING,
    LISTED,
    SHELF,
    Products,
    after,
    product,
)


def list_products(category: str, cursor: str, limit: int, *, products: Table) -> Products:
    """What customers see, of one category or ("") of all.

    Raises InvalidError for what can be no category or no cursor, and PortError.
    """
    wanted = category_key(category, "category")
    index, partition = (BY_CATEGORY, wanted) if wanted else (BY_LISTING, LISTED)
    page = products.query(partition, sort=after(cursor), index=index, limit=limit)
    found = tuple(map(product, page.rows))
    return Products(found, found[-1].product if found and page.cursor is not None else "")


def list_all_products(cursor: str, limit: int, *, products: Table) -> Products:
    """All of them, those that no customer sees and the deleted ones too.

    Raises InvalidError for what can be no cursor, and PortError.
    """
    rows: list[Row] = []
    for shelf in shards(SHELF):
        rows += _first(shelf, cursor, limit + 1, products)
    rows.sort(key=lambda row: str(row["product"]))
    found = tuple(map(product, rows[:limit]))
    return Products(found, found[-1].product if len(rows) > limit else "")


def _first(shelf: str, cursor: str, most: int, products: Table) -> list[Row]:
    """The first rows of one shelf: all of them, as a store may end a page before it is full."""
    rows: list[Row] = []
    more: str | None = None
    while True:
        left = most - len(rows)
        page = products.query(shelf, sort=after(cursor), index=BY_ANY, limit=left, cursor=more)
        rows += page.rows
        more = page.cursor
        if more is None or len(rows) == most:
            return rows
