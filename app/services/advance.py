"""Somebody has a reason to look at an order: it is taken as far as it goes."""

from app.domain.order import Order
from app.ports.errors import PortError
from app.services import log
from app.services.close_order import close_order
from app.services.drive import Cancel, drive
from app.services.order_rows import key_of
from app.services.row_outbox import try_to_tell
from app.services.saga import Saga


def advance(order: str, saga: Saga, cancel: Cancel | None = None) -> Order:
    """The order as it is then; a webhook calls this as well as a customer.

    Raises NotFoundError, UnavailableError where it is to be tried again, and PortError.
    """
    found = drive(order, saga, cancel)
    follow(found, saga)
    return found


def follow(order: Order, saga: Saga) -> None:
    """What comes after an order has moved; what fails of it is logged, and left to the sweep."""
    try:
        close_order(order, saga)
    except PortError as error:
        log.failed("orders", error)
    try_to_tell(key_of(order.order), table=saga.orders, queue=saga.events)
