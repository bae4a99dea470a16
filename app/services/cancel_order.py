"""An order is cancelled: what was reserved goes back, and no money is taken any more."""

from app.domain.order import Order, check_cancelled
from app.services.advance import advance
from app.services.audit import entry
from app.services.drive import Cancel
from app.services.get_order import get_order
from app.services.saga import Saga

CUSTOMER = "customer"


def cancel_order(order: str, principal: str, saga: Saga) -> Order:
    """Cancel one's own order. Raises as `cancel_any` does, NotFoundError for others' too."""
    found = get_order(order, principal, orders=saga.orders)
    return _cancelled(found.order, saga, Cancel(CUSTOMER))


def cancel_any(order: str, by: str, saga: Saga) -> Order:
    """Cancel an order, as an admin: `by` is his user id. The audit trail has it, once.

    Raises NotFoundError, ConflictError where the order is paid, UnavailableError where it is to be
    tried again, and PortError.
    """
    thing = entry(f"order:{order}", "order to be cancelled", by, saga.clock.now_ms())
    return _cancelled(order, saga, Cancel(by, things=(thing,)))


def _cancelled(order: str, saga: Saga, cancel: Cancel) -> Order:
    found = advance(order, saga, cancel)
    check_cancelled(found)
    return found
