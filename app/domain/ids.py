"""ULIDs: ids that sort by the time at which they were made.

48 bits of milliseconds and 80 random bits, as 26 characters of Crockford's base 32.
Source: github.com/ulid/spec.
"""

import re
import secrets

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_FORM = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", re.ASCII)
PATTERN = f"^{_FORM.pattern}$"


def new_id(now_ms: int) -> str:
    """A fresh id of this moment (UTC epoch milliseconds)."""
    number = now_ms << 80 | secrets.randbits(80)
    return "".join(_DIGITS[number >> shift & 31] for shift in range(125, -1, -5))


def is_id(text: str) -> bool:
    """Whether this could be one of ours."""
    return _FORM.fullmatch(text) is not None
