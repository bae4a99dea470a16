"""Money: whole numbers of a currency's smallest unit, and never a fraction of one."""

import re

from app.domain.errors import InvalidError

MOST = 10**12  # a price, a total: far from what 64 bits hold, whatever is added up
CURRENCY = r"^[A-Z]{3}$"
_CURRENCY = re.compile(CURRENCY, re.ASCII)


def currency(code: str, field: str = "$.currency") -> str:
    """The code, if it has the form of ISO 4217's. Raises InvalidError."""
    if _CURRENCY.fullmatch(code) is None:
        raise InvalidError("a currency is three capital letters, as EUR", field)
    return code


def percent(amount: int, share: int) -> int:
    """`share` percent (0 to 100) of an amount, rounded down: in doubt the shop keeps the unit."""
    return amount * share // 100
