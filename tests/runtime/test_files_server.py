"""The files server speaks HTTP as browsers expect it, and tells nobody too much."""

import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.adapters.common.signing import Allowed, signed_url
from app.adapters.local.blobs import LocalBucket, open_bucket
from app.adapters.local.secrets import read_or_make
from tests.support.files_server import FilesServer, serving
from tests.support.pids import wait_for
from tests.support.wire_http import Answer, request, sent

BODY = b"0123456789"
TEXT = "text/plain"
DENIED = b"the address is not signed for this, or ended\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FilesServer]:
    with serving(tmp_path_factory.mktemp("files")) as found:
        yield found


@pytest.fixture(scope="module")
def bucket(server: FilesServer) -> Iterator[LocalBucket]:
    found = open_bucket("uploads", server.stated)
    found.put("digits", BODY, TEXT)
    yield found
    found.close()


def target(url: str) -> str:
    """A signed address without its host."""
    return "/" + url.split("/", 3)[3]


def get(server: FilesServer, bucket: LocalBucket, method: str = "GET", **headers: str) -> Answer:
    """Ask for the ten digits."""
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return request(server.port, target(bucket.download_url("digits", 60)), method, named)


def put(server: FilesServer, path: str, *parts: bytes, head: str = "") -> Answer:
    """PUT with a head as it stands, and the body in parts."""
    lines = f"PUT {path} HTTP/1.1\r\nhost: localhost\r\n{head}\r\n"
    return sent(server.port, lines.encode() + parts[0], *parts[1:], method="PUT")


def test_a_get_says_what_the_blob_is_and_that_no_browser_may_run_it(
    server: FilesServer, bucket: LocalBucket
) -> None:
    answer = get(server, bucket)
    head = bucket.head("digits")
    assert head is not None
    assert (answer.status, answer.body) == (200, BODY)
    assert {name: text for name, text in answer.headers.items() if name != "date"} == {
        "content-type": TEXT,
        "content-length": "10",
        "etag": f'"{head.etag}"',
        "accept-ranges": "bytes",
        "cache-control": "private",
        "x-content-type-options": "nosniff",
        "content-security-policy": "sandbox; default-src 'none'",
        "access-control-allow-origin": "*",
        "access-control-expose-headers": "etag, content-range",
        "connection": "close",
    }


def test_a_head_has_what_a_get_has_but_for_the_body(
    server: FilesServer, bucket: LocalBucket
) -> None:
    with_body, without = get(server, bucket), get(server, bucket, "HEAD")
    assert (without.status, without.body) == (200, b"")
    assert {**without.headers, "date": ""} == {**with_body.headers, "date": ""}


@pytest.mark.parametrize(
    ("wanted", "status", "body", "where"),
    [
        ("bytes=0-0", 206, b"0", "bytes 0-0/10"),
        ("bytes=2-5", 206, b"2345", "bytes 2-5/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=-99", 206, BODY, "bytes 0-9/10"),
        ("bytes=9-99", 206, b"9", "bytes 9-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=-0", 416, b"", "bytes */10"),
        ("bytes=99-100", 416, b"", "bytes */10"),
        ("bytes=5-2", 200, BODY, None),
        ("bytes=0-1,3-4", 200, BODY, None),
        ("bytes=a-b", 200, BODY, None),
        ("bytes=-", 200, BODY, None),
        ("lines=0-1", 200, BODY, None),
        ("", 200, BODY, None),
    ],
)
def test_one_range_is_given_and_what_is_none_is_passed_over(
    server: FilesServer,
    bucket: LocalBucket,
    wanted: str,
    status: int,
    body: bytes,
    where: str | None,
) -> None:
    answer = get(server, bucket, range=wanted)
    assert (answer.status, answer.body) == (status, body)
    assert answer.headers.get("content-range") == where
    assert answer.headers["content-length"] == str(len(body))


def test_a_range_of_another_blob_than_the_client_has_gives_all_of_this_one(
    server: FilesServer, bucket: LocalBucket
) -> None:
    head = bucket.head("digits")
    assert head is not None
    assert get(server, bucket, range="bytes=0-0", if_range=f'"{head.etag}"').status == 206
    assert get(server, bucket, range="bytes=0-0", if_range='"other"').body == BODY


def test_a_range_of_nothing_cannot_be_given(server: FilesServer, bucket: LocalBucket) -> None:
    bucket.put("empty", b"", TEXT)
    path = target(bucket.download_url("empty", 60))
    assert request(server.port, path).headers["content-length"] == "0"
    for wanted in ("bytes=0-", "bytes=-1"):
        answer = request(server.port, path, headers=[("range", wanted)])
        assert (answer.status, answer.headers["content-range"]) == (416, "bytes */0")


