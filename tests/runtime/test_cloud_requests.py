"""Whatever a client sends, it gets a stated answer and the next request is served."""

import json
import socket
import threading
import time

import pytest

from tests.runtime.stated import assert_stated, assert_well
from tests.support.local_cloud import BODY_LIMIT, LocalCloud
from tests.support.wire_http import answer as next_answer
from tests.support.wire_http import sent

HOST = b"host: localhost\r\n"
NO_ROUTE, TOO_LARGE = "no route matches", "the body is over the limit"
INVALID = b"This is not HTTP as it can be read."
HEAD_TOO_LARGE = b"The request's head is too large."
ECHO = """
import base64, json

def lambda_handler(event, context):
    event = event if isinstance(event, dict) else json.loads(event)
    body = event.get("body") or ""
    size = len(base64.b64decode(body)) if event["isBase64Encoded"] else len(body.encode())
    return {"statusCode": 200, "body": json.dumps([size, event["rawPath"]])}
"""


@pytest.fixture(scope="module", autouse=True)
def echo(cloud: LocalCloud) -> None:
    cloud.put("echo", ECHO)
    cloud.route("GET /files/{name}", "echo")
    cloud.route("GET /tree/{rest+}", "echo")


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET  HTTP/1.1\r\n\r\n",
        b"GET /health HTTP/9.9\r\n" + HOST + b"\r\n",
        b"FETCH /health HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET /health HTTP/1.1\r\n" + HOST + b"no colon\r\n\r\n",
        b"GET /health HTTP/1.1\r\n" + HOST + b"bad name: a\r\n\r\n",
        b"GET /health HTTP/1.1\r\n" + HOST + b"a: b\x00c\r\n\r\n",
        b"POST /echo HTTP/1.1\r\n" + HOST + b"content-length: five\r\n\r\n",
        b"POST /echo HTTP/1.1\r\n" + HOST + b"content-length: -1\r\n\r\n",
        b"POST /echo HTTP/1.1\r\n" + HOST + b"content-length: 1\r\ncontent-length: 2\r\n\r\nab",
        b"POST /echo HTTP/1.1\r\n"
        + HOST
        + b"content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused_and_the_connection_closed(
    cloud: LocalCloud, line: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=20) as link:
        link.sendall(line)
        found = next_answer(link)
        assert (found.status, found.body) == (400, INVALID)
        assert found.headers["connection"] == "close"
        assert link.recv(1) == b""
    assert_well(cloud)


def test_a_chunk_without_a_size_ends_the_connection(cloud: LocalCloud) -> None:
    head = b"POST /echo HTTP/1.1\r\n" + HOST + b"transfer-encoding: chunked\r\n\r\n"
    found = sent(cloud.port, head + b"xyz\r\nabc\r\n")
    assert (found.status, found.body) == (400, INVALID)
    assert_well(cloud)


@pytest.mark.parametrize("size", [70_000, 200_000, 1_000_000])
@pytest.mark.parametrize("end", [b"\r\n\r\n", b""], ids=["complete", "endless"])
def test_a_head_over_its_limit_is_refused(cloud: LocalCloud, size: int, end: bytes) -> None:
    head = b"GET /health HTTP/1.1\r\n" + HOST + b"x-filler: " + b"a" * size + end
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=20) as link:
        try:
            link.sendall(head)
            found = next_answer(link)
        except ConnectionError:  # closed while it was still being sent
            assert size > 200_000
        else:
            assert (found.status, found.body) == (400, HEAD_TOO_LARGE)
    assert_well(cloud)


def test_a_head_within_its_limit_passes_whether_in_one_piece_or_many(cloud: LocalCloud) -> None:
    names = b"".join(b"x-%d: %s\r\n" % (number, b"a" * 90) for number in range(600))
    whole = b"GET /health HTTP/1.1\r\nconnection: close\r\n" + HOST + names + b"\r\n"
    assert sent(cloud.port, whole).body == b"well"
    pieces = [whole[at : at + 1000] for at in range(0, len(whole), 1000)]
    assert sent(cloud.port, *pieces).body == b"well"


def test_many_requests_on_one_connection_are_not_counted_as_one_head(cloud: LocalCloud) -> None:
    line = b"GET /health HTTP/1.1\r\n" + HOST + b"x-filler: " + b"a" * 8000 + b"\r\n\r\n"
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=20) as link:
        for _ in range(30):
            link.sendall(line)
            assert next_answer(link).body == b"well"


