"""What goes over the wire comes out as it went in, however the stream is cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.runtime import frames
from infra.local.runtime.frames import Kind, Reader


@given(st.lists(st.binary(max_size=300), max_size=8), st.lists(st.integers(0, 2600), max_size=12))
def test_any_cut_of_the_stream_gives_the_same_bodies(bodies: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(map(frames.frame, bodies))
    at = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    reader = Reader()
    found: list[bytes] = []
    for start, end in pairwise(at):
        found += reader.feed(stream[start:end])
    assert found == bodies


def test_a_stream_of_single_bytes_gives_the_same_bodies() -> None:
    reader = Reader()
    stream = frames.frame(b"one") + frames.frame(b"") + frames.frame(b"three")
    assert [body for at in range(len(stream)) for body in reader.feed(stream[at : at + 1])] == [
        b"one",
        b"",
        b"three",
    ]


@given(st.text(max_size=60), st.floats(allow_nan=False), st.binary(max_size=500))
def test_a_call_is_read_as_it_was_written(request_id: str, deadline: float, event: bytes) -> None:
    written = frames.call(request_id.encode(), deadline, event)
    (body,) = Reader().feed(written)
    assert frames.read_call(body) == (request_id, deadline, event)


@given(st.sampled_from(Kind), st.binary(max_size=500), st.binary(max_size=255))
def test_a_reply_is_read_as_it_was_written(kind: Kind, payload: bytes, request_id: bytes) -> None:
    (body,) = Reader().feed(frames.reply(kind, payload, request_id))
    assert frames.read_reply(body) == (kind, request_id, payload)


def test_a_frame_over_the_limit_is_refused_before_it_is_read() -> None:
    """Whoever announces four gigabytes would have the reader gather them."""
    with pytest.raises(ValueError, match="too large"):
        Reader().feed(frames.LENGTH.pack(frames.LIMIT + 1))