def test_who_has_the_blob_is_not_sent_it_again(server: FilesServer, bucket: LocalBucket) -> None:
    head = bucket.head("digits")
    assert head is not None
    for condition in (f'"{head.etag}"', f'W/"{head.etag}"', f'"x", "{head.etag}"', "*"):
        answer = get(server, bucket, if_none_match=condition)
        assert (answer.status, answer.body) == (304, b"")
        assert answer.headers["etag"] == f'"{head.etag}"'
    for condition in ('"x"', head.etag, ""):
        assert get(server, bucket, if_none_match=condition).status == 200


def test_a_put_answers_the_etag_of_what_is_there_now(
    server: FilesServer, bucket: LocalBucket
) -> None:
    upload = bucket.upload_url("new", TEXT, 3, 60)
    answer = request(server.port, target(upload.url), "PUT", [*upload.headers.items()], b"abc")
    head = bucket.head("new")
    assert head is not None
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["etag"] == f'"{head.etag}"'
    assert answer.headers["access-control-allow-origin"] == "*"


def test_a_browsers_preflight_is_answered_for_any_origin(server: FilesServer) -> None:
    asked = [
        ("origin", "https://shop.example"),
        ("access-control-request-method", "PUT"),
        ("access-control-request-headers", "content-type"),
    ]
    answer = request(server.port, "/uploads/a?whatever", "OPTIONS", asked)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "PUT, GET, HEAD"
    assert answer.headers["access-control-allow-headers"] == "content-type"


@pytest.mark.parametrize("method", ["POST", "DELETE", "PATCH", "TRACE", "WHATEVER"])
def test_a_method_that_there_is_not_is_told_those_that_there_are(
    server: FilesServer, bucket: LocalBucket, method: str
) -> None:
    answer = get(server, bucket, method)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS, PUT")


@pytest.mark.parametrize(
    ("head", "parts", "status"),
    [
        ("content-type: text/plain\r\n", [b""], 411),
        ("content-type: text/plain\r\ntransfer-encoding: chunked\r\n", [b"0\r\n\r\n"], 411),
        (
            "content-type: text/plain\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n",
            [b"5\r\nabcde\r\n0\r\n\r\n"],
            411,
        ),
        ("content-length: 3\r\n", [b"abc"], 400),
        ("content-type: text/plain\r\ncontent-length: 5368709121\r\n", [b"abc"], 413),
        ("content-type: text/plain\r\ncontent-length: 99999999999999999999\r\n", [b"abc"], 413),
        ("content-type: text/plain\r\ncontent-length: -3\r\n", [b"abc"], 400),
        ("content-type: text/plain\r\ncontent-length: 3x\r\n", [b"abc"], 400),
        ("content-type: text/plain\r\ncontent-length: 3\r\ncontent-length: 4\r\n", [b"abc"], 400),
        ("content-type: text/plain\r\ncontent-length: 4\r\n", [b"abcd"], 403),
        ("content-type: text/html\r\ncontent-length: 3\r\n", [b"abc"], 403),
        ("content-type: text/plain\r\ncontent-length: 3\r\n", [b"a", b"bc"], 200),
    ],
)  # fmt: skip
def test_a_put_must_be_what_was_signed(
    server: FilesServer, bucket: LocalBucket, head: str, parts: list[bytes], status: int
) -> None:
    bucket.delete("strict")
    path = target(bucket.upload_url("strict", TEXT, 3, 60).url)
    answer = put(server, path, *parts, head=head)
    assert answer.status == status
    assert (bucket.head("strict") is not None) == (status == 200)
    if status != 200:
        assert answer.headers["content-type"].startswith("text/plain")


def test_what_is_denied_is_denied_in_the_same_words_whichever_part_is_wrong(
    server: FilesServer, bucket: LocalBucket
) -> None:
    right = target(bucket.download_url("digits", 60))
    secret = read_or_make(Path(server.stated["key"]))
    ended = signed_url("", Allowed("GET", "uploads", "digits"), 1, secret)
    forged = signed_url("", Allowed("GET", "uploads", "digits"), 2**50, "another key")
    unknown = signed_url("", Allowed("GET", "nowhere", "digits"), 2**50, secret)
    for path in (
        right.replace("digits", "missing"),
        right[:-1] + ("A" if right[-1] != "A" else "B"),
        right.partition("?")[0],
        ended,
        forged,
        unknown,
        "/",
        "/uploads",
        "/uploads/",
        "/uploads/%ff?expires=1&signature=a",
        "/uploads/..%2f..%2fetc/passwd?expires=1&signature=a",
        "//etc/passwd",
        "/uploads/a%00b",
        "http://elsewhere.example" + right,
    ):
        answer = request(server.port, path)
        assert (answer.status, answer.body) == (403, DENIED), path
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.usefixtures("server")
def test_a_refusal_is_heard_by_a_client_that_is_still_sending(bucket: LocalBucket) -> None:
    url = bucket.upload_url("refused", TEXT, 3, 60).url
    answer = httpx.put(url, content=b"a" * 9_000_000, headers={"content-type": TEXT})
    assert (answer.status_code, answer.content) == (403, DENIED)


