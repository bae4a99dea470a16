"""The orders of a day, whoever placed them, the newest first, for admins."""

from app.domain.days import a_day
from app.domain.errors import InvalidError, NotFoundError
from app.domain.ids import is_id
from app.domain.order import Order, State, is_order_id
from app.ports.tables import Table
from app.services.order_rows import BY_DAY, key_of, read_order
from app.services.shelves import Listed, across


def list_all_orders(
    day: str, state: State | None, limit: int, after: str, *, orders: Table
) -> Listed[Order]:
    """Those in this state, where one is given, of a page of a day's (UTC) orders.

    A page reads `limit` orders, from behind the one that was placed as `after` says, so with a
    state it may show fewer, or none: the next one may have some. The list lags a little. Raises
    InvalidError and PortError.
    """
    if after and not is_id(after):
        raise InvalidError("this is no cursor of this list", "cursor")
    page = across(
        orders,
        a_day(day, "day"),
        index=BY_DAY,
        sort="placed",
        after=after,
        limit=limit,
        descending=True,
    )
    found = (read_order(row) for row in page.items)
    return Listed(tuple(each for each in found if state in (None, each.state)), page.after)


def get_any_order(order: str, *, orders: Table) -> Order:
    """The order, whoever placed it. Raises NotFoundError and PortError."""
    row = orders.get(key_of(order)) if is_order_id(order) else None
    if row is None or "placed" not in row:
        raise NotFoundError("there is no such order")
    return read_order(row)
