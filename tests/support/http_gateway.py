"""A gateway with functions that a test plays, and raw connections to it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import uvloop

from infra.local.runtime.function import Revision
from infra.local.runtime.gateway import Gateway
from infra.local.runtime.logbook import Logbook
from infra.local.runtime.server import GatewayServer, listening_socket
from infra.local.runtime.specs import GatewaySpec

Handler = Callable[[str], Awaitable[str]]
"""What answers a path below `/f/`."""


class _Played:
    """In place of a function's revision: its calls are the test's."""

    spec = SimpleNamespace(emulate="aws")

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    async def invoke(self, _request_id: str, event: bytes) -> bytes:
        body = await self._handler(json.loads(event)["rawPath"])
        return json.dumps({"statusCode": 200, "body": body}).encode()


@dataclass(frozen=True, slots=True)
class Serving:
    """A gateway that serves `ANY /f/{rest+}` on a port."""

    port: int
    server: GatewayServer

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to it."""
        return await asyncio.open_connection("127.0.0.1", self.port)


@asynccontextmanager
async def _serving(folder: Path, handler: Handler) -> AsyncIterator[Serving]:
    functions = {"f": cast("Revision", _Played(handler))}
    gateway = Gateway(functions, Logbook(folder / "log", max_mb=1))
    listening = listening_socket(0)
    port: int = listening.getsockname()[1]
    routes = {"ANY /f/{rest+}": "f"}
    gateway.serve(GatewaySpec(port=port, emulate="aws", routes=routes, body_limit=1000))
    server = await GatewayServer.open(gateway, listening)
    yield Serving(port, server)
    await server.close()


async def echo(path: str) -> str:
    """The path itself."""
    return path


def bounded(
    folder: Path, work: Callable[[Serving], Awaitable[None]], handler: Handler = echo
) -> None:
    """Have work done while a gateway serves, for 20 seconds at most, on the supervisor's loop."""

    async def run() -> None:
        async with asyncio.timeout(20), _serving(folder, handler) as serving:
            await work(serving)

    uvloop.run(run())
