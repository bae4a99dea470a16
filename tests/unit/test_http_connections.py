"""Connections that nobody uses, and those that have ended."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from infra.local.runtime import http_protocol
from infra.local.runtime.gateway import Gateway
from infra.local.runtime.http_protocol import BoundedProtocol
from infra.local.runtime.logbook import Logbook
from infra.local.runtime.server import GatewayServer, listening_socket
from infra.local.runtime.specs import GatewaySpec
from tests.support.pids import wait_for

QUIET_S = 0.1
ASKED = b"GET /none HTTP/1.1\r\nhost: a\r\n\r\n"
ANSWERED = b'{"message":"Not Found"}'


@asynccontextmanager
async def _serving(folder: Path) -> AsyncIterator[int]:
    """The port of a gateway without routes."""
    gateway = Gateway({}, Logbook(folder / "log", max_mb=1))
    listening = listening_socket(0)
    port: int = listening.getsockname()[1]
    gateway.serve(GatewaySpec(port=port, emulate="aws", routes={}, body_limit=1000))
    serving = await GatewayServer.open(gateway, listening)
    yield port
    await serving.close()


def _bounded(folder: Path, work: Callable[[int], Awaitable[None]]) -> None:
    """Have `work(port)` done while a gateway serves."""

    async def run() -> None:
        async with asyncio.timeout(20), _serving(folder) as port:
            await work(port)

    asyncio.run(run())


@pytest.mark.parametrize("requests", [1, 3])
def test_a_connection_is_closed_when_its_last_answer_was_long_ago_and_not_before(
    requests: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many requests it had; each gets a whole answer first."""
    monkeypatch.setattr(http_protocol, "_QUIET_S", QUIET_S)

    async def work(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        loop = asyncio.get_running_loop()
        read, asked = b"", 0.0
        for _ in range(requests):
            await asyncio.sleep(QUIET_S / 2)
            asked = loop.time()
            writer.write(ASKED)
            read += await reader.readuntil(ANSWERED)
        read += await reader.read()
        assert loop.time() - asked >= QUIET_S * 0.9
        writer.close()
        assert read.count(b"HTTP/1.1 404 Not Found\r\n") == requests
        assert read.count(ANSWERED) == requests

    _bounded(tmp_path, work)


def test_what_is_kept_of_a_connection_goes_when_it_ends(tmp_path: Path) -> None:
    """At once: the supervisor's collector of cycles comes but rarely."""

    def kept() -> int:
        return sum(type(each) is BoundedProtocol for each in gc.get_objects())

    async def work(port: int) -> None:
        for _ in range(3):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(ASKED)
            await reader.readuntil(ANSWERED)
            assert kept() == 1
            writer.close()
            await asyncio.to_thread(wait_for, lambda: not kept())

    gc.disable()
    try:
        _bounded(tmp_path, work)
    finally:
        gc.enable()
