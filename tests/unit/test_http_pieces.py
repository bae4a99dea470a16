"""However a client's bytes come and wherever they end: each request has its answer, in order."""

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.runtime.http_connection import Patience
from tests.support.http_gateway import Serving, bounded
from tests.support.wire_http import asking

HEAD = re.compile(rb"HTTP/1\.1 (\d+) (?:.+\r\n)+?content-length: (\d+)\r\n(?:.+\r\n)*\r\n")
GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST = asking("/f/last", "connection: close")
BULK = "x" * 200_000  # more than a client takes that reads late
GARBAGE = [
    b"\0", b"\r\n", b"\n", b" ", b":", b"0\r\n\r\n", b"GET ", b"POST /f/x HTTP/1.1\r\n",
    b"content-length: 5\r\n", b"transfer-encoding: chunked\r\n", b"transfer-encoding: gzip\r\n",
    b"connection: close\r\n", b"connection: upgrade\r\nupgrade: a\r\n", b"ffffffffffffffff\r\n",
    b"expect: 100-continue\r\n", b"HTTP/1.0", b"\xff" * 9, b"a" * 70_000,
]  # fmt: skip


class Framing(Enum):
    """How a request tells the length of its body."""

    NONE = 0
    LENGTH = 1
    LENGTH_WHEN_TOLD = 2
    CHUNKED = 3


class End(Enum):
    """What ends a connection."""

    SAID_ALL = 0
    LEFT = 1
    SERVER_CLOSED = 2


@dataclass(frozen=True)
class Asked:
    """A request as it is sent, and its answer: the status, and what comes as content."""

    sent: bytes
    answer: tuple[int, bytes]


def _asked(number: int, method: str, place: str, framing: Framing, content: str) -> Asked:
    path, headers, body = f"{place}/{number}", [f"content-length: {len(content)}"], content
    if framing is Framing.NONE:
        headers, content, body = [], "", ""
    elif framing is Framing.LENGTH_WHEN_TOLD:
        headers.append("expect: 100-continue")
    elif framing is Framing.CHUNKED:
        headers = ["transfer-encoding: chunked"]
        parts = [content[at : at + 3] for at in range(0, len(content), 3)]
        body = "".join(f"{len(part):x};a=b\r\n{part}\r\n" for part in parts)
        body += "0\r\nx-last: 1\r\n\r\n"
    sent = asking(path, *headers, method=method, body=body.encode())
    status, answer = 404, b'{"message":"Not Found"}'
    if place != "/none":
        status, answer = 200, _said(f"{path} {content}".rstrip(" ")).encode()
    return Asked(sent, (status, b"" if method == "HEAD" else answer))


REQUESTS = st.lists(
    st.tuples(
        st.sampled_from(["GET", "POST", "HEAD"]),
        st.sampled_from(["/f", "/f/slow", "/f/bulk", "/none"]),
        st.sampled_from(Framing),
        st.text("ab0\r\n", max_size=20),
    ),
    min_size=1,
    max_size=8,
).map(lambda made: [_asked(number, *each) for number, each in enumerate(made)])
PLACES = st.lists(st.integers(0, 1500), max_size=12)
"""Where a stream is cut; a place beyond its end is none."""


def _said(asked: str) -> str:
    return asked + BULK if asked.startswith("/f/bulk") else asked


async def handler(asked: str) -> str:
    """What was asked; soon or, where it is to be slow, later than others."""
    if asked.startswith("/f/slow"):
        await asyncio.sleep(0.001)
    return _said(asked)


@contextlib.asynccontextmanager
async def _sending(
    serving: Serving, stream: bytes, places: Sequence[int]
) -> AsyncIterator[socket.socket]:
    """A connection on which all that the server takes of a stream was sent, cut at these places."""
    loop = asyncio.get_running_loop()
    with socket.socket() as link:
        link.setblocking(False)
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await loop.sock_connect(link, ("127.0.0.1", serving.port))
        with contextlib.suppress(ConnectionError):
            for at, to in pairwise(sorted({0, *places, len(stream)})):
                await loop.sock_sendall(link, stream[at:to])
                for _ in range(2):  # in which the server reads it
                    await asyncio.sleep(0)
        yield link


