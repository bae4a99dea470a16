"""A gateway with functions that a test plays, and raw connections to it."""

import asyncio
import base64
import gc
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import uvloop

from infra.local.runtime.call import Outcome
from infra.local.runtime.function import Revision
from infra.local.runtime.gateway import Gateway
from infra.local.runtime.http_connection import Patience
from infra.local.runtime.logbook import Logbook
from infra.local.runtime.server import GatewayServer, listening_socket
from infra.local.runtime.specs import GatewaySpec
from tests.support.pids import wait_for

Handler = Callable[[str], Awaitable[str]]
"""What answers a path below `/f/`, which a request's body follows after a space."""


class _Played:
    """In place of a function's revision: its calls are the test's."""

    spec = SimpleNamespace(emulate="aws")

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, _request_id: str, event: bytes, on_outcome: Callable[[Outcome], None]) -> None:
        task = asyncio.get_running_loop().create_task(self._work(event, on_outcome))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, event: bytes, on_outcome: Callable[[Outcome], None]) -> None:
        told = json.loads(event)
        sent = base64.b64decode(told.get("body", "")).decode(errors="replace")
        body = await self._handler(f"{told['rawPath']} {sent}".rstrip(" "))
        on_outcome(json.dumps({"statusCode": 200, "body": body}).encode())


@dataclass(frozen=True, slots=True)
class Serving:
    """A gateway that serves `ANY /f/{rest+}` on a port."""

    port: int
    gateway: Gateway
    server: GatewayServer
    links: list[asyncio.StreamWriter]

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to it, which ends with the test at the latest."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.links.append(writer)
        return reader, writer


@asynccontextmanager
async def _serving(folder: Path, handler: Handler, patience: Patience) -> AsyncIterator[Serving]:
    functions = {"f": cast("Revision", _Played(handler))}
    gateway = Gateway(functions, Logbook(folder / "log", max_mb=1))
    listening = listening_socket(0)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32_768)  # a slow client is soon felt
    port: int = listening.getsockname()[1]
    routes = {"ANY /f/{rest+}": "f"}
    gateway.serve(GatewaySpec(port=port, emulate="aws", routes=routes, body_limit=1000))
    server = await GatewayServer.open(gateway, listening, patience)
    serving = Serving(port, gateway, server, [])
    try:
        yield serving
    finally:  # or a loop that closes on a test's failure would wait for them for ever
        for each in serving.links:
            each.transport.abort()
        await server.close()
        await asyncio.sleep(0)  # the transports' own ends


async def echo(path: str) -> str:
    """The path itself."""
    return path


def bounded(
    folder: Path,
    work: Callable[[Serving], Awaitable[None]],
    handler: Handler = echo,
    patience: Patience | None = None,
) -> None:
    """Have work done while a gateway serves, for 20 seconds at most, on the supervisor's loop.

    Fails where an exception got as far as that loop.
    """
    waits = patience or Patience()
    lost: list[dict[str, Any]] = []

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: lost.append(context))
        async with asyncio.timeout(20), _serving(folder, handler, waits) as serving:
            await work(serving)

    uvloop.run(run())
    assert not lost


async def until(condition: Callable[[], object]) -> None:
    """Return when the condition holds."""
    await asyncio.to_thread(wait_for, condition)


def kept(kind: type) -> int:
    """How many of a kind there are in this process."""
    return sum(type(each) is kind for each in gc.get_objects())
