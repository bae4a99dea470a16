"""What a schedule does every minute: finish orders, cancel the late ones, tell what is untold."""

from collections.abc import Callable

from app.bootstrap import Services
from app.handlers.sagas import saga
from app.services.refund import settle_refunds
from app.services.row_outbox import tell_again
from app.services.saga import Saga
from app.services.scan_stock import Scan, scan_stock
from app.services.settle_orders import Sweeper
from app.services.sweep import sweep

# table → its key: what is to be told of their rows goes over the queue of events
_TOLD = {
    "orders": ("order",),
    "products": ("product",),
    "promotions": ("code",),
    "adjustments": ("product", "adjustment"),
}


def run(services: Services) -> dict[str, int]:
    """How many of each were dealt with. Raises SweepError when any part failed, after the rest."""
    return sweep(parts(services, saga(services)))


def parts(services: Services, work: Saga) -> dict[str, Callable[[], int]]:
    """What there is to do, each by itself."""

    def scan(table: str) -> Callable[[], int]:
        listed = services.table("products" if table == "stock" else table)
        found = Scan("stock" if table == "stock" else "promotions", listed, services.table("runs"))
        return lambda: scan_stock(found, work)

    def tell(table: str) -> Callable[[], int]:
        return lambda: tell_again(
            table,
            _TOLD[table],
            table=services.table(table),
            queue=work.events,
            clock=work.clock,
        )

    return {
        "orders": Sweeper(work, lambda order, body: settle_refunds(order, body, work)).run,
        "stock": scan("stock"),
        "promotions": scan("promotions"),
        **{f"outbox of {table}": tell(table) for table in _TOLD},
    }
