"""One order, for whoever placed it."""

from app.domain.errors import NotFoundError
from app.domain.order import Order, is_order_id
from app.ports.tables import Table
from app.services.order_rows import key_of, read_order


def get_order(order: str, principal: str, *, orders: Table) -> Order:
    """The order. Raises NotFoundError for others' and unknown ones alike, and PortError."""
    row = orders.get(key_of(order)) if is_order_id(order) else None
    if row is None or row["principal"] != principal or "placed" not in row:
        raise NotFoundError("there is no such order")
    return read_order(row)
