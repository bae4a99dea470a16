"""One connection of the gateway: whose answer comes when, what is refused, what is kept of it."""

import asyncio
import gc
from dataclasses import replace
from pathlib import Path

import pytest

from infra.local.runtime.http_connection import Connection, Patience
from infra.local.runtime.http_request import Request
from tests.support.http_gateway import Serving, bounded, kept, until
from tests.support.wire_http import asking

pytestmark = pytest.mark.usefixtures("collected")
ASKED = asking("/none")
ANSWERED = b'{"message":"Not Found"}'


@pytest.mark.parametrize(
    ("asked", "unanswered"), [(ASKED, 0), (asking("/f/slow") + asking("/f/next") * 3, 4)]
)
def test_what_is_kept_of_a_connection_goes_when_it_ends(
    asked: bytes, unanswered: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
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
            await until(lambda: (kept(Connection), kept(Request)) == (1, unanswered))
            writer.transport.abort()
            await asyncio.sleep(0.05)
            left.set()
            await until(lambda: not kept(Connection) + kept(Request))

    gc.disable()
    try:
        bounded(tmp_path, work, handler)
    finally:
        gc.enable()
    assert not caplog.records


@pytest.mark.parametrize(
    "broken",
    [asking("/f/b", "transfer-encoding: chunked", method="POST", body=b"xyz\r\n"), b"x\r\n\r\n"],
    ids=["body", "head"],
)
def test_what_is_broken_is_refused_when_it_is_its_turn(broken: bytes, tmp_path: Path) -> None:
    """Or its refusal would be taken for the answer to the request before it, which did run."""

    async def handler(path: str) -> str:
        await asyncio.sleep(0.05)
        return path

    async def work(serving: Serving) -> None:
        reader, writer = await serving.connect()
        writer.write(asking("/f/a", "content-length: 1", method="POST", body=b"x") + broken)
        first, second = (await reader.read()).split(b"HTTP/1.1 ")[1:]
        assert first.startswith(b"200 OK")
        assert first.endswith(b"/f/a x")
        assert second.startswith(b"400 Bad Request")
        writer.close()

    bounded(tmp_path, work, handler)


@pytest.mark.parametrize("ahead", [b"", asking("/f/a")], ids=["first", "second"])
@pytest.mark.parametrize("then", [b"", b"xyz\r\n"], ids=["at-once", "later"])
def test_a_request_that_was_answered_without_its_broken_body_has_no_second_answer(
    ahead: bytes, then: bytes, tmp_path: Path
) -> None:
    asked = asking("/none", "transfer-encoding: chunked", method="POST")

    async def work(serving: Serving) -> None:
        reader, writer = await serving.connect()
        writer.write(ahead + asked + (b"" if then else b"xyz\r\n"))
        found = await reader.readuntil(ANSWERED)
        writer.write(then)
        found += await reader.read()
        assert found.count(b"HTTP/1.1 ") == found.count(b"HTTP/1.1 200 OK") + 1
        writer.close()

    bounded(tmp_path, work)


def test_a_body_that_nothing_wanted_when_it_came_is_not_an_empty_one_to_a_new_route(
    tmp_path: Path,
) -> None:
    going = asyncio.Event()
    begun: list[str] = []

    async def handler(asked: str) -> str:
        begun.append(asked)
        await going.wait()
        return asked

    async def work(serving: Serving) -> None:
        posted = asking("/new/b", "content-length: 3", method="POST", body=b"abc")
        reader, writer = await serving.connect()
        writer.write(asking("/f/a") + posted)
        await until(lambda: begun)
        assert serving.gateway.spec
        serving.gateway.serve(replace(serving.gateway.spec, routes={"POST /new/{name}": "f"}))
        going.set()
        await reader.readuntil(ANSWERED)
        writer.write(posted)
        await reader.readuntil(b"/new/b abc")
        assert begun == ["/f/a", "/new/b abc"]

    bounded(tmp_path, work, handler)


def test_who_sent_something_broken_hears_so_though_he_has_said_all(tmp_path: Path) -> None:
    async def work(serving: Serving) -> None:
        reader, writer = await serving.connect()
        writer.write(asking("/f/a") + b"broken\r\n\r\n")
        writer.write_eof()
        first, second = (await reader.read()).split(b"HTTP/1.1 ")[1:]
        assert first.startswith(b"200 OK")
        assert second.startswith(b"400 Bad Request")
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


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_only_who_knows_of_it_is_told_to_go_on(version: bytes, tmp_path: Path) -> None:
    head = asking("/f/a", "content-length: 3", "expect: 100-continue", method="POST")

    async def work(serving: Serving) -> None:
        reader, writer = await serving.connect()
        writer.write(head.replace(b"HTTP/1.1", b"HTTP/" + version))
        await asyncio.sleep(0.02)
        writer.write(b"abc")
        found = await reader.readuntil(b"/f/a abc")
        assert found.startswith(b"HTTP/1.1 100 Continue\r\n\r\n") is (version == b"1.1")

    bounded(tmp_path, work)


def test_a_connection_that_its_server_ends_before_it_is_made_does_not_begin(tmp_path: Path) -> None:
    """Or a server that closes as it accepts one waits for that client's first request."""

    async def work(serving: Serving) -> None:
        lost = asyncio.Event()
        accepted = Connection(serving.gateway, Patience(), lambda _: lost.set())
        accepted.end()
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: accepted, "127.0.0.1", serving.port)
        await lost.wait()

    bounded(tmp_path, work)


def test_a_server_that_closes_waits_for_no_more_than_the_answer_that_is_under_way(
    tmp_path: Path,
) -> None:
    begun = asyncio.Event()

    async def handler(path: str) -> str:
        begun.set()
        await asyncio.sleep(0.05)
        return path

    async def work(serving: Serving) -> None:
        reader, writer = await serving.connect()
        writer.write(asking("/f/a") + asking("/f/b"))
        await begun.wait()
        await serving.server.close()
        found = await reader.read()
        assert found.endswith(b"connection: close\r\n\r\n/f/a")

    bounded(tmp_path, work, handler, Patience(end_s=60))


def test_who_says_no_more_in_the_midst_of_a_body_is_not_waited_for(tmp_path: Path) -> None:
    async def work(serving: Serving) -> None:
        reader, writer = await serving.connect()
        writer.write(asking("/f/a") + asking("/f/b", "content-length: 2", method="POST", body=b"x"))
        await reader.readuntil(b"/f/a")
        writer.write_eof()
        assert await reader.read() == b""

    bounded(tmp_path, work, patience=Patience(body_s=60))
