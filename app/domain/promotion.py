"""Promotions: a code that takes something off, for a while, from a minimum on, so many times."""

import re
from dataclasses import dataclass
from typing import Literal

from app.domain.errors import ConflictError, InvalidError
from app.domain.money import percent

Kind = Literal["percent", "fixed"]
MOST_USES = 10**9
LAST_MS = 253_402_300_799_999  # the end of the year 9999
CODE = r"^[A-Z0-9][A-Z0-9-]{1,31}$"
_CODE = re.compile(CODE, re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a code gives, and when.

    `value` is a percentage (1 to 100), or an amount of `currency`, which also is that of `minimum`,
    the least that has to be bought. It holds from `starts_at` until before `ends_at`, in UTC epoch
    milliseconds.
    """

    code: str
    kind: Kind
    value: int
    currency: str
    minimum: int
    starts_at: int
    ends_at: int
    active: bool


def folded(code: str, field: str = "$.promotion") -> str:
    """The code in its one spelling. Raises InvalidError."""
    upper = code.strip().upper()
    if _CODE.fullmatch(upper) is None:
        raise InvalidError(
            "a code is 2 to 32 letters, digits and hyphens, a hyphen not first", field
        )
    return upper


def checked(terms: Terms) -> Terms:
    """The terms, if they can hold. Raises InvalidError."""
    if terms.kind == "percent" and not 1 <= terms.value <= 100:  # noqa: PLR2004 - percent
        raise InvalidError("a percentage is 1 to 100", "$.value")
    if not (terms.starts_at >= 0 and terms.ends_at <= LAST_MS):
        raise InvalidError("a promotion holds within the years 1970 to 9999", "$.ends_at")
    if terms.ends_at <= terms.starts_at:
        raise InvalidError("a promotion ends after it starts", "$.ends_at")
    return terms


def discount(terms: Terms, subtotal: int, currency: str, now_ms: int) -> int:
    """What is taken off a subtotal: never more than it; a percentage is rounded down.

    Raises ConflictError where the code gives nothing now, for this.
    """
    if not terms.active or not terms.starts_at <= now_ms < terms.ends_at:
        raise ConflictError("this promotion does not hold now")
    if not currency:
        raise ConflictError("nothing is in the cart that it could be taken off")
    if terms.currency != currency:
        raise ConflictError("this promotion is for another currency")
    if subtotal < terms.minimum:
        raise ConflictError("this promotion needs a larger purchase")
    off = percent(subtotal, terms.value) if terms.kind == "percent" else terms.value
    return min(off, subtotal)
