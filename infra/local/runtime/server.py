"""The HTTP server below the gateway: uvicorn, on a socket of 127.0.0.1, in the running loop."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn

from infra.local.runtime.gateway import Gateway
from infra.local.runtime.http_protocol import BoundedProtocol


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
            gateway.answer,
            http=BoundedProtocol,
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
