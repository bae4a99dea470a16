"""Carts that nobody has touched for thirty days go."""

from app.domain.cart import IDLE_DAYS
from app.domain.days import day_of
from app.ports.clock import Clock
from app.ports.errors import ConditionFailedError
from app.ports.tables import Condition, Row, Table
from app.services.cart_rows import BY_IDLE, IDLE
from app.services.oldest import oldest
from app.services.one_by_one import one_by_one

A_RUN = 500
_DAY_MS = 24 * 60 * 60 * 1000


def sweep_carts(*, carts: Table, clock: Clock) -> int:
    """Remove idle carts, five hundred a run; how many. Raises SomeFailedError and PortError."""

    def remove(row: Row) -> int:
        same = Condition("version", "=", row["version"])
        try:
            carts.delete({"cart": str(row["cart"])}, when=[same])
        except ConditionFailedError:
            return 0  # somebody uses it after all, or the index lags
        return 1

    until = day_of(clock.now_ms() - (IDLE_DAYS + 1) * _DAY_MS)
    rows = oldest(carts, IDLE, index=BY_IDLE, sort="idle_at", until=until, most=A_RUN)
    return one_by_one("carts", rows, remove)
