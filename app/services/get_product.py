"""One product as customers see it, and whether any of it is there."""

from dataclasses import dataclass

from app.domain.errors import NotFoundError
from app.ports.tables import Table
from app.services.product_rows import Product, key, product, product_row


@dataclass(frozen=True, slots=True)
class Shown:
    """A product, and whether there is at least one piece of it to be had."""

    product: Product
    in_stock: bool


def get_product(an_id: str, *, products: Table, stock: Table) -> Shown:
    """The product as it is now. Raises NotFoundError where no customer sees it, and PortError."""
    found = product(product_row(an_id, products))
    if not found.seen:
        raise NotFoundError("there is no such product")
    row = stock.get(key(an_id))
    return Shown(found, row is not None and int(row["available"]) > 0)
