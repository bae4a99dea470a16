"""What S3 checks of an address that was signed, which moto does not: AWS's Signature Version 4."""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import parse_qsl, quote, urlsplit

_SIGNATURE = "X-Amz-Signature"
_DATE = "%Y%m%dT%H%M%SZ"


def signed_headers(url: str) -> set[str]:
    """The headers that the address holds its sender to."""
    query = dict(parse_qsl(urlsplit(url).query))
    return set(query["X-Amz-SignedHeaders"].split(";"))


def allowed(
    method: str, url: str, headers: Mapping[str, str], size: int, secret: str, now: datetime
) -> bool:
    """Whether a request with a body of `size` bytes is the one that `secret` has signed."""
    address = urlsplit(url)
    pairs = parse_qsl(address.query, keep_blank_values=True)
    query = dict(pairs)
    if len(query) != len(pairs):
        return False
    try:
        scope = query["X-Amz-Credential"].partition("/")[2]
        names = query["X-Amz-SignedHeaders"].split(";")
        began = datetime.strptime(query["X-Amz-Date"], _DATE).replace(tzinfo=UTC)
        ends = began + timedelta(seconds=int(query["X-Amz-Expires"]))
        given = query.pop(_SIGNATURE)
    except (KeyError, ValueError):
        return False
    sent = {name.lower(): value.strip() for name, value in headers.items()}
    sent |= {"host": address.netloc, "content-length": str(size)}
    canonical = "\n".join(
        [
            method,
            address.path,
            "&".join(sorted(f"{_quoted(name)}={_quoted(value)}" for name, value in query.items())),
            *(f"{name}:{sent.get(name, '')}" for name in names),
            "",
            ";".join(names),
            "UNSIGNED-PAYLOAD",
        ]
    )
    to_sign = "\n".join(
        ["AWS4-HMAC-SHA256", query["X-Amz-Date"], scope, sha256(canonical.encode()).hexdigest()]
    )
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    right = hmac.digest(key, to_sign.encode(), "sha256").hex()
    return hmac.compare_digest(given.encode(), right.encode()) and now < ends


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")