async def _read(link: socket.socket) -> bytes:
    """All that comes until the server closes, perhaps with something unread."""
    loop = asyncio.get_running_loop()
    found = b""
    await asyncio.sleep(0.003)  # in which answers are held back
    with contextlib.suppress(ConnectionError):
        while more := await loop.sock_recv(link, 65_536):
            found += more
    return found


def _answers(read: bytes, asked: Sequence[Asked]) -> list[tuple[int, bytes]]:
    """Those answers to these requests that were read whole. Fails where there is anything else."""
    read = read.replace(GO_ON, b"")
    found: list[tuple[int, bytes]] = []
    for each in asked:
        if (head := HEAD.match(read)) is None:
            break
        to = head.end() + (0 if each.sent.startswith(b"HEAD") else int(head[2]))
        if to > len(read):
            return found
        found.append((int(head[1]), read[head.end() : to]))
        read = read[to:]
    assert b"\r\n\r\n" not in read
    return found


@given(REQUESTS, PLACES)
def test_requests_have_the_answers_that_each_has_alone_however_they_are_cut(
    tmp_path_factory: pytest.TempPathFactory, asked: list[Asked], places: list[int]
) -> None:
    asked.append(Asked(LAST, (200, b"/f/last")))

    async def work(serving: Serving) -> None:
        async with _sending(serving, b"".join(each.sent for each in asked), places) as link:
            assert _answers(await _read(link), asked) == [each.answer for each in asked]

    bounded(tmp_path_factory.mktemp("pieces"), work, handler)


@given(REQUESTS, PLACES, st.integers(0, 1500), st.sampled_from(End))
def test_wherever_a_connection_ends_the_requests_before_are_answered_in_order(
    tmp_path_factory: pytest.TempPathFactory,
    asked: list[Asked],
    places: list[int],
    at: int,
    end: End,
) -> None:
    """All that are whole where the client has said all; a server that closes answers some.

    Of the last of these a client that has asked for more may hear but a part.
    """
    stream = b"".join(each.sent for each in asked)[:at]
    whole = sum(to <= at for to in accumulate(len(each.sent) for each in asked))

    async def work(serving: Serving) -> None:
        async with _sending(serving, stream, [place for place in places if place < at]) as link:
            if end is End.SAID_ALL:
                link.shutdown(socket.SHUT_WR)
            elif end is End.SERVER_CLOSED:
                await serving.server.close()
            found = _answers(b"" if end is End.LEFT else await _read(link), asked)
            assert found == [each.answer for each in asked[: len(found)]]
            assert len(found) >= (whole if end is End.SAID_ALL else 0)
        if end is not End.SERVER_CLOSED:
            async with _sending(serving, LAST, []) as link:
                assert (await _read(link)).endswith(b"\r\n\r\n/f/last")

    bounded(tmp_path_factory.mktemp("ends"), work, handler, Patience(end_s=0.05))


@st.composite
def _spoiled(draw: st.DrawFn) -> bytes:
    """Requests with garbage in between, or in the place of something."""
    stream = b"".join(each.sent for each in draw(REQUESTS))
    for at, of in draw(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 9)), max_size=4)):
        stream = stream[:at] + draw(st.sampled_from(GARBAGE)) + stream[at + of :]
    return stream


@given(st.lists(st.tuples(_spoiled() | st.binary(), PLACES, st.booleans()), max_size=6))
def test_whatever_bytes_come_the_connection_ends_and_the_next_one_is_answered(
    tmp_path_factory: pytest.TempPathFactory, sent: list[tuple[bytes, list[int], bool]]
) -> None:
    """Whether the client waits for its answers or not."""

    async def work(serving: Serving) -> None:
        for stream, places, waits in [*sent, (LAST, [], True)]:
            async with _sending(serving, stream, places) as link:
                if waits:
                    with contextlib.suppress(OSError):  # it is closed already
                        link.shutdown(socket.SHUT_WR)
                    found = await _read(link)
        assert found.endswith(b"\r\n\r\n/f/last")

    bounded(tmp_path_factory.mktemp("garbage"), work, handler)
