"""The HTTP gateway: finds the function that a request is for, and speaks its cloud's language.

Under uvicorn's protocol, one process, one event loop. What it serves is one reference
that a change replaces, so a request sees the old route table or the new one, never a mixture.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from infra.local.runtime.emulate import (
    Failure,
    GatewaySide,
    HttpAnswer,
    HttpRequest,
    MalformedResultError,
)
from infra.local.runtime.emulate.registry import NAMES, gateway_side
from infra.local.runtime.function import Revision
from infra.local.runtime.logbook import Logbook, now
from infra.local.runtime.router import Router
from infra.local.runtime.specs import GatewaySpec

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
PLAIN = (b"content-type", b"text/plain; charset=utf-8")

BODY_S = 29.0
_HEARD_OUT_BYTES = 2 * 1024 * 1024  # of a body that is too large anyway
_LATE = "the body did not arrive in time"
# of a path: longer than an id is, as tokens, keys and signatures are that landed there by mistake
_LONG = re.compile(r"([^/]{12})[^/]{29,}")
_LEAST_LONG = 12 + 29


class TooLargeError(Exception):
    """A request's body is over the limit."""


@dataclass(frozen=True, slots=True)
class _Serving:
    """What is served: replaced as a whole."""

    spec: GatewaySpec
    router: Router
    side: GatewaySide


@dataclass(slots=True)  # one for each request
class _Done:
    """What became of a request: its answer, and why it is none of the handler's, if so."""

    request_id: str
    function: str | None
    answer: HttpAnswer
    failure: str


class Gateway:
    """What answers requests. `functions` is the cloud's own mapping, read at each request.

    A body must be there `body_s` seconds after its head.
    """

    def __init__(
        self, functions: Mapping[str, Revision], logbook: Logbook, body_s: float = BODY_S
    ) -> None:
        self._body_s = body_s
        self._functions = functions
        self._logbook = logbook
        self._serving: _Serving | None = None
        self._sides = {name: gateway_side(name) for name in NAMES}

    @property
    def spec(self) -> GatewaySpec | None:
        """What is served."""
        return self._serving.spec if self._serving else None

    def serve(self, spec: GatewaySpec | None) -> None:
        """Serve this from the next request on."""
        self._serving = (
            _Serving(spec, Router(spec.routes), self._sides[spec.emulate]) if spec else None
        )

    async def answer(self, scope: Scope, receive: Receive) -> HttpAnswer:
        """Have a request answered: `scope` and `receive` are ASGI's.

        Raises ConnectionError when the client left before it had said all, or nothing is served.
        """
        serving = self._serving
        if serving is None:
            raise ConnectionError  # so nothing listens
        began = time.monotonic()
        done = await self._serve(serving, scope, receive)
        line = {
            "time": now(),
            "event": "request",
            "request_id": done.request_id,
            "method": scope["method"],
            "path": _logged(scope["raw_path"].decode("latin-1")),
            "function": done.function,
            "status": done.answer.status,
            "ms": round((time.monotonic() - began) * 1000, 3),
        }
        if done.failure:
            line["failure"] = done.failure
        self._logbook.put(line)
        return done.answer

    async def _serve(self, serving: _Serving, scope: Scope, receive: Receive) -> _Done:
        """Find the function and have it run. Raises ConnectionError when the client left."""
        path: str = scope["raw_path"].decode("latin-1")
        match = serving.router.find(scope["method"], path)
        if match is None or match.function not in self._functions:
            return _refused(serving.side, serving.side.new_request_id(), None, Failure.NO_ROUTE)
        name = match.function
        too_large = late = False
        body = b""
        try:
            limit = serving.spec.body_limit
            if announced := _announced(scope["headers"]):
                body = await _read_body(announced, receive, limit, self._body_s)
        except TooLargeError:
            too_large = True
        except TimeoutError:
            late = True
        # While the body came, another revision may have taken the function's place, or none.
        revision = self._functions.get(name)
        side = self._sides[revision.spec.emulate] if revision else serving.side
        request_id = side.new_request_id()
        if late:
            answer = HttpAnswer(408, [PLAIN], _LATE.encode(), closes=True)
            return _Done(request_id, name, answer, _LATE)
        if too_large:
            done = _refused(side, request_id, name, Failure.TOO_LARGE)
            done.answer.closes = True
            return done
        if revision is None:
            return _refused(side, request_id, name, Failure.NO_ROUTE)
        event = side.event(
            HttpRequest(
                request_id=request_id,
                time_ms=time.time_ns() // 1_000_000,
                method=scope["method"],
                path=path,
                query=scope["query_string"].decode("latin-1"),
                protocol="HTTP/" + scope["http_version"],
                source_ip=scope["client"][0] if scope["client"] else "",
                headers=scope["headers"],
                body=body,
                route=match.route,
                path_parameters=match.parameters,
            )
        )
        outcome = await revision.invoke(request_id, event)
        if isinstance(outcome, bytes):
            try:
                return _Done(request_id, name, side.answer(outcome, request_id), "")
            except MalformedResultError:
                outcome = Failure.MALFORMED
        return _refused(side, request_id, name, outcome)


def _refused(side: GatewaySide, request_id: str, function: str | None, why: Failure) -> _Done:
    return _Done(request_id, function, side.refusal(why, request_id), why.value)


def _logged(path: str) -> str:
    return path if len(path) < _LEAST_LONG else _LONG.sub(r"\1…", path)


async def _read_body(announced: int, receive: Receive, limit: int, within_s: float) -> bytes:
    """The whole body. Raises TooLargeError, TimeoutError, and ConnectionError when the client left.

    Reads on for a while when there is too much, so that the answer is heard.
    """
    if announced > limit + _HEARD_OUT_BYTES:
        raise TooLargeError
    parts: list[bytes] = []
    size = 0
    more = True
    async with asyncio.timeout(within_s):
        while more and size <= limit + _HEARD_OUT_BYTES:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ConnectionError
            part = message.get("body", b"")
            more = message.get("more_body", False)
            size += len(part)
            if size <= limit:
                parts.append(part)
    if size > limit:
        raise TooLargeError
    return b"".join(parts)


def _announced(headers: list[tuple[bytes, bytes]]) -> int:
    """The length of the body that follows, 1 where it is not said beforehand, 0 without one."""
    for name, value in headers:
        if name == b"content-length":
            return int(value)
        if name == b"transfer-encoding":
            return 1
    return 0
