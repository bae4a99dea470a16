"""The HTTP server below the gateway: uvicorn, on a socket of 127.0.0.1, in the running loop."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from infra.local.runtime.gateway import Gateway

_HEAD_BYTES = 64 * 1024
_HEAD_S = 30.0
_TOO_LARGE = "The request's head is too large."


class _HeadTooLargeError(Exception):
    """A request line and its headers are over the limit."""


class _Protocol(HttpToolsProtocol):
    """uvicorn's, but a head that is endless in size or time is cut off."""

    _begun = False  # a head that is not complete yet
    _head = 0  # its bytes so far
    _chunk = 0  # the bytes of what came last
    _refused = False
    _slow: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Count and time what comes before a head is complete."""
        if self._refused:
            return
        self._chunk = len(data)
        super().data_received(data)
        if self._begun and not self._refused:
            self._head += len(data)
            if self._head > _HEAD_BYTES:
                self.send_400_response(_TOO_LARGE)
            elif self._slow is None:
                self._slow = self.loop.call_later(_HEAD_S, self.transport.close)

    def on_message_begin(self) -> None:
        """The first byte of a head: it is counted from nothing."""
        self._begun = True
        self._head = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is here, perhaps all of it at once."""
        self._begun = False
        if self._slow is not None:
            self._slow.cancel()
            self._slow = None
        if self._head + self._chunk > _HEAD_BYTES:
            self._head = len(self.url) + sum(len(name) + len(text) for name, text in self.headers)
            if self._head > _HEAD_BYTES:
                raise _HeadTooLargeError  # the parser stops, and uvicorn refuses
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, or no small one; nothing more is read."""
        self._refused = True
        super().send_400_response(_TOO_LARGE if self._head > _HEAD_BYTES else msg)

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
