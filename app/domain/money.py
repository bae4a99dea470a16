"""Money: whole numbers of a currency's smallest unit, and never a fraction of one."""

import re

from app.domain.errors import InvalidError

MOST = 10**12  # a price, a total: far from what 64 bits hold, whatever is added up
CURRENCY = r"^[A-Z]{3}$"
_CURRENCY = re.compile(CURRENCY, re.ASCII)
# ISO 4217's minor units, of those that have not two
_WITHOUT = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND",
     "VUV", "XAF", "XOF", "XPF"}
)  # fmt: skip
_THREE = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})


def currency(code: str, field: str = "$.currency") -> str:
    """The code, if it has the form of ISO 4217's. Raises InvalidError."""
    if _CURRENCY.fullmatch(code) is None:
        raise InvalidError("a currency is three capital letters, as EUR", field)
    return code


def percent(amount: int, share: int) -> int:
    """`share` percent (0 to 100) of an amount, rounded down: in doubt the shop keeps the unit."""
    return amount * share // 100


def written(amount: int, code: str) -> str:
    """An amount of the smallest unit as people read it: 12.34 EUR, 1234 JPY."""
    digits = 0 if code in _WITHOUT else 3 if code in _THREE else 2
    whole, part = divmod(abs(amount), 10**digits)
    sign = "-" if amount < 0 else ""
    return f"{sign}{whole}.{part:0{digits}d} {code}" if digits else f"{sign}{whole} {code}"
