"""An order's goods are on their way: said once, by an admin, in one write with its audit entry.

Not while money is on its way back: whether goods go out then, is decided when that is known.
"""

from app.domain.errors import ConflictError, NotFoundError
from app.domain.order import Order, is_order_id
from app.domain.refund import refunds
from app.ports.clock import Clock
from app.ports.errors import ConditionFailedError, UnavailableError
from app.ports.queue import Queue
from app.ports.tables import Condition, Row, Table
from app.services.audit import entry
from app.services.order_rows import key_of, read_order
from app.services.row_outbox import noted, try_to_tell

_MOST_TRIES = 8
_LOST = 3  # writes without an answer, after which the store is taken to be away


def fulfil_order(order: str, by: str, *, orders: Table, events: Queue, clock: Clock) -> Order:
    """The order, fulfilled now or before; `by` is the admin's user id.

    Raises NotFoundError, ConflictError where it is not paid or a refund is open, UnavailableError
    where it is to be tried again, and PortError.
    """
    key = key_of(order)
    lost = 0
    for _ in range(_MOST_TRIES):
        row = orders.get(key) if is_order_id(order) else None
        if row is None or "placed" not in row:
            raise NotFoundError("there is no such order")
        found = read_order(row)
        if found.state == "fulfilled":
            try_to_tell(key, table=orders, queue=events)
            return found
        if found.state != "paid":
            raise ConflictError(f"the order is {found.shown}: it cannot be fulfilled")
        if any(each.is_open for each in refunds(found).values()):
            raise ConflictError("a refund of the order is pending: see first what becomes of it")
        try:
            _write(row, found, by, orders, clock.now_ms())
        except ConditionFailedError:
            continue  # somebody was faster
        except UnavailableError:
            lost += 1  # it may have been done: that is seen on reading again
            if lost == _LOST:
                raise
    raise UnavailableError("too many are at the same order: try again")


def _write(row: Row, found: Order, by: str, orders: Table, now_ms: int) -> None:
    order = str(row["order"])
    note = noted(row, order, [entry(f"order:{order}", "order fulfilled", by, now_ms)], now_ms)
    same = [Condition(f"refund{number}", "=", text) for number, text in enumerate(found.refunds)]
    orders.update(
        key_of(order),
        set={"state": "fulfilled", "fulfilled_at": now_ms, "fulfilled_by": by, **note.set},
        when=[Condition("state", "=", "paid"), *same, *note.when],
    )
