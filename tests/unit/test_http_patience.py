"""One connection of the gateway whose client asks, or reads, too fast or too slowly."""

import asyncio
from pathlib import Path

import pytest

from infra.local.runtime.http_connection import Connection, Patience
from infra.local.runtime.http_request import Request
from tests.support.http_gateway import Serving, bounded, kept, until
from tests.support.wire_http import asking

pytestmark = [pytest.mark.usefixtures("collected"), pytest.mark.long]  # it waits and waits
QUIET_S = 0.4
ASKED = asking("/none")
ANSWERED = b'{"message":"Not Found"}'
MANY = 50_000
LONG = 2_000_000  # more than the kernel takes


async def long_answer(_path: str) -> str:
    """What does not reach a client that does not read."""
    return "x" * LONG


@pytest.mark.parametrize("requests", [1, 3])
def test_a_connection_is_closed_when_its_last_answer_was_long_ago_and_not_before(
    requests: int, tmp_path: Path
) -> None:
    """However many requests it had; each gets a whole answer first."""

    async def work(serving: Serving) -> None:
        reader, writer = await serving.connect()
        loop = asyncio.get_running_loop()
        read, asked = b"", 0.0
        for number in range(requests):
            await asyncio.sleep(QUIET_S / 2 if number else 0)
            asked = loop.time()
            writer.write(ASKED)
            read += await reader.readuntil(ANSWERED)
        read += await reader.read()
        assert loop.time() - asked >= QUIET_S * 0.9
        writer.close()
        assert read.count(b"HTTP/1.1 404 Not Found\r\n") == requests
        assert read.count(ANSWERED) == requests

    bounded(tmp_path, work, patience=Patience(quiet_s=QUIET_S))


def test_a_function_may_take_longer_than_any_part_of_its_request(tmp_path: Path) -> None:
    """And is asked once: what came in time is timed no more."""
    asked: list[str] = []
    pieces = asking("/f/a", "content-length: 2", method="POST"), b"x", b"y"

    async def handler(path: str) -> str:
        asked.append(path)
        await asyncio.sleep(QUIET_S * 2)
        return path

    async def work(serving: Serving) -> None:
        reader, writer = await serving.connect()
        for each in (pieces[0][:9], pieces[0][9:], *pieces[1:]):
            writer.write(each)
            await asyncio.sleep(0.01)
        await reader.readuntil(b"/f/a xy")
        assert asked == ["/f/a xy"]

    bounded(tmp_path, work, handler, Patience(head_s=QUIET_S, body_s=QUIET_S, quiet_s=QUIET_S))


def test_a_head_that_began_behind_a_request_has_its_time_too(tmp_path: Path) -> None:
    async def work(serving: Serving) -> None:
        reader, writer = await serving.connect()
        writer.write(asking("/f/a") + b"GET /f/b HTTP/1.1\r\nho")
        assert (await reader.read()).count(b"HTTP/1.1 200 OK") == 1, "and then it is closed"
        writer.close()

    bounded(tmp_path, work, patience=Patience(head_s=QUIET_S))


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
        waiting = kept(Request)
        assert waiting < MANY
        for number in range(3):
            turns.release()
            await until(lambda: len(begun) == number + 2)  # noqa: B023 - it is waited for here
            await asyncio.sleep(0.05)
            assert kept(Request) <= waiting
        writer.transport.abort()
        for _ in range(5):
            turns.release()

    bounded(tmp_path, work, handler)


def test_who_reads_too_slowly_for_a_server_that_closes_sees_the_end(tmp_path: Path) -> None:
    """What was answered comes whole; what was not yet its turn has no answer."""

    async def work(serving: Serving) -> None:
        reader, writer = await serving.connect()
        writer.write(asking("/f/a") * 2)
        head = await reader.readuntil(b"\r\n\r\n")
        await serving.server.close()
        read = 0
        while more := await reader.read(1_000_000):
            read += len(more)
        writer.close()
        assert head.startswith(b"HTTP/1.1 200 OK")
        assert read == LONG

    bounded(tmp_path, work, long_answer, Patience(end_s=0.2))


@pytest.mark.parametrize("then", [asking("/f/b"), b""], ids=["goes-on", "has-asked-all"])
@pytest.mark.parametrize("header", ["connection: close", "x: y"])
def test_who_reads_none_of_his_answer_is_cut_off(header: str, then: bytes, tmp_path: Path) -> None:
    async def work(serving: Serving) -> None:
        _, writer = await serving.connect()
        writer.write(asking("/f/a", header) + then)
        await until(lambda: kept(Connection))
        await until(lambda: not kept(Connection))

    bounded(tmp_path, work, long_answer, Patience(quiet_s=QUIET_S / 4))


@pytest.mark.parametrize("header", ["connection: close", "x: y"])
def test_who_reads_slowly_has_all_of_his_answer(header: str, tmp_path: Path) -> None:
    async def work(serving: Serving) -> None:
        reader, writer = await serving.connect()
        writer.write(asking("/f/a", header))
        await reader.readuntil(b"\r\n\r\n")
        for _ in range(5):
            await asyncio.sleep(QUIET_S / 2)
            await reader.readexactly(LONG // 5)

    bounded(tmp_path, work, long_answer, Patience(quiet_s=QUIET_S))
