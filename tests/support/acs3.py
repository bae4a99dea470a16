"""What Alibaba Cloud's services check of a request: its signature of version 3.

https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature
"""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from app.adapters.alicloud.keys import Keys
from tests.support.loopback import KEYS, Answered, Asked

DATE = "%Y-%m-%dT%H:%M:%SZ"
_ALGORITHM = "ACS3-HMAC-SHA256"
_SKEW = timedelta(minutes=15)
_ALWAYS = {"host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-version"}


class DeniedError(Exception):
    """A service's code, and its status."""

    def __init__(self, code: str, status: int) -> None:
        super().__init__(code)
        self.code, self.status = code, status

    def answered(self) -> Answered:
        """It as the answer that it is."""
        said = {"Code": self.code, "Message": "As it is.", "RequestId": "1", "HostId": "test"}
        return told(said, self.status)


@dataclass
class Signed:
    """What a service of this version takes: requests that are signed with the keys."""

    version: str
    keys: Keys = KEYS
    _nonces: set[str] = field(default_factory=set)

    def check(self, asked: Asked) -> None:
        """Raises DeniedError unless it was signed with the key, a moment ago, and never before."""
        headers = asked.headers
        algorithm, _, rest = headers.get("authorization", "").partition(" ")
        if algorithm != _ALGORITHM or headers.get("x-acs-version") != self.version:
            raise DeniedError("MissingParameter", 400)
        fields = dict(part.split("=", 1) for part in rest.split(","))
        if fields["Credential"] != self.keys.id:
            raise DeniedError("InvalidAccessKeyId.NotFound", 404)
        if headers.get("x-acs-security-token", "") != self.keys.token:
            raise DeniedError("InvalidSecurityToken.Expired", 400)
        names = fields["SignedHeaders"].split(";")
        own = {name for name in headers if name.startswith("x-acs-") or name == "content-type"}
        right = signature(asked, names, self.keys.secret)
        if not own | _ALWAYS <= set(names) or not hmac.compare_digest(
            right.encode(), fields["Signature"].encode()
        ):
            raise DeniedError("SignatureDoesNotMatch", 400)
        when = datetime.strptime(headers["x-acs-date"], DATE).replace(tzinfo=UTC)
        if abs(datetime.now(UTC) - when) > _SKEW:
            raise DeniedError("InvalidTimeStamp.Expired", 400)
        nonce = headers.get("x-acs-signature-nonce", "")
        if not nonce or nonce in self._nonces:
            raise DeniedError("SignatureNonceUsed", 400)
        self._nonces.add(nonce)


def signature(asked: Asked, names: list[str], secret: str) -> str:
    """The one that is right of a request, of which these headers are signed."""
    payload = sha256(asked.body).hexdigest()
    canonical = "\n".join(
        [
            asked.method,
            asked.raw_path,
            "&".join(f"{name}={text}" for name, text in sorted(asked.pairs)),
            "".join(f"{name}:{asked.headers.get(name, '').strip()}\n" for name in sorted(names)),
            ";".join(sorted(names)),
            payload,
        ]
    )
    to_sign = f"{_ALGORITHM}\n{sha256(canonical.encode()).hexdigest()}"
    return hmac.digest(secret.encode(), to_sign.encode(), "sha256").hex()


def told(found: Mapping[str, Any], status: int = 200) -> Answered:
    """An answer of JSON."""
    return Answered(
        status, json.dumps(found).encode(), {"content-type": "application/json;charset=utf-8"}
    )
