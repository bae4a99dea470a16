"""Webhooks signed as Stripe signs them: HMAC-SHA256 over a time stamp, a dot, and the raw bytes.

The header is `t=<UTC epoch seconds>,v1=<hex>`, with more `v1` while the secret is being changed,
and schemes of other names that nobody here trusts. https://docs.stripe.com/webhooks/signature
"""

import hmac
import re
from collections.abc import Collection

from app.ports.errors import SignatureError

WINDOW_S = 300
_LONGEST = 4096
_MOST = 16  # signatures: each costs a comparison
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)
_BAD = "the webhook is not signed by the provider, or was not just now"


def header(secret: str, body: bytes, at_s: int) -> str:
    """What the provider puts into the header of a webhook with this body."""
    return f"t={at_s},v1={signature(secret, body, at_s)}"


def signature(secret: str, body: bytes, at_s: int) -> str:
    """The signature of these bytes at this time (UTC epoch seconds), in hexadecimal."""
    return hmac.digest(secret.encode(), b"%d.%b" % (at_s, body), "sha256").hex()


def verify(secrets: Collection[str], given: str, body: bytes, now_ms: int) -> None:
    """Return if one of the secrets signed these bytes within five minutes. Raises SignatureError.

    `given` is the header's text. A time stamp in the future is no better than an old one.
    """
    at_s, signatures = parsed(given)
    if abs(now_ms // 1000 - at_s) > WINDOW_S:
        raise SignatureError(_BAD)
    good = False
    for secret in secrets:
        right = signature(secret, body, at_s)
        for one in signatures:
            good |= hmac.compare_digest(one, right)  # all of them: the time taken tells nothing
    if not good:
        raise SignatureError(_BAD)


def parsed(given: str) -> tuple[int, tuple[str, ...]]:
    """The time stamp and the signatures of scheme v1 in a header. Raises SignatureError."""
    if len(given) > _LONGEST:
        raise SignatureError(_BAD)
    times: list[str] = []
    signatures: list[str] = []
    for part in given.split(","):
        name, _, text = part.strip().partition("=")
        if name == "t":
            times.append(text)
        elif name == "v1" and _HEX.fullmatch(text):
            signatures.append(text)
    if len(times) != 1 or not _SECONDS.fullmatch(times[0]) or not 1 <= len(signatures) <= _MOST:
        raise SignatureError(_BAD)
    return int(times[0]), tuple(signatures)


def keys(secret: str) -> list[str]:
    """The secrets in a secret's text: one a line, so that an old one stays good for a while."""
    return [line.strip() for line in secret.splitlines() if line.strip()]
