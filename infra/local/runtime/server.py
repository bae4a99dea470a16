"""The HTTP server below the gateway: uvicorn, on a socket of 127.0.0.1, in the running loop."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from infra.local.runtime.gateway import Gateway

_HEAD_BYTES = 64 * 1024
_HEAD_S = 30.0
_QUIET_S = 60.0  # a connection without requests is kept so long
_TOO_LARGE = "The request's head is too large."


class _RefusedError(Exception):
    """A head that is too large, or cannot be taken for what it is."""


class _Whole:
    """A connection's transport for answers: one write for each, where uvicorn makes two."""

    __slots__ = ("_parts", "_transport", "is_closing")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._parts: list[bytes] = []
        self._transport = transport
        self.is_closing = transport.is_closing

    def write(self, data: bytes) -> None:
        """Keep a part until the answer is complete."""
        self._parts.append(data)

    def flush(self) -> None:
        """Send what was kept."""
        if self._parts:
            self._transport.write(b"".join(self._parts))
            self._parts.clear()

    def close(self) -> None:
        """Send what was kept, which is the last."""
        self.flush()
        self._transport.close()


class _Protocol(HttpToolsProtocol):
    """uvicorn's, but bounded: a head that is endless in size or time is cut off.

    It also closes after a request that asks for another protocol, of which there is none here, and
    lets the requests before a broken one have their answers first. A request costs no timer and no
    second write.
    """

    _begun = False  # a head that is not complete yet
    _spread = False  # it came in more than one piece
    _heads = 0  # how many began in the last piece
    _head = 0  # the bytes of the one that is not complete, as far as they can be told
    _chunk = 0  # the bytes of what came last
    _refused = False
    _slow: asyncio.TimerHandle | None = None
    _quiet: asyncio.TimerHandle | None = None
    _answered = 0.0  # when the last answer was complete, on the loop's clock
    _whole: _Whole

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A head is awaited."""
        super().connection_made(transport)
        self._whole = _Whole(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Count and time what comes before a head is complete."""
        if self._refused:
            return
        self._chunk = len(data)
        self._spread = self._begun
        self._heads = 0
        alone = self._idle()
        super().data_received(data)
        done = self._refused or not self._idle()  # type: ignore[redundant-expr]
        if done:
            return
        if self._begun and (self._spread or (alone and self._heads == 1)):
            self._head += len(data)
            if self._head > _HEAD_BYTES:
                self.send_400_response(_TOO_LARGE)
        self._await_head()

    def on_message_begin(self) -> None:
        """The first byte of a head: it is counted from nothing."""
        self._begun = True
        self._heads += 1
        self._spread = False
        self._head = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is here, perhaps all of it at once."""
        self._begun = False
        if self._slow is not None:
            self._slow.cancel()
            self._slow = None
        if self._spread or self._chunk > _HEAD_BYTES:
            self._head = len(self.url) + sum(len(name) + len(text) for name, text in self.headers)
            if self._head > _HEAD_BYTES:
                raise _RefusedError  # the parser stops, and uvicorn refuses
        upgrade = self.parser.should_upgrade()
        if upgrade and _has_body(self.headers):
            raise _RefusedError  # the parser would take the body for the other protocol's
        super().on_headers_complete()
        if upgrade:
            self.cycle.keep_alive = False
        if not self.expect_100_continue:  # that goes before the answer
            self.cycle.transport = self._whole  # type: ignore[assignment]

    def on_response_complete(self) -> None:
        """Send the answer, then go on as uvicorn does, but with one timer for all requests."""
        self._whole.flush()
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._answered = self.loop.time()
        if self._quiet is None:
            self._quiet = self.loop.call_later(_QUIET_S, self._close_quiet)

    def eof_received(self) -> bool:  # type: ignore[override]
        """A client that has said all may still wait for its answer."""
        if self._idle() or self.cycle.more_body:
            return False
        self.cycle.keep_alive = False
        return True

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, or no small one; nothing more is read."""
        self._refused = True
        if self._idle() or self.cycle.more_body:
            super().send_400_response(_TOO_LARGE if self._head > _HEAD_BYTES else msg)
        else:
            self.cycle.keep_alive = False  # the answers before it, and then the end

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is timed any more."""
        for timer in (self._slow, self._quiet):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def _idle(self) -> bool:
        """Whether every request so far has its answer."""
        cycle: RequestResponseCycle | None = self.cycle
        return True if cycle is None else cycle.response_complete

    def _close_quiet(self) -> None:
        """Close a connection that was idle since its last answer, or look again when it may be."""
        busy = self._begun or not self._idle()
        left_s = _QUIET_S if busy else self._answered + _QUIET_S - self.loop.time()
        if left_s > 0:
            self._quiet = self.loop.call_later(left_s, self._close_quiet)
        else:
            self.transport.close()

    def _await_head(self) -> None:
        if self._slow is None and not self.transport.is_closing():
            self._slow = self.loop.call_later(_HEAD_S, self.transport.close)


def _has_body(headers: list[tuple[bytes, bytes]]) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in headers
    )


class _Uvicorn(uvicorn.Server):
    """uvicorn without its signal handlers: the supervisor has its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


def listening_socket(port: int) -> socket.socket:
    """A socket that listens on `port` of 127.0.0.1. Raises OSError when that cannot be had."""
    listening = socket.socket()
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen(1024)
    except OSError:
        listening.close()
        raise
    return listening


class GatewayServer:
    """uvicorn on a socket of 127.0.0.1, in the running loop."""

    def __init__(self, server: _Uvicorn, port: int, task: asyncio.Task[None]) -> None:
        self.port = port
        self._server = server
        self._task = task

    @classmethod
    async def open(cls, gateway: Gateway, listening: socket.socket) -> "GatewayServer":
        """Serve on this socket, which is closed with the server."""
        port: int = listening.getsockname()[1]
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
