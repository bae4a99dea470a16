"""A connection that nobody uses."""

import asyncio
from pathlib import Path

import pytest

from infra.local.runtime import http_protocol
from infra.local.runtime.gateway import Gateway
from infra.local.runtime.logbook import Logbook
from infra.local.runtime.server import GatewayServer, listening_socket
from infra.local.runtime.specs import GatewaySpec

QUIET_S = 0.1
ASKED = b"GET /none HTTP/1.1\r\nhost: a\r\n\r\n"


@pytest.mark.parametrize("requests", [1, 3])
def test_a_connection_is_closed_when_its_last_answer_was_long_ago_and_not_before(
    requests: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many requests it had; each gets a whole answer first."""
    monkeypatch.setattr(http_protocol, "_QUIET_S", QUIET_S)

    async def run() -> tuple[bytes, float]:
        gateway = Gateway({}, Logbook(tmp_path / "log", max_mb=1))
        listening = listening_socket(0)
        port = listening.getsockname()[1]
        gateway.serve(GatewaySpec(port=port, emulate="aws", routes={}, body_limit=1000))
        serving = await GatewayServer.open(gateway, listening)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        loop = asyncio.get_running_loop()
        read, asked = b"", 0.0
        for _ in range(requests):
            await asyncio.sleep(QUIET_S / 2)
            asked = loop.time()
            writer.write(ASKED)
            read += await reader.readuntil(b'{"message":"Not Found"}')
        read += await reader.read()
        open_s = loop.time() - asked
        writer.close()
        await serving.close()
        return read, open_s

    async def bounded() -> tuple[bytes, float]:
        async with asyncio.timeout(20):
            return await run()

    read, open_s = asyncio.run(bounded())
    assert read.count(b"HTTP/1.1 404 Not Found\r\n") == requests
    assert read.count(b'{"message":"Not Found"}') == requests
    assert open_s >= QUIET_S * 0.9
