"""OOS as far as it is used: secret parameters in memory, behind the signature of version 3.

https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature and, of
the same site, help/en/oos/developer-reference/api-oos-2019-06-01-getsecretparameter (and
…createsecretparameter, …updatesecretparameter, …listsecretparameters). The pages do not list codes
of errors: EntityNotExists.Parameter is what Alibaba Cloud's Terraform provider looks for, and
EntityAlreadyExists.Parameter is assumed after it.
"""

import hmac
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from app.adapters.alicloud.keys import Keys
from tests.support.loopback import KEYS, Answered, Asked, serving

_ALGORITHM = "ACS3-HMAC-SHA256"
_DATE = "%Y-%m-%dT%H:%M:%SZ"
_SKEW = timedelta(minutes=15)
_SIGNED = ("host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-version")
_NAME = re.compile(r"(?!ALIYUN|ACS|ALIBABA|ALICLOUD|OOS)[A-Za-z0-9_-]{1,180}", re.ASCII)
_LONGEST = 4096
_AT_ONCE = 2  # fewer than the service gives: lists of a few go over several pages


class DeniedError(Exception):
    """OOS's code, and its status."""

    def __init__(self, code: str, status: int) -> None:
        super().__init__(code)
        self.code, self.status = code, status


@dataclass
class Parameter:
    """One secret parameter: its values, the last of which is the current one."""

    values: list[str]
    created: str
    updated: str


@dataclass
class Oos:
    """What the server has; `asked` are the operations that it took, in order."""

    url: str = ""
    keys: Keys = KEYS
    parameters: dict[str, Parameter] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    refusing: list[tuple[str, int]] = field(default_factory=list)
    _nonces: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, asked: Asked) -> Answered:
        try:
            with self._lock:
                found = self._answer(asked)
        except DeniedError as denied:
            said = {"Code": denied.code, "Message": "As it is.", "RequestId": "1", "HostId": "test"}
            return Answered(denied.status, json.dumps(said).encode(), _TYPE)
        return Answered(200, json.dumps({"RequestId": "1", **found}).encode(), _TYPE)

    def _answer(self, asked: Asked) -> dict[str, Any]:
        self._check(asked)
        action, query = asked.headers["x-acs-action"], asked.query
        self.asked.append(action)
        if self.refusing:
            raise DeniedError(*self.refusing.pop(0))
        match action:
            case "ListSecretParameters":
                return self._list(query)
            case "GetSecretParameter":
                told = self._told(query["Name"])
                value = self.parameters[query["Name"]].values[-1]
                shown = {"Value": value} if query.get("WithDecryption") == "true" else {}
                return {"Parameter": {**told, **shown}}
            case "CreateSecretParameter":
                if query["Name"] in self.parameters:
                    raise DeniedError("EntityAlreadyExists.Parameter", 409)
                if _NAME.fullmatch(query["Name"]) is None:
                    raise DeniedError("InvalidParameter", 400)
                self.parameters[query["Name"]] = Parameter([_value(query)], _now(), _now())
                return {"Parameter": self._told(query["Name"])}
            case "UpdateSecretParameter":
                self._told(query["Name"])
                found = self.parameters[query["Name"]]
                found.values.append(_value(query))
                found.updated = _now()
                return {"Parameter": self._told(query["Name"])}
        raise DeniedError("InvalidAction.NotFound", 404)

    def _list(self, query: Mapping[str, str]) -> dict[str, Any]:
        # the page says of Name that it may be a part of one
        names = sorted(name for name in self.parameters if query.get("Name", "") in name)
        begin = int(query.get("NextToken", "0"))
        count = min(int(query.get("MaxResults", "50")), _AT_ONCE)
        shown = names[begin : begin + count]
        more = {"NextToken": str(begin + count)} if begin + count < len(names) else {}
        return {"Parameters": [self._told(name) for name in shown], **more}

    def _told(self, name: str) -> dict[str, Any]:
        found = self.parameters.get(name)
        if found is None:
            raise DeniedError("EntityNotExists.Parameter", 404)
        return {
            "Name": name,
            "Type": "Secret",
            "ParameterVersion": len(found.values),
            "CreatedDate": found.created,
            "UpdatedDate": found.updated,
        }

    def _check(self, asked: Asked) -> None:
        """Raises DeniedError unless it was signed with the key, a moment ago, and never before."""
        headers = asked.headers
        algorithm, _, rest = headers.get("authorization", "").partition(" ")
        if algorithm != _ALGORITHM or headers.get("x-acs-version") != "2019-06-01":
            raise DeniedError("MissingParameter", 400)
        fields = dict(part.split("=", 1) for part in rest.split(","))
        if fields["Credential"] != self.keys.id:
            raise DeniedError("InvalidAccessKeyId.NotFound", 404)
        if headers.get("x-acs-security-token", "") != self.keys.token:
            raise DeniedError("InvalidSecurityToken.Expired", 400)
        names = fields["SignedHeaders"].split(";")
        own = {name for name in headers if name.startswith("x-acs-")}
        right = signature(asked, names, self.keys.secret)
        if not own | set(_SIGNED) <= set(names) or not hmac.compare_digest(
            right.encode(), fields["Signature"].encode()
        ):
            raise DeniedError("SignatureDoesNotMatch", 400)
        when = datetime.strptime(headers["x-acs-date"], _DATE).replace(tzinfo=UTC)
        if abs(datetime.now(UTC) - when) > _SKEW:
            raise DeniedError("InvalidTimeStamp.Expired", 400)
        nonce = headers.get("x-acs-signature-nonce", "")
        if not nonce or nonce in self._nonces:
            raise DeniedError("SignatureNonceUsed", 400)
        self._nonces.add(nonce)


_TYPE = {"content-type": "application/json;charset=utf-8"}


@contextmanager
def oos_server() -> Iterator[Oos]:
    """A server without parameters."""
    made = Oos()
    with serving(made.answer) as made.url:
        yield made


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


def _value(query: Mapping[str, str]) -> str:
    if not 1 <= len(query.get("Value", "")) <= _LONGEST:
        raise DeniedError("InvalidParameter", 400)
    return query["Value"]


def _now() -> str:
    return datetime.now(UTC).strftime(_DATE)
