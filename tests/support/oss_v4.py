"""What OSS checks of a request: its Signature Version 4, in a header or in the address.

https://www.alibabacloud.com/help/en/oss/developer-reference/recommend-to-use-signature-version-4
https://www.alibabacloud.com/help/en/oss/developer-reference/add-signatures-to-urls

Written from these pages, apart from the SDK's signer; the first one's worked example is a test.
"""

import hmac
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import quote, unquote

from app.adapters.alicloud.keys import Keys
from tests.support.loopback import Asked

ALGORITHM = "OSS4-HMAC-SHA256"
_DATE = "%Y%m%dT%H%M%SZ"
_SKEW = timedelta(minutes=15)
_ALWAYS = ("content-type", "content-md5")
_LONGEST_S = 7 * 24 * 3600


class DeniedError(Exception):
    """The request is not signed as it has to be: OSS's code for it."""

    def __init__(self, code: str, status: int = 403) -> None:
        super().__init__(code)
        self.code, self.status = code, status


def check(asked: Asked, resource: str, keys: Keys, region: str, now: datetime) -> bool:
    """Whether it is signed at all; raises DeniedError where it is, and wrongly.

    `resource` is `/bucket/key`, whatever the host is called.
    """
    authorization = asked.headers.get("authorization", "")
    by_address = "x-oss-signature-version" in asked.query
    if not authorization and not by_address:
        return False
    if authorization and by_address:
        raise DeniedError("InvalidRequest", 400)
    if len({name for name, _ in asked.pairs}) != len(asked.pairs):
        raise DeniedError("InvalidArgument")
    try:
        if by_address:
            _check_address(asked, resource, keys, region, now)
        else:
            _check_header(asked, authorization, resource, keys, region, now)
    except (KeyError, ValueError) as error:
        raise DeniedError("InvalidArgument") from error
    return True


def signature(
    asked: Asked, resource: str, additional: Iterable[str], secret: str, scope: str, when: str
) -> str:
    """The one that is right; `scope` is date/region/product/aliyun_v4_request."""
    names = list(additional)
    pairs = sorted(pair for pair in asked.pairs if pair[0] != "x-oss-signature")
    canonical = "\n".join(
        [
            asked.method,
            quote(resource, safe="/-_.~"),
            "&".join(f"{name}={text}" if text else name for name, text in pairs),
            "".join(f"{name}:{text}\n" for name, text in _signed(asked.headers, names)),
            ";".join(names),
            asked.headers.get("x-oss-content-sha256", "UNSIGNED-PAYLOAD"),
        ]
    )
    to_sign = f"{ALGORITHM}\n{when}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    key = f"aliyun_v4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, to_sign.encode(), "sha256").hex()


def _signed(headers: Mapping[str, str], names: list[str]) -> list[tuple[str, str]]:
    return sorted(
        (name, text.strip())
        for name, text in headers.items()
        if name.startswith("x-oss-") or name in _ALWAYS or name in names
    )


def _check_address(asked: Asked, resource: str, keys: Keys, region: str, now: datetime) -> None:
    query = asked.query
    key_id, _, scope = query["x-oss-credential"].partition("/")
    when, lasts_s = query["x-oss-date"], int(query["x-oss-expires"])
    additional = _additional(query.get("x-oss-additional-headers"), asked.headers)
    if query["x-oss-signature-version"] != ALGORITHM or not 1 <= lasts_s <= _LONGEST_S:
        raise DeniedError("InvalidArgument")
    _check_keys(key_id, query.get("x-oss-security-token", ""), keys)
    _check_scope(scope, when, region)
    right = signature(asked, resource, additional, keys.secret, scope, when)
    if not hmac.compare_digest(right.encode(), query["x-oss-signature"].encode()):
        raise DeniedError("SignatureDoesNotMatch")
    began = datetime.strptime(when, _DATE).replace(tzinfo=UTC)
    if not began - _SKEW <= now < began + timedelta(seconds=lasts_s):
        raise DeniedError("AccessDenied")


def _check_header(
    asked: Asked, authorization: str, resource: str, keys: Keys, region: str, now: datetime
) -> None:
    algorithm, _, rest = authorization.partition(" ")
    fields = dict(part.strip().split("=", 1) for part in rest.split(","))
    key_id, _, scope = fields["Credential"].partition("/")
    when = asked.headers["x-oss-date"]
    additional = _additional(fields.get("AdditionalHeaders"), asked.headers)
    if algorithm != ALGORITHM:
        raise DeniedError("InvalidArgument")
    _check_keys(key_id, asked.headers.get("x-oss-security-token", ""), keys)
    _check_scope(scope, when, region)
    right = signature(asked, resource, additional, keys.secret, scope, when)
    if not hmac.compare_digest(right.encode(), fields["Signature"].encode()):
        raise DeniedError("SignatureDoesNotMatch")
    if abs(now - datetime.strptime(when, _DATE).replace(tzinfo=UTC)) > _SKEW:
        raise DeniedError("RequestTimeTooSkewed")


def _additional(stated: str | None, headers: Mapping[str, str]) -> list[str]:
    """The headers that are signed beside the usual ones: each there, in order, in lower case.

    help/en/oss/support/0002-00000076 and 0002-00000078 of the same site.
    """
    if stated is None:
        return []
    names = unquote(stated).split(";")
    if names != sorted(set(names)) or any(name not in headers for name in names):
        raise DeniedError("InvalidArgument")
    return names


def _check_keys(key_id: str, token: str, keys: Keys) -> None:
    if key_id != keys.id:
        raise DeniedError("InvalidAccessKeyId")
    if token != keys.token:
        raise DeniedError("InvalidSecurityToken")


def _check_scope(scope: str, when: str, region: str) -> None:
    if scope.split("/") != [when[:8], region, "oss", "aliyun_v4_request"]:
        raise DeniedError("InvalidArgument")
