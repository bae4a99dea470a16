"""The HTTP gateway: finds the function that a request is for, and speaks its cloud's language.

A raw ASGI application under uvicorn, one process, one event loop. What it serves is one reference
that a change replaces, so a request sees the old route table or the new one, never a mixture.
"""

import asyncio
import contextlib
import socket
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from infra.local.runtime.emulate import (
    Failure,
    GatewaySide,
    HttpAnswer,
    HttpRequest,
    MalformedResultError,
)
from infra.local.runtime.emulate.registry import gateway_side
from infra.local.runtime.function import Revision
from infra.local.runtime.logbook import Logbook, now
from infra.local.runtime.router import Router
from infra.local.runtime.specs import GatewaySpec

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_HEAD_BYTES = 64 * 1024
_HEAD_S = 30.0
_BODY_S = 29.0
_HEARD_OUT_BYTES = 2 * 1024 * 1024  # of a body that is too large anyway
_CLOSE = (b"connection", b"close")


class TooLargeError(Exception):
    """A request's body is over the limit."""


@dataclass(frozen=True, slots=True)
class _Serving:
    """What is served: replaced as a whole."""

    spec: GatewaySpec
    router: Router
    side: GatewaySide


class Gateway:
    """The ASGI application. `functions` is the cloud's own mapping, read at each request."""

    def __init__(self, functions: Mapping[str, Revision], logbook: Logbook) -> None:
        self._functions = functions
        self._logbook = logbook
        self._serving: _Serving | None = None
        self._sides = {name: gateway_side(name) for name in ("aws", "alicloud")}

    @property
    def spec(self) -> GatewaySpec | None:
        """What is served."""
        return self._serving.spec if self._serving else None

    def serve(self, spec: GatewaySpec | None) -> None:
        """Serve this from the next request on."""
        self._serving = (
            _Serving(spec, Router(spec.routes), self._sides[spec.emulate]) if spec else None
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        serving = self._serving
        if serving is None or scope["type"] != "http":
            return  # uvicorn closes the connection
        began = time.monotonic()
        method: str = scope["method"]
        path: str = scope["raw_path"].decode("latin-1")
        match = serving.router.find(method, path)
        revision = self._functions.get(match.function) if match else None
        side = self._sides[revision.spec.emulate] if revision else serving.side
        request_id = side.new_request_id()
        failure: Failure | None = None
        if match is None or revision is None:
            failure = Failure.NO_ROUTE
            answer = side.refusal(failure, request_id)
        else:
            try:
                body = await _read_body(scope["headers"], receive, serving.spec.body_limit)
            except TooLargeError:
                failure = Failure.TOO_LARGE
                answer = side.refusal(failure, request_id)
                answer.headers.append(_CLOSE)
            except (ConnectionError, TimeoutError):
                return  # the client left, or stopped, before it had said all
            else:
                event = side.event(
                    HttpRequest(
                        request_id=request_id,
                        time_ms=time.time_ns() // 1_000_000,
                        method=method,
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
                answer, failure = _answer(side, outcome, request_id)
        self._log(request_id, method, path, match.function if match else None, answer, failure, began)
        await send(
            {"type": "http.response.start", "status": answer.status, "headers": _framed(answer)}
        )
        await send({"type": "http.response.body", "body": answer.body})

    def _log(  # noqa: PLR0913 - one line's fields
        self,
        request_id: str,
        method: str,
        path: str,
        function: str | None,
        answer: HttpAnswer,
        failure: Failure | None,
        began: float,
    ) -> None:
        line = {
            "time": now(),
            "event": "request",
            "request_id": request_id,
            "method": method,
            "path": path,
            "function": function,
            "status": answer.status,
            "ms": round((time.monotonic() - began) * 1000, 3),
        }
        if failure is not None:
            line["failure"] = failure.value
        self._logbook.put(line)


def _answer(
    side: GatewaySide, outcome: bytes | Failure, request_id: str
) -> tuple[HttpAnswer, Failure | None]:
    if isinstance(outcome, bytes):
        try:
            return side.answer(outcome, request_id), None
        except MalformedResultError:
            outcome = Failure.MALFORMED
    return side.refusal(outcome, request_id), outcome


def _framed(answer: HttpAnswer) -> list[tuple[bytes, bytes]]:
    """The headers, with the length that the server is to send."""
    if answer.status < 200 or answer.status in {204, 304}:  # noqa: PLR2004 - RFC 9110: no content
        return answer.headers
    return [*answer.headers, (b"content-length", b"%d" % len(answer.body))]


async def _read_body(headers: list[tuple[bytes, bytes]], receive: Receive, limit: int) -> bytes:
    """The whole body. Raises TooLargeError; reads on a while first, so that the answer is heard."""
    announced = 0
    for name, value in headers:
        if name == b"content-length":
            announced = int(value)
        elif name == b"transfer-encoding":
            announced = 1
    if not announced:
        return b""
    if announced > limit + _HEARD_OUT_BYTES:
        raise TooLargeError
    parts: list[bytes] = []
    size = 0
    async with asyncio.timeout(_BODY_S):
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ConnectionError
            part = message.get("body", b"")
            size += len(part)
            if size <= limit:
                parts.append(part)
            if size > limit + _HEARD_OUT_BYTES or (size > limit and not message.get("more_body")):
                raise TooLargeError
            if not message.get("more_body"):
                return b"".join(parts)


class _Protocol(HttpToolsProtocol):
    """uvicorn's, but a head that is endless in size or time is cut off."""

    _head = 0
    _slow: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Count and time what comes before a head is complete."""
        if self._head > _HEAD_BYTES:
            self.send_400_response("The request's headers are too large.")
            return
        self._head += len(data)
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            if self._slow is None and not self.transport.is_closing():
                self._slow = self.loop.call_later(_HEAD_S, self.transport.close)
        else:
            self._head = 0

    def on_headers_complete(self) -> None:
        """The head is here: the next one is counted from nothing."""
        self._head = 0
        if self._slow is not None:
            self._slow.cancel()
            self._slow = None
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is timed any more."""
        if self._slow is not None:
            self._slow.cancel()
        super().connection_lost(exc)


class _Uvicorn(uvicorn.Server):
    """uvicorn without its signal handlers: the supervisor has its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


class GatewayServer:
    """uvicorn on a socket of 127.0.0.1, in the running loop."""

    def __init__(self, server: _Uvicorn, port: int, task: asyncio.Task[None]) -> None:
        self.port = port
        self._server = server
        self._task = task

    @classmethod
    async def open(cls, gateway: Gateway, port: int) -> "GatewayServer":
        """Listen. Raises OSError when the port cannot be had."""
        listening = socket.socket()
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(("127.0.0.1", port))
            listening.listen(1024)
        except OSError:
            listening.close()
            raise
        config = uvicorn.Config(
            gateway,
            http=_Protocol,
            ws="none",
            loop="none",
            lifespan="off",
            interface="asgi3",
            access_log=False,
            log_config=None,
            log_level="error",
            server_header=False,
            date_header=True,
            proxy_headers=False,
            timeout_keep_alive=60,
            timeout_graceful_shutdown=30,
        )
        server = _Uvicorn(config)
        task = asyncio.get_running_loop().create_task(server.serve(sockets=[listening]))
        while not server.started:
            if task.done():
                await task
            await asyncio.sleep(0.005)
        return cls(server, port, task)

    async def close(self) -> None:
        """Stop listening, finish what is under way."""
        self._server.should_exit = True
        await self._task
