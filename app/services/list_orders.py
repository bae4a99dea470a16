"""The orders of whoever asks, the newest first."""

from dataclasses import dataclass

from app.domain.errors import InvalidError
from app.domain.order import Order
from app.ports.errors import InvalidValueError
from app.ports.tables import Table
from app.services.order_rows import BY_CUSTOMER, read_order


@dataclass(frozen=True, slots=True)
class Orders:
    """Some orders; more may follow where there is a cursor."""

    orders: tuple[Order, ...]
    cursor: str | None


def list_orders(principal: str, cursor: str | None, limit: int, *, orders: Table) -> Orders:
    """A page of the principal's orders; the list may lag behind a little.

    Raises InvalidError for a cursor that is none, and PortError.
    """
    try:
        page = orders.query(
            principal, index=BY_CUSTOMER, limit=limit, cursor=cursor, descending=True
        )
    except InvalidValueError:
        raise InvalidError("this is no cursor of this list", "cursor") from None
    return Orders(tuple(read_order(row) for row in page.rows), page.cursor)
