"""The administration of TableStore as far as it is used: instances by name, and none by default.

https://www.alibabacloud.com/help/en/tablestore/developer-reference, api-tablestore-2020-12-09-…
createinstance, getinstance, deleteinstance. The names of the codes are assumed.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.support import loopback, tablestore_server
from tests.support.acs3 import DeniedError, Signed, told
from tests.support.loopback import Answered, Asked

_VERSION = "2020-12-09"
_FORBIDDEN = ("ali", "ay", "ots", "taobao", "admin")


@dataclass
class Admin:
    """The one instance that there may be, whose tables `instance` has; `made` are all names."""

    instance: tablestore_server.Instance
    made: list[str] = field(default_factory=list)
    there: bool = False
    signed: Signed = field(default_factory=lambda: Signed(_VERSION))

    def answer(self, asked: Asked) -> Answered:
        try:
            self.signed.check(asked)
            return told({"RequestId": "1", **self._answer(asked)})
        except DeniedError as denied:
            return denied.answered()

    def _answer(self, asked: Asked) -> dict[str, Any]:
        body = json.loads(asked.body or b"{}")
        name = str(body.get("InstanceName") or asked.query.get("InstanceName"))
        match asked.method, asked.path, self.there:
            case "POST", "/v2/openapi/createinstance", False:
                if not 3 <= len(name) <= 16 or any(word in name for word in _FORBIDDEN):
                    raise DeniedError("ParameterInvalid", 400)
                self.instance.name, self.there = name, True
                self.made.append(name)
                return {}
            case "GET", "/v2/openapi/getinstance", True if name == self.instance.name:
                return {"InstanceName": name, "InstanceStatus": "normal"}
            case "POST", "/v2/openapi/deleteinstance", True if name == self.instance.name:
                if self.instance.tables:
                    raise DeniedError("InstanceNotEmpty", 409)
                self.there = False
                return {}
        raise DeniedError("InstanceNotFound", 404)


@contextmanager
def admin_server() -> Iterator[tuple[Admin, dict[str, str]]]:
    """It without an instance, and where it and its tables answer."""
    instance = tablestore_server.Instance()
    admin = Admin(instance)
    with loopback.serving(admin.answer) as url, tablestore_server.serving(instance) as tables:
        yield admin, {"ots-admin": url, "ots": tables}
