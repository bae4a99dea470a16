"""However the files server ends, what it answered for is there, and nothing half ever is."""

import signal
import socket
import threading
from collections.abc import Iterator
from http.client import HTTPException
from itertools import count
from pathlib import Path

import pytest

from app.adapters.local.blobs import open_bucket
from tests.conftest import Counts
from tests.support.files_server import FilesServer, serving
from tests.support.pids import alive, wait_for
from tests.support.wire_http import asked

TEXT = "text/plain"
SIZE = 300_000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FilesServer]:
    with serving(tmp_path, "full") as found:
        yield found


def body_of(number: int) -> bytes:
    return b"%08d" % number * (SIZE // 8)


def test_what_was_answered_for_survives_kills_and_nothing_half_is_seen(
    server: FilesServer, counts: Counts
) -> None:
    """Clients put without a pause, each body to a key of its own and to one that all share."""
    numbers = count(1)
    kept: dict[int, bool] = {}  # number → whether it was answered for
    enough = threading.Event()

    def put_on_and_on() -> None:
        bucket = open_bucket("uploads", server.stated)
        while not enough.is_set():
            number = next(numbers)
            kept[number] = False
            answered = []
            for key in (f"own/{number}", "shared"):
                upload = bucket.upload_url(key, TEXT, SIZE, 60)
                headers = [*upload.headers.items()]
                try:
                    answer = asked(upload.url, "PUT", headers, body_of(number))
                except (OSError, HTTPException):
                    continue
                answered.append(answer.status)
            kept[number] = answered == [200, 200]

    putting = [threading.Thread(target=put_on_and_on) for _ in range(4)]
    for each in putting:
        each.start()
    for _ in range(counts(small=4, full=100)):
        done = sum(kept.values())
        wait_for(lambda done=done: sum(kept.values()) > done + 3)  # type: ignore[misc]
        server.end(signal.SIGKILL)
        server.start()
    enough.set()
    for each in putting:
        each.join()
    bucket = open_bucket("uploads", server.stated)
    assert sum(kept.values()) > 10
    for number, answered in kept.items():
        head = bucket.head(f"own/{number}")
        assert head is not None or not answered, "an upload that was answered for is lost"
        if head is not None:
            assert bucket.get(f"own/{number}") == body_of(number)
    shared = bucket.get("shared")
    assert shared == body_of(int(shared[:8]))
    bucket.close()


def begun(server: FilesServer, key: str, sent: int) -> socket.socket:
    """A PUT whose body has begun; the rest is `SIZE - sent` zero bytes."""
    bucket = open_bucket("uploads", server.stated)
    url = bucket.upload_url(key, TEXT, SIZE, 60).url
    bucket.close()
    link = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    head = f"PUT /{url.split('/', 3)[3]} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {TEXT}\r\n"
    link.sendall(f"{head}content-length: {SIZE}\r\n\r\n".encode() + bytes(sent))
    files = server.at / "files"
    wait_for(lambda: files.is_dir() and any(files.iterdir()))
    return link


def test_told_to_end_it_finishes_what_is_under_way_and_leaves(server: FilesServer) -> None:
    with begun(server, "under way", 1000) as link:
        assert server._process is not None
        server._process.send_signal(signal.SIGTERM)
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as waiting:
            waiting.sendall(b"OPTIONS / HTTP/1.1\r\nhost: localhost\r\n\r\n")
            link.sendall(bytes(SIZE - 1000))
            assert link.recv(1000).startswith(b"HTTP/1.1 200 ")
            assert server.gone() == 0
            server.start()
            assert waiting.recv(1000).startswith(b"HTTP/1.1 204 ")
    bucket = open_bucket("uploads", server.stated)
    assert bucket.get("under way") == bytes(SIZE)
    bucket.close()


def test_it_ends_at_once_when_whoever_started_it_is_gone(server: FilesServer) -> None:
    pid = server.pid
    with begun(server, "half", 1000):
        assert server.let_go() == 0
    assert not alive(pid)
    bucket = open_bucket("uploads", server.stated)
    assert bucket.head("half") is None
    bucket.close()


def test_told_to_end_it_waits_for_nobody_who_says_nothing(server: FilesServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as link:
        link.sendall(b"GET / HTTP/1.1\r\n")
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as served:
            served.sendall(b"OPTIONS / HTTP/1.1\r\nhost: localhost\r\n\r\n")
            assert served.recv(1000).startswith(b"HTTP/1.1 204 ")
        assert server.end(signal.SIGTERM) == 0
