"""What orders are worked on with, from a function's grants."""

from app.bootstrap import Services
from app.handlers.numbers import number
from app.services.checkout import MOST_OPEN, NEWEST, Counter
from app.services.saga import Saga

_USUAL_MINUTES = 30
_MOST_MINUTES = 45  # an order that is open for an hour is taken for one that is stuck
_NO_ORDER = "no order can be placed"


def saga(services: Services) -> Saga:
    """The tables, the provider and the queue. Raises AccessDeniedError without the grants."""
    return Saga(
        orders=services.table("orders"),
        stock=services.table("stock"),
        promotions=services.table("promotions"),
        adjustments=services.table("adjustments"),
        due=services.table("due"),
        payments=services.payments,
        events=services.queue("events"),
        clock=services.clock,
    )


def counter(services: Services) -> Counter:
    """Where carts are ordered. Raises AccessDeniedError and ConfigurationError."""
    return Counter(
        services.table("carts"),
        services.table("products"),
        saga(services),
        _open_ms(services),
        _most_open(services),
    )


def _most_open(services: Services) -> int:
    """How many unpaid orders one may have, by OPEN_ORDERS. Raises ConfigurationError."""
    of = "the unpaid orders that one customer may have"
    return number(services, "OPEN_ORDERS", MOST_OPEN, NEWEST, wrong=_NO_ORDER, of=of)


def _open_ms(services: Services) -> int:
    """How long an order may stay unpaid, by ORDER_MINUTES. Raises ConfigurationError."""
    of = "the minutes for which an order may stay unpaid"
    found = number(services, "ORDER_MINUTES", _USUAL_MINUTES, _MOST_MINUTES, wrong=_NO_ORDER, of=of)
    return found * 60_000
