"""Addresses that are signed: whoever has one may do one thing, for a while, and nothing else.

`<base>/<bucket>/<key>?expires=<UTC epoch ms>&signature=…`: the signature is an HMAC-SHA256 over the
method, the bucket, the key, the time, and for a PUT the content type and the size. Pure functions.
"""

import hmac
import json
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from app.adapters.common.blobs import check_key
from app.ports.errors import InvalidValueError

# one spelling for each number, and none that is endless
_EXPIRES = re.compile(r"[1-9][0-9]{0,15}", re.ASCII)
_QUERY = re.compile(r"expires=([^&=]*)&signature=([^&=]*)")


class NotSignedError(Exception):
    """The request is not one that was signed, or not any more; it does not say which part of it."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a signature allows. `content_type` and `size` are those of a PUT's body."""

    method: str
    bucket: str
    key: str
    content_type: str = ""
    size: int = 0


def signed_url(base: str, allowed: Allowed, expires_ms: int, secret: str) -> str:
    """The address at `base` that allows this until `expires_ms`."""
    expires = str(expires_ms)
    path = f"{quote(allowed.bucket, safe='')}/{quote(allowed.key)}"
    return f"{base}/{path}?expires={expires}&signature={_signature(secret, allowed, expires)}"


def place(path: str) -> tuple[str, str]:
    """The bucket and key of an address' path (`/uploads/a%20b`). Raises NotSignedError."""
    bucket, _, key = path.removeprefix("/").partition("/")
    try:
        found = unquote_to_bytes(bucket).decode(), unquote_to_bytes(key).decode()
        check_key(found[1])
    except (UnicodeDecodeError, InvalidValueError):
        raise NotSignedError from None
    return found


def unsigned(query: str) -> bool:
    """Whether an address' query claims no signature: then it is good for what is public only."""
    return "signature=" not in query


def verify(secret: str, allowed: Allowed, query: str, now_ms: int) -> None:
    """Return if the address' `query` allows this at this time. Raises NotSignedError."""
    found = _QUERY.fullmatch(query)
    expires, signature = found.groups() if found else ("", "")
    right = _signature(secret, allowed, expires)
    same = hmac.compare_digest(signature.encode(errors="replace"), right.encode())
    if not same or _EXPIRES.fullmatch(expires) is None or now_ms >= int(expires):
        raise NotSignedError


def _signature(secret: str, allowed: Allowed, expires: str) -> str:
    # a JSON list: no two different lists are written alike
    parts = [
        allowed.method,
        allowed.bucket,
        allowed.key,
        expires,
        allowed.content_type,
        allowed.size,
    ]
    digest = hmac.digest(secret.encode(), json.dumps(parts).encode(), "sha256")
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