def test_a_large_body_for_no_route_does_not_spoil_its_connection(cloud: LocalCloud) -> None:
    size = 300_000
    head = b"POST /nowhere HTTP/1.1\r\n" + HOST + b"content-length: %d\r\n\r\n" % size
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=20) as link:
        link.sendall(head)
        assert_stated(cloud, next_answer(link), NO_ROUTE)
        link.sendall(b"a" * size + b"GET /health HTTP/1.1\r\n" + HOST + b"\r\n")
        assert next_answer(link).body == b"well"


@pytest.mark.parametrize("size", [0, 1, 70_000, BODY_LIMIT])
def test_a_body_up_to_the_limit_reaches_the_handler(cloud: LocalCloud, size: int) -> None:
    assert json.loads(cloud.get("/echo", method="POST", body=b"a" * size).body)[0] == size
    chunks = b"%x\r\n%s\r\n" % (size, b"a" * size) if size else b""
    head = b"POST /echo HTTP/1.1\r\n" + HOST + b"transfer-encoding: chunked\r\n\r\n"
    assert json.loads(sent(cloud.port, head + chunks + b"0\r\n\r\n").body)[0] == size


@pytest.mark.parametrize("size", [BODY_LIMIT + 1, BODY_LIMIT + (1 << 20)])
def test_a_body_over_the_limit_is_refused_as_the_cloud_does(cloud: LocalCloud, size: int) -> None:
    found = cloud.get("/echo", method="POST", body=b"a" * size)
    assert_stated(cloud, found, TOO_LARGE)
    assert found.headers["connection"] == "close"
    head = b"POST /echo HTTP/1.1\r\n" + HOST + b"transfer-encoding: chunked\r\n\r\n"
    chunk = b"%x\r\n%s\r\n" % (1 << 16, b"a" * (1 << 16))
    parts = [chunk] * (size // (1 << 16) + 1)
    assert_stated(cloud, sent(cloud.port, head, *parts, b"0\r\n\r\n"), TOO_LARGE)
    assert_well(cloud)


def test_a_body_that_is_announced_as_far_too_large_is_not_waited_for(cloud: LocalCloud) -> None:
    head = b"POST /echo HTTP/1.1\r\n" + HOST + b"content-length: 9999999999\r\n\r\n"
    assert_stated(cloud, sent(cloud.port, head), TOO_LARGE)
    assert_well(cloud)


@pytest.mark.parametrize(
    "head", [b"content-length: 10\r\n\r\nabc", b"transfer-encoding: chunked\r\n\r\n5\r\nab"]
)
def test_a_body_that_does_not_arrive_ends_its_connection(cloud: LocalCloud, head: bytes) -> None:
    path = b"/echo?late=%d" % time.monotonic_ns()
    found = sent(cloud.port, b"POST " + path + b" HTTP/1.1\r\n" + HOST + head)
    assert (found.status, found.body) == (408, b"the body did not arrive in time")
    assert found.headers["connection"] == "close"
    lines = [line for line in cloud.log("did not arrive") if line["event"] == "request"]
    assert (lines[-1]["status"], lines[-1]["path"]) == (408, "/echo")
    assert lines[-1]["request_id"]
    assert_well(cloud)


def test_a_client_that_leaves_in_the_middle_of_its_body_harms_nobody(cloud: LocalCloud) -> None:
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", cloud.port), timeout=20) as link:
            link.sendall(b"POST /echo HTTP/1.1\r\n" + HOST + b"content-length: 10\r\n\r\nabc")
    assert_well(cloud)


def test_a_client_that_leaves_before_its_answer_harms_nobody(cloud: LocalCloud) -> None:
    cloud.put("nap", "import time\ndef lambda_handler(e, c):\n    time.sleep(0.2)\n    return 1")
    for _ in range(4):
        with socket.create_connection(("127.0.0.1", cloud.port), timeout=20) as link:
            link.sendall(b"GET /nap HTTP/1.1\r\n" + HOST + b"\r\n")
    assert_well(cloud)
    time.sleep(0.4)
    assert cloud.get("/nap").body == b"1"
    cloud.remove("nap")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/healthy"),
        ("GET", "/health/"),
        ("GET", "//health"),
        ("GET", "/Health"),
        ("POST", "/files/a"),
        ("DELETE", "/files/a"),
        ("GET", "/files/"),
        ("GET", "/files/a/b"),
        ("GET", "/tree"),
        ("GET", "/tree/"),
        ("GET", "/%00"),
        ("GET", "/../health"),
        ("GET", "/" + "a/" * 5000),
    ],
)
def test_a_path_or_method_without_a_route_is_refused_as_the_cloud_does(
    cloud: LocalCloud, method: str, path: str
) -> None:
    assert_stated(cloud, cloud.get(path, method=method), NO_ROUTE)


