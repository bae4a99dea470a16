"""ULIDs: ids that sort by the time at which they were made.

48 bits of milliseconds and 80 random bits, as 26 characters of Crockford's base 32.
Source: github.com/ulid/spec.
"""

import re
from os import urandom

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_FORM = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", re.ASCII)
_RANDOM_BITS = 80
PATTERN = f"^{_FORM.pattern}$"


def new_id(now_ms: int) -> str:
    """A fresh id of this moment (UTC epoch milliseconds)."""
    return _written(now_ms << _RANDOM_BITS | int.from_bytes(urandom(_RANDOM_BITS // 8)))


def first_id(moment_ms: int) -> str:
    """The least id of a moment: every id made from then on sorts at or after it."""
    return _written(max(moment_ms, 0) << _RANDOM_BITS)


def made_ms(an_id: str) -> int:
    """When one of our ids was made, in UTC epoch milliseconds."""
    number = 0
    for digit in an_id:
        number = number << 5 | _DIGITS.index(digit)
    return number >> _RANDOM_BITS


def is_id(text: str) -> bool:
    """Whether this could be one of ours."""
    return _FORM.fullmatch(text) is not None


def _written(number: int) -> str:
    return "".join(_DIGITS[number >> shift & 31] for shift in range(125, -1, -5))
