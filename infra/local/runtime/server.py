"""The HTTP server below the gateway, on a socket of 127.0.0.1, in the running loop."""

import asyncio
import contextlib
import socket

from infra.local.runtime.http_connection import Answering, Connection, Patience

_BACKLOG = 1024


def listening_socket(port: int) -> socket.socket:
    """A socket that listens on `port` of 127.0.0.1. Raises OSError when that cannot be had."""
    listening = socket.socket()
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


class GatewayServer:
    """Accepts connections, and ends them with itself."""

    def __init__(self, port: int, answering: Answering, patience: Patience) -> None:
        self.port = port
        self._answering = answering
        self._patience = patience
        self._connections: set[Connection] = set()
        self._left = asyncio.Event()
        self._server: asyncio.Server | None = None

    @classmethod
    async def open(
        cls, answering: Answering, listening: socket.socket, patience: Patience | None = None
    ) -> "GatewayServer":
        """Serve on this socket, which is closed with the server."""
        port: int = listening.getsockname()[1]
        server = cls(port, answering, patience or Patience())
        loop = asyncio.get_running_loop()
        server._server = await loop.create_server(
            server._connection, sock=listening, backlog=_BACKLOG
        )
        return server

    async def close(self) -> None:
        """Stop listening, and finish what is under way, as far as its time allows."""
        if self._server is not None:
            self._server.close()
        for each in list(self._connections):
            each.end()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._patience.end_s):
                while self._connections:
                    self._left.clear()
                    await self._left.wait()
        for each in list(self._connections):
            each.close()

    def _connection(self) -> Connection:
        connection = Connection(self._answering, self._patience, self._lost)
        self._connections.add(connection)
        return connection

    def _lost(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self._left.set()
