"""What a client can make the reader of its requests hold."""

import tracemalloc
from collections.abc import Iterable

import pytest

from infra.local.runtime.http_request import HEAD_BYTES, BrokenError, Request, RequestReader
from tests.support.wire_http import asking

CHUNKED = asking("/f/a", "transfer-encoding: chunked", method="POST")
LIMIT = 200_000


def read(*pieces: bytes, limit: int | None = LIMIT) -> list[Request]:
    """The requests of these pieces, of whose bodies so much is wanted. Raises BrokenError."""
    found: list[Request] = []
    reader = RequestReader("127.0.0.1", lambda _: limit, found.append)
    for each in pieces:
        assert reader.feed(each)
    return found


@pytest.mark.parametrize("of_next", [70_000, 150_000])
def test_a_head_that_begins_in_the_piece_of_another_request_has_its_limit_too(of_next: int) -> None:
    begun = asking("/f/a") + b"GET /f/b HTTP/1.1\r\nx: "
    with pytest.raises(BrokenError, match="too large"):
        read(begun + b"a" * of_next, b"\r\n\r\n")
    assert len(read(begun + b"a" * 1000, b"a" * 50_000, b"\r\n\r\n")) == 2


@pytest.mark.parametrize("limit", [LIMIT, None], ids=["wanted", "unwanted"])
@pytest.mark.parametrize("begun", [b"0\r\nx", b"0\r\nx: ", b"5;a=", b"0"])
def test_what_stands_around_a_body_has_the_limit_of_a_head(begun: bytes, limit: int | None) -> None:
    """A trailer was kept until its end, and an extension of a chunk is counted by nothing else."""

    def pieces() -> Iterable[bytes]:
        yield CHUNKED + b"3\r\nabc\r\n" + begun
        for _ in range(HEAD_BYTES // 1000 + 1):
            yield b"0" * 1000

    with pytest.raises(BrokenError, match="too large"):
        read(*pieces(), limit=limit)


def test_each_body_has_the_whole_limit() -> None:
    posted = asking("/f/a", f"content-length: {LIMIT}", method="POST", body=b"a" * LIMIT)
    assert [each.body for each in read(posted, posted)] == [b"a" * LIMIT] * 2


def test_what_stands_in_a_trailer_is_no_header_of_its_request_nor_of_the_next() -> None:
    chunked = read(CHUNKED + b"0\r\nx-user: me\r\n\r\n" + asking("/f/b"))
    assert [len(each.headers) for each in chunked] == [2, 1]


@pytest.mark.parametrize("size", [1, 2])
def test_a_body_in_tiny_chunks_takes_no_more_memory_than_any_other(size: int) -> None:
    chunk = b"%x\r\n%b\r\n" % (size, b"a" * size)
    tracemalloc.start()
    try:
        (found,) = read(CHUNKED, chunk * (LIMIT // size), b"0\r\n\r\n")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.body == b"a" * LIMIT
    assert peak < 4 * LIMIT + len(chunk) * LIMIT // size
