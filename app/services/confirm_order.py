"""The customer says that he has paid: the provider is asked, and the order goes on."""

from app.domain.order import Order
from app.services.advance import advance
from app.services.get_order import get_order
from app.services.saga import Saga


def confirm_order(order: str, principal: str, saga: Saga) -> Order:
    """The order as it is then. Raises NotFoundError and PortError, as `advance` does."""
    found = get_order(order, principal, orders=saga.orders)
    return advance(found.order, saga)
