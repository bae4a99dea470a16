"""Products in the order of their ids: what customers see of them, and all that there are.

A page goes on after the id where the one before it ended, so rows that are added meanwhile neither
hide another nor show it twice. Lists come from indexes: an edit of this moment may not be in them.
"""

from app.domain.product import category_key
from app.ports.tables import Table
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
from app.services.shelves import across


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
    after(cursor)
    listed = across(products, SHELF, index=BY_ANY, sort="product", after=cursor, limit=limit)
    return Products(tuple(map(product, listed.items)), listed.after)