def test_who_asks_before_he_sends_is_refused_before_he_sends(
    server: FilesServer, bucket: LocalBucket
) -> None:
    path = target(bucket.upload_url("asked", TEXT, 3, 60).url)
    head = f"content-type: {TEXT}\r\nexpect: 100-continue\r\ncontent-length: "
    assert put(server, path, b"", head=f"{head}50000000\r\n").status == 403
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as link:
        link.sendall(f"PUT {path} HTTP/1.1\r\nhost: localhost\r\n{head}3\r\n\r\n".encode())
        assert link.recv(1000).startswith(b"HTTP/1.1 100 ")
        link.sendall(b"abc")
        assert link.recv(1000).startswith(b"HTTP/1.1 200 ")
    assert bucket.get("asked") == b"abc"


def told(server: FilesServer, path: str) -> list[dict[str, Any]]:
    """The log's lines of requests for this path."""
    return [line for line in server.said("storage request") if line["path"] == path]


def files(server: FilesServer) -> set[Path]:
    return set((server.at / "files").iterdir())


def test_a_body_that_ends_short_leaves_nothing(server: FilesServer, bucket: LocalBucket) -> None:
    before = files(server)
    path = target(bucket.upload_url("short", TEXT, 2_000_000, 60).url)
    head = f"PUT {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {TEXT}\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as link:
        link.sendall(f"{head}content-length: 2000000\r\n\r\n".encode() + b"a" * 1_500_000)
        wait_for(lambda: len(files(server)) > len(before))
        assert bucket.head("short") is None
    wait_for(lambda: told(server, "/uploads/short"))
    assert [line["status"] for line in told(server, "/uploads/short")] == [499]
    assert files(server) == before
    assert bucket.head("short") is None


def test_a_client_that_has_said_all_and_closed_its_end_is_answered(
    server: FilesServer, bucket: LocalBucket
) -> None:
    path = target(bucket.upload_url("closed", TEXT, 3, 60).url)
    head = f"PUT {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {TEXT}\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as link:
        link.sendall(f"{head}content-length: 3\r\n\r\nabc".encode())
        link.shutdown(socket.SHUT_WR)
        assert link.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_a_head_that_is_endless_is_refused(server: FilesServer) -> None:
    assert sent(server.port, b"GET / HTTP/1.1\r\nx: " + b"a" * 70_000).status == 400


def test_the_log_tells_of_each_request_and_of_no_signature(
    server: FilesServer, bucket: LocalBucket
) -> None:
    path = "/uploads/a%20b/%C3%BC"
    upload = bucket.upload_url("a b/ü", TEXT, 3, 60)
    request(server.port, target(upload.url), "PUT", [*upload.headers.items()], b"abc")
    url = bucket.download_url("a b/ü", 60)
    request(server.port, target(url))
    request(server.port, target(url) + "x")
    wait_for(lambda: len(told(server, path)) == 3)
    lines = told(server, path)
    assert all(line.pop("ms") >= 0 for line in lines)
    common = {"event": "storage request", "bucket": "uploads", "path": path}
    assert lines == [
        {**common, "method": "PUT", "status": 200, "bytes": 3},
        {**common, "method": "GET", "status": 200, "bytes": 3},
        {**common, "method": "GET", "status": 403, "bytes": 0},
    ]
    signatures = re.findall("signature=([^&]+)", upload.url + "&" + url)
    secret = read_or_make(Path(server.stated["key"]))
    said = repr(server.lines)
    assert len(signatures) == 2
    assert not any(each in said for each in (*signatures, secret))


def test_a_bucket_whose_folder_is_gone_is_not_served_but_does_not_harm_the_server(
    server: FilesServer, bucket: LocalBucket
) -> None:
    upload = bucket.upload_url("gone", TEXT, 3, 60)
    hidden = server.at.rename(server.at.with_name("hidden"))
    try:
        answer = request(server.port, target(upload.url), "PUT", [*upload.headers.items()], b"abc")
    finally:
        hidden.rename(server.at)
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert b"uploads" not in answer.body
    assert get(server, bucket).status == 200


def resident_kb(pid: int) -> int:
    """What a process holds in memory, as `ps` says."""
    with os.popen(f"ps -o rss= -p {pid}") as said:  # noqa: S605 - a number
        return int(said.read())


def test_a_large_body_is_never_held_in_memory(server: FilesServer, bucket: LocalBucket) -> None:
    size, part = 60_000_000, b"a" * 1_000_000
    upload = bucket.upload_url("large", TEXT, size, 60)
    before = resident_kb(server.pid)
    most = before

    def parts() -> Iterator[bytes]:
        nonlocal most
        for number in range(size // len(part)):
            if number % 10 == 0:
                most = max(most, resident_kb(server.pid))
            yield part

    headers = {**upload.headers, "content-length": str(size)}
    assert httpx.put(upload.url, content=parts(), headers=headers, timeout=60).status_code == 200
    with httpx.stream("GET", bucket.download_url("large", 60)) as answer:
        assert sum(map(len, answer.iter_raw())) == size
    most = max(most, resident_kb(server.pid))
    assert most - before < 16_000
    bucket.delete("large")
