"""Function Compute's API as far as it is used: versions and aliases of functions, in memory.

On https://www.alibabacloud.com, help/en/functioncompute: api-fc-2023-03-30-getalias (and
…-updatealias, …-listfunctionversions, …-struct-error). The codes are those of the version before
(…/fc-2-0/developer-reference/api-fc-open-2021-04-06-errorcodes); the new one's page lists none.
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.support.acs3 import DeniedError, Signed, told
from tests.support.loopback import Answered, Asked, serving

_VERSION = "2023-03-30"
_ALIAS = re.compile(rf"/{_VERSION}/functions/([\w-]+)/aliases/([\w-]+)", re.ASCII)
_VERSIONS = re.compile(rf"/{_VERSION}/functions/([\w-]+)/versions", re.ASCII)
_AT_ONCE = 2  # fewer than the service gives: lists of a few go over several pages


@dataclass
class Function:
    """One function: its versions, and its aliases by name."""

    versions: list[int] = field(default_factory=list)
    aliases: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass
class FunctionCompute:
    """What the server has; `asked` are the operations that it took, in order."""

    url: str = ""
    functions: dict[str, Function] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    refusing: list[tuple[str, int]] = field(default_factory=list)
    signed: Signed = field(default_factory=lambda: Signed(_VERSION))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, asked: Asked) -> Answered:
        try:
            with self._lock:
                return told(self._answer(asked))
        except DeniedError as denied:
            return denied.answered()

    def _answer(self, asked: Asked) -> dict[str, Any]:
        self.signed.check(asked)
        self.asked.append(asked.headers["x-acs-action"])
        if self.refusing:
            raise DeniedError(*self.refusing.pop(0))
        found = _ALIAS.fullmatch(asked.raw_path)
        if found and (asked.method, self.asked[-1]) == ("GET", "GetAlias"):
            return self._alias(found[1], found[2])
        if found and (asked.method, self.asked[-1]) == ("PUT", "UpdateAlias"):
            return self._moved(found[1], found[2], json.loads(asked.body))
        found = _VERSIONS.fullmatch(asked.raw_path)
        if found and (asked.method, self.asked[-1]) == ("GET", "ListFunctionVersions"):
            return self._listed(found[1], asked.query)
        raise DeniedError("PathNotSupported", 400)

    def _function(self, name: str) -> Function:
        if name not in self.functions:
            raise DeniedError("FunctionNotFound", 404)
        return self.functions[name]

    def _alias(self, function: str, name: str) -> dict[str, Any]:
        aliases = self._function(function).aliases
        if name not in aliases:
            raise DeniedError("AliasNotFound", 404)
        return aliases[name]

    def _moved(self, function: str, name: str, asked: dict[str, Any]) -> dict[str, Any]:
        alias = self._alias(function, name)
        if int(asked["versionId"]) not in self._function(function).versions:
            raise DeniedError("VersionNotFound", 404)
        alias.update(asked)
        return alias

    def _listed(self, function: str, query: dict[str, str]) -> dict[str, Any]:
        backward = query.get("direction") == "BACKWARD"
        numbers = sorted(self._function(function).versions, reverse=backward)
        begin = int(query.get("nextToken", "0"))
        count = min(int(query.get("limit", "100")), _AT_ONCE)
        more = {"nextToken": str(begin + count)} if begin + count < len(numbers) else {}
        shown = [
            {
                "versionId": str(number),
                "createdTime": f"2026-01-0{number}T00:00:00Z",
                "lastModifiedTime": f"2026-01-0{number}T00:00:00Z",
                "description": "",
            }
            for number in numbers[begin : begin + count]
        ]
        return {"direction": query.get("direction", "FORWARD"), "versions": shown, **more}


@contextmanager
def fc_server() -> Iterator[FunctionCompute]:
    """A server without functions."""
    made = FunctionCompute()
    with serving(made.answer) as made.url:
        yield made
