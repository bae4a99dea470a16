"""How many failed logins are let through, as the function's environment has it."""

from app.bootstrap import ConfigurationError, Services
from app.domain.throttling import Limits
from app.services.throttle import Throttle

_LIMITS = Limits()
_MOST_FAILURES = 999  # all of them are read at once


def throttle_of(services: Services) -> Throttle:
    """What counts failed logins. Raises ConfigurationError."""
    limits = Limits(
        per_account=_number(services, "LOGIN_FAILURES_PER_ACCOUNT", _LIMITS.per_account),
        per_address=_number(services, "LOGIN_FAILURES_PER_ADDRESS", _LIMITS.per_address),
    )
    return Throttle(services.table("attempts"), services.clock, limits)


def _number(services: Services, key: str, otherwise: int) -> int:
    """A number from the function's environment. Raises ConfigurationError."""
    given = services.environment.get(key, "")
    if not given:
        return otherwise
    if not (given.isascii() and given.isdigit() and 1 <= int(given) <= _MOST_FAILURES):
        raise ConfigurationError(
            f"{key} is {given!r}: nobody can log in; make it a number of 1 to {_MOST_FAILURES}"
        )
    return int(given)
