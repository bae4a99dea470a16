"""An order that is closed leaves no marker behind, and then the sweep's list."""

from app.domain.order import Order
from app.services.due_rows import ORDER, Due, remove_due
from app.services.saga import Saga
from app.services.settle_marker import settle_all


def close_order(order: Order, saga: Saga) -> None:
    """See to an order that is closed, whoever closed it; of an open one nothing. Raises PortError.

    What else of it is on the list, the sweep finds.
    """
    if order.is_open:
        return
    settle_order(order, saga)
    remove_due(Due(ORDER + order.order, order.created_at), due=saga.due)


def settle_order(order: Order, saga: Saga) -> None:
    """Settle the markers that any worker has left for this order. Raises PortError."""
    for claim in order.claims:
        settle_all(claim, saga, owner=claim.owner)
