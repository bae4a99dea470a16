"""What orders are worked on with, from a function's grants."""

from app.bootstrap import ConfigurationError, Services
from app.services.checkout import MOST_OPEN, NEWEST, Counter
from app.services.saga import Saga

_USUAL_MINUTES = 30
_MOST_MINUTES = 45  # an order that is open for an hour is taken for one that is stuck


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
    given = services.environment.get("OPEN_ORDERS", "") or str(MOST_OPEN)
    if not (given.isascii() and given.isdigit() and 1 <= int(given) <= NEWEST):
        raise ConfigurationError(
            f"OPEN_ORDERS is {given!r}: no order can be placed; make it a number of 1 to {NEWEST}, "
            "the unpaid orders that one customer may have"
        )
    return int(given)


def _open_ms(services: Services) -> int:
    """How long an order may stay unpaid, by ORDER_MINUTES. Raises ConfigurationError."""
    given = services.environment.get("ORDER_MINUTES", "") or str(_USUAL_MINUTES)
    if not (given.isascii() and given.isdigit() and 1 <= int(given) <= _MOST_MINUTES):
        raise ConfigurationError(
            f"ORDER_MINUTES is {given!r}: no order can be placed; make it a number of 1 to "
            f"{_MOST_MINUTES}, the minutes for which an order may stay unpaid"
        )
    return int(given) * 60_000
