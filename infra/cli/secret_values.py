"""The texts of secrets: made at random, taken in, rotated. Pure but for the randomness."""

import re
import secrets
from dataclasses import dataclass

from infra import shop_letters, shop_payments
from infra.errors import PlatformError
from infra.secret_store import SECRET_BYTES

KEY_RINGS = frozenset({"token-key"})
"""Secrets of one key a line, the newest first: whoever reads them takes each of them for good."""

ELSEWHERE = {**shop_payments.ELSEWHERE, **shop_letters.ELSEWHERE}
"""Secrets that only the other side can make, and where they are found."""

_RANDOM_BYTES = 32
_KEPT_KEYS = 2
_KEY = re.compile(r"[A-Za-z0-9_-]{43,}", re.ASCII)  # 32 bytes in base64url, at least


@dataclass(frozen=True, slots=True)
class Rotated:
    """A ring of keys with a new one in front, and how many of the old ones it still has, or lost.

    `broken` lines were no keys.
    """

    text: str
    kept: int
    dropped: int
    broken: int


def random_text() -> str:
    """32 random bytes in base64url: 43 characters."""
    return secrets.token_urlsafe(_RANDOM_BYTES)


def rotated(text: str, new: str) -> Rotated:
    """`new` in front of the newest key of `text`; what is older goes."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    keys = [line for line in lines if _KEY.fullmatch(line)]
    kept = keys[: _KEPT_KEYS - 1]
    ring = "\n".join([new, *kept])
    return Rotated(ring, len(kept), len(keys) - len(kept), len(lines) - len(keys))


def taken(name: str, data: bytes) -> str:
    """What was given for the secret, without the newline at its end.

    Raises PlatformError for what no store keeps, or no reader of this secret can use; it never
    tells what was given.
    """
    try:
        text = data.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise _refused(name, "it is no UTF-8 text", "give it as base64") from None
    if not text.strip():
        raise _refused(
            name,
            "standard input was empty",
            "RANDOM=1 makes a random one; see that what is before the | gives the value",
        )
    if "\0" in text:
        raise _refused(name, "it has a NUL character in it", "give it as base64")
    if len(text.encode()) > SECRET_BYTES:
        raise _refused(
            name, f"it is over {SECRET_BYTES} bytes, which not every cloud takes", "give a key only"
        )
    if name in KEY_RINGS and not all(_KEY.fullmatch(line) for line in text.splitlines()):
        raise _refused(
            name,
            "each of its lines must be a key of 43 characters of base64url or more, "
            "or no function could use it",
            f"make secret NAME={name} RANDOM=1 makes one",
        )
    return text


def _refused(name: str, reason: str, remedy: str) -> PlatformError:
    return PlatformError(f"the value for {name} was not taken: {reason}\n→ {remedy}")
