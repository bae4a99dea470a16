"""How many pieces of a product are left."""

from app.ports.tables import Table
from app.services.product_rows import product_row


def stock_left(product: str, *, products: Table, stock: Table) -> int:
    """What can be sold of it now. Raises NotFoundError for no product, and PortError."""
    product_row(product, products)
    row = stock.get({"product": product})
    return 0 if row is None else int(row["available"])
