"""How many failed logins are let through, as the function's environment has it."""

from app.bootstrap import Services
from app.domain.throttling import Limits
from app.handlers.numbers import number
from app.services.throttle import Throttle

_LIMITS = Limits()
_MOST_FAILURES = 999  # all of them are read at once


def throttle_of(services: Services) -> Throttle:
    """What counts failed logins. Raises ConfigurationError."""
    limits = Limits(
        per_account=_failures(services, "LOGIN_FAILURES_PER_ACCOUNT", _LIMITS.per_account),
        per_address=_failures(services, "LOGIN_FAILURES_PER_ADDRESS", _LIMITS.per_address),
    )
    return Throttle(services.table("attempts"), services.clock, limits)


def _failures(services: Services, key: str, usual: int) -> int:
    return number(services, key, usual, _MOST_FAILURES, wrong="nobody can log in")
