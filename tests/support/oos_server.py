"""OOS as far as it is used: secret parameters in memory, behind the signature of version 3.

https://www.alibabacloud.com/help/en/oos/developer-reference/api-oos-2019-06-01-getsecretparameter
(and …createsecretparameter, …updatesecretparameter, …listsecretparameters,
…deletesecretparameter). The pages do not list codes of errors: EntityNotExists.Parameter is what
Alibaba Cloud's Terraform provider looks for, and EntityAlreadyExists.Parameter is assumed after it.
"""

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from app.adapters.alicloud.keys import Keys
from tests.support.acs3 import DATE, DeniedError, Signed, told
from tests.support.loopback import Answered, Asked, serving

_VERSION = "2019-06-01"
_NAME = re.compile(r"(?!ALIYUN|ACS|ALIBABA|ALICLOUD|OOS)[A-Za-z0-9_-]{1,180}", re.ASCII)
_LONGEST = 4096
_AT_ONCE = 2  # fewer than the service gives: lists of a few go over several pages


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
    parameters: dict[str, Parameter] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    refusing: list[tuple[str, int]] = field(default_factory=list)
    _signed: Signed = field(default_factory=lambda: Signed(_VERSION))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def keys(self) -> Keys:
        """What requests have to be signed with."""
        return self._signed.keys

    @keys.setter
    def keys(self, keys: Keys) -> None:
        self._signed.keys = keys

    def answer(self, asked: Asked) -> Answered:
        try:
            with self._lock:
                found = self._answer(asked)
        except DeniedError as denied:
            return denied.answered()
        return told({"RequestId": "1", **found})

    def _answer(self, asked: Asked) -> dict[str, Any]:
        self._signed.check(asked)
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
            case "DeleteSecretParameter":
                self._told(query["Name"])
                del self.parameters[query["Name"]]
                return {}
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


@contextmanager
def oos_server() -> Iterator[Oos]:
    """A server without parameters."""
    made = Oos()
    with serving(made.answer) as made.url:
        yield made


def _value(query: Mapping[str, str]) -> str:
    if not 1 <= len(query.get("Value", "")) <= _LONGEST:
        raise DeniedError("InvalidParameter", 400)
    return query["Value"]


def _now() -> str:
    return datetime.now(UTC).strftime(DATE)