@pytest.mark.parametrize(
    ("path", "decoded"),
    [
        ("/files/a%2Fb", "/files/a/b"),
        ("/files/%E5%A4%84", "/files/处"),
        ("/files/a%20b", "/files/a b"),
        ("/tree/a//b/", "/tree/a//b/"),
        ("/files/%FF", "/files/\ufffd"),
        ("/files/100%", "/files/100%"),
    ],
)
def test_an_encoded_path_finds_its_route(cloud: LocalCloud, path: str, decoded: str) -> None:
    found = json.loads(cloud.get(path).body)[1]
    assert found == {"aws": decoded, "alicloud": path}[cloud.emulate]


@pytest.mark.parametrize("target", ["http://localhost/health", "/health?a=1#b", "/%68ealth"])
def test_other_ways_to_name_a_path_find_it_too(cloud: LocalCloud, target: str) -> None:
    assert_well(cloud, target)


@pytest.mark.parametrize("target", ["*", "health", "localhost:80", "/h\xc3\xa9alth"])
def test_what_is_no_path_is_refused(cloud: LocalCloud, target: str) -> None:
    line = f"OPTIONS {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".encode("latin-1")
    assert sent(cloud.port, line).status in {400, 404}
    assert_well(cloud)


def test_an_answer_to_head_has_no_body(cloud: LocalCloud) -> None:
    found = cloud.get("/health", method="HEAD")
    assert (found.status, found.body, found.headers["content-length"]) == (200, b"", "4")


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_content_keeps_its_connection_in_order(
    cloud: LocalCloud, status: int
) -> None:
    cloud.put(
        "bare", f"def lambda_handler(e, c): return {{'statusCode': {status}, 'body': 'more'}}"
    )
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=20) as link:
        for _ in range(2):
            link.sendall(b"GET /bare HTTP/1.1\r\n" + HOST + b"\r\n")
            found = next_answer(link)
            assert (found.status, found.body) == (status, b"")
            assert "content-length" not in found.headers
    cloud.remove("bare")


def test_an_upgrade_is_not_taken_up(cloud: LocalCloud) -> None:
    line = b"GET /health HTTP/1.1\r\n" + HOST + b"connection: upgrade\r\nupgrade: websocket\r\n\r\n"
    assert sent(cloud.port, line).body == b"well"


def test_a_client_that_asks_first_is_told_to_go_on(cloud: LocalCloud) -> None:
    head = b"POST /echo HTTP/1.1\r\n" + HOST + b"content-length: 3\r\nexpect: 100-continue\r\n\r\n"
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=20) as link:
        link.sendall(head)
        assert link.recv(25).startswith(b"HTTP/1.1 100 Continue")
        link.sendall(b"abc")
        assert json.loads(next_answer(link).body)[0] == 3


def test_requests_in_a_row_without_waiting_are_answered_in_order(cloud: LocalCloud) -> None:
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=20) as link:
        link.sendall(
            b"".join(b"GET /tree/%d HTTP/1.1\r\nhost: a\r\n\r\n" % number for number in range(20))
        )
        received = b""
        while received.count(b"HTTP/1.1 200") < 20 or not received.endswith(b'/tree/19"]'):
            received += link.recv(65536)
    assert [received.index(b'/tree/%d"]' % number) for number in range(20)] == sorted(
        received.index(b'/tree/%d"]' % number) for number in range(20)
    )


def test_a_client_that_says_nothing_holds_nobody_up(cloud: LocalCloud) -> None:
    silent = [socket.create_connection(("127.0.0.1", cloud.port)) for _ in range(50)]
    try:
        for link in silent[:25]:
            link.sendall(b"GET /health HT")
        assert_well(cloud)
    finally:
        for link in silent:
            link.close()


def test_many_clients_at_once_are_all_answered(cloud: LocalCloud) -> None:
    cloud.put("many", max_instances=2, queue_ms=20_000)
    found: list[bytes] = []
    clients = [
        threading.Thread(target=lambda: found.extend(cloud.get("/many").body for _ in range(10)))
        for _ in range(16)
    ]
    for each in clients:
        each.start()
    for each in clients:
        each.join()
    assert found == [b"well"] * 160
    cloud.remove("many")
