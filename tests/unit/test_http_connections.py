"""One connection of the gateway: what ends it, what is bounded, whose answer comes when."""

import asyncio
import gc
from collections.abc import Callable
from pathlib import Path

import pytest
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from infra.local.runtime import http_protocol
from infra.local.runtime.http_protocol import BoundedProtocol
from tests.support.http_gateway import Serving, bounded
from tests.support.pids import wait_for
from tests.support.wire_http import asking

QUIET_S = 0.1
ASKED = asking("/none")
ANSWERED = b'{"message":"Not Found"}'
MANY = 50_000


def kept(kind: type) -> int:
    """How many of a kind there are."""
    return sum(type(each) is kind for each in gc.get_objects())


async def until(condition: Callable[[], object]) -> None:
    """Return when the condition holds."""
    await asyncio.to_thread(wait_for, condition)


@pytest.mark.parametrize("requests", [1, 3])
def test_a_connection_is_closed_when_its_last_answer_was_long_ago_and_not_before(
    requests: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many requests it had; each gets a whole answer first."""
    monkeypatch.setattr(http_protocol, "_QUIET_S", QUIET_S)

    async def work(serving: Serving) -> None:
        reader, writer = await serving.connect()
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

    bounded(tmp_path, work)


@pytest.mark.parametrize("asked", [ASKED, asking("/f/slow") + asking("/f/next") * 3])
def test_what_is_kept_of_a_connection_goes_when_it_ends(
    asked: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """At once, since the collector of cycles comes but rarely; that it ends is no error."""
    left = asyncio.Event()

    async def handler(path: str) -> str:
        if path == "/f/slow":
            await left.wait()
        return path

    async def work(serving: Serving) -> None:
        for _ in range(3):
            left.clear()
            _, writer = await serving.connect()
            writer.write(asked)
            await until(lambda: kept(RequestResponseCycle) == asked.count(b"HTTP"))
            writer.transport.abort()
            await asyncio.sleep(0.05)
            left.set()
            await until(lambda: not kept(BoundedProtocol) + kept(RequestResponseCycle))

    gc.disable()
    try:
        bounded(tmp_path, work, handler)
    finally:
        gc.enable()
    assert not caplog.records


def test_a_broken_body_is_refused_when_it_is_its_turn(tmp_path: Path) -> None:
    """Or its refusal would be taken for the answer to the request before it, which did run."""
    broken = asking("/f/b", "transfer-encoding: chunked", method="POST", body=b"xyz\r\n")

    async def handler(path: str) -> str:
        await asyncio.sleep(0.05)
        return path

    async def work(serving: Serving) -> None:
        reader, writer = await serving.connect()
        writer.write(asking("/f/a", method="POST") + broken)
        first, second = (await reader.read()).split(b"HTTP/1.1 ")[1:]
        assert first.startswith(b"200 OK")
        assert first.endswith(b"/f/a")
        assert second.startswith(b"400 Bad Request")
        writer.close()

    bounded(tmp_path, work, handler)


def test_a_head_that_began_behind_a_request_has_its_time_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "_HEAD_S", QUIET_S)

    async def work(serving: Serving) -> None:
        reader, writer = await serving.connect()
        writer.write(asking("/f/a") + b"GET /f/b HTTP/1.1\r\nho")
        assert (await reader.read()).count(b"HTTP/1.1 200 OK") == 1, "and then it is closed"
        writer.close()

    bounded(tmp_path, work)


def test_a_head_behind_a_request_is_no_larger_than_others(tmp_path: Path) -> None:
    going = asyncio.Event()

    async def handler(path: str) -> str:
        await going.wait()
        return path

    async def work(serving: Serving) -> None:
        reader, writer = await serving.connect()
        writer.write(asking("/f/a") + b"GET /f/b HTTP/1.1\r\nx: ")
        for _ in range(20):
            writer.write(b"a" * 10_000)
            await asyncio.sleep(0.005)
        going.set()
        answers = await reader.read()
        assert answers.count(b"HTTP/1.1 200 OK") == 1
        writer.close()

    bounded(tmp_path, work, handler)


def test_whoever_asks_faster_than_he_is_answered_is_held_back(tmp_path: Path) -> None:
    """What waits for its turn only gets less while others are answered."""
    turns = asyncio.Semaphore(0)
    begun: list[str] = []

    async def handler(path: str) -> str:
        begun.append(path)
        await turns.acquire()
        return path

    async def work(serving: Serving) -> None:
        _, writer = await serving.connect()
        writer.write(asking("/f/a") * MANY)
        await until(lambda: begun)
        await asyncio.sleep(0.2)
        waiting = kept(RequestResponseCycle)
        assert waiting < MANY
        for number in range(3):
            turns.release()
            await until(lambda: len(begun) == number + 2)  # noqa: B023 - it is waited for here
            await asyncio.sleep(0.05)
            assert kept(RequestResponseCycle) <= waiting
        writer.transport.abort()
        for _ in range(5):
            turns.release()

    bounded(tmp_path, work, handler)


def test_who_reads_too_slowly_for_a_server_that_closes_sees_the_end(tmp_path: Path) -> None:
    async def handler(_path: str) -> str:
        return "x" * 20_000_000  # more than the kernel takes

    async def work(serving: Serving) -> None:
        serving.server._server.config.timeout_graceful_shutdown = 1
        reader, writer = await serving.connect()
        writer.write(asking("/f/a") * 2)
        await reader.readexactly(1000)
        await serving.server.close()
        last = b""
        while more := await reader.read(1_000_000):
            last = last[-1000:] + more
        writer.close()
        assert last.count(b"HTTP/1.1 500 Internal Server Error") == 1

    bounded(tmp_path, work, handler)
