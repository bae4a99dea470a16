"""What was once found by attacking the local cloud, and is not to come back."""

import json
import os
import signal
import socket
import threading

import pytest

from infra.local.runtime.changes import ChangeError
from infra.local.runtime.frames import Kind, reply
from tests.runtime.stated import assert_stated, assert_well
from tests.support.local_cloud import LocalCloud
from tests.support.pids import wait_for
from tests.support.wire_http import answer as next_answer

HOST = b"host: localhost\r\n"
SLEEPS = """
import time

def lambda_handler(event, context):
    time.sleep(0.3)
    return {"statusCode": 200, "body": "slept"}
"""
FORGES = """
import os, socket, time

def lambda_handler(event, context):
    for fd in range(3, 64):
        try:
            link = socket.socket(fileno=os.dup(fd))
            if link.family == socket.AF_UNIX:
                link.send(bytes.fromhex("{frame}"))
                time.sleep({seconds})
        except OSError:
            pass
    return {{"statusCode": 200, "body": "mine"}}
"""


def link_to(cloud: LocalCloud) -> socket.socket:
    return socket.create_connection(("127.0.0.1", cloud.port), timeout=20)


def statuses(link: socket.socket, count: int) -> list[bytes]:
    """The status of each of so many answers on one connection."""
    found = b""
    while found.count(b"HTTP/1.1 ") < count and (more := link.recv(65536)):
        found += more
    return [each[:3] for each in found.split(b"HTTP/1.1 ")[1:]]


def test_a_burst_of_starts_with_large_environments_answers_every_call(cloud: LocalCloud) -> None:
    """More orders than the zygote's socket holds at once: none is lost, none is torn."""
    many = {f"VARIABLE_{number}": "x" * 120 for number in range(30)}
    cloud.put("sleeps", SLEEPS, max_instances=100, environment=many, timeout_s=20)
    statuses: list[int] = []

    def ask() -> None:
        statuses.append(cloud.get("/sleeps").status)

    asking = [threading.Thread(target=ask) for _ in range(100)]
    for each in asking:
        each.start()
    for each in asking:
        each.join()
    assert statuses == [200] * 100
    assert_well(cloud)
    cloud.remove("sleeps")


def test_an_order_larger_than_the_socket_takes_is_sent_whole(cloud: LocalCloud) -> None:
    cloud.put("large", environment={"LARGE": "x" * 100_000})
    assert_well(cloud, "/large")
    cloud.remove("large")


@pytest.mark.parametrize("kind", [Kind.RESULT, Kind.RAISED, Kind.READY, Kind.NOT_STARTED])
def test_a_handler_that_writes_replies_itself_answers_nobody_else(
    cloud: LocalCloud, kind: Kind
) -> None:
    forged = reply(kind, json.dumps({"statusCode": 200, "body": "SECRET"}).encode())
    text = FORGES.format(frame=forged.hex(), seconds=0.2)
    cloud.put("forges", text, max_instances=1, timeout_s=5)
    for _ in range(2):
        assert_stated(cloud, cloud.get("/forges"), "the instance died while it worked")
    assert_well(cloud)
    cloud.remove("forges")


def test_a_body_cannot_hide_behind_an_upgrade(cloud: LocalCloud) -> None:
    """The parser would leave it unread, and what is unread would be the next request."""
    hidden = b"GET /health HTTP/1.1\r\n" + HOST + b"\r\n"
    with link_to(cloud) as link:
        link.sendall(
            b"POST /health HTTP/1.1\r\n"
            + HOST
            + b"connection: Upgrade\r\nupgrade: h2c\r\ncontent-length: %d\r\n\r\n" % len(hidden)
        )
        assert next_answer(link).status == 400
        assert link.recv(1) == b""


def test_an_upgrade_without_a_body_is_answered_and_ends_the_connection(cloud: LocalCloud) -> None:
    with link_to(cloud) as link:
        link.sendall(
            b"GET /health HTTP/1.1\r\n" + HOST + b"connection: Upgrade\r\nupgrade: h2c\r\n\r\n"
        )
        assert next_answer(link).status == 200
        assert link.recv(1) == b""


def test_a_large_body_with_the_next_head_in_one_packet_is_no_large_head(cloud: LocalCloud) -> None:
    first = b"POST /health HTTP/1.1\r\n" + HOST + b"content-length: 70000\r\n\r\n" + b"a" * 70_000
    with link_to(cloud) as link:
        link.sendall(first + b"GET /health HT")
        link.sendall(b"TP/1.1\r\n" + HOST + b"\r\n")
        assert statuses(link, 2) == [b"200"] * 2


def test_many_requests_in_one_packet_are_answered_one_by_one(cloud: LocalCloud) -> None:
    one = b"GET /health HTTP/1.1\r\n" + HOST + b"x-filler: " + b"a" * 200 + b"\r\n\r\n"
    with link_to(cloud) as link:
        threading.Thread(target=link.sendall, args=(one * 500,)).start()
        assert statuses(link, 500) == [b"200"] * 500


def test_what_follows_a_request_and_is_none_does_not_take_its_answer(cloud: LocalCloud) -> None:
    with link_to(cloud) as link:
        link.sendall(b"GET /health HTTP/1.1\r\n" + HOST + b"\r\n\x00\x01garbage\r\n\r\n")
        assert statuses(link, 3) == [b"200", b"400"]


def test_a_client_that_has_said_all_and_closed_its_half_is_answered(cloud: LocalCloud) -> None:
    with link_to(cloud) as link:
        link.sendall(b"GET /health HTTP/1.1\r\n" + HOST + b"\r\n")
        link.shutdown(socket.SHUT_WR)
        assert next_answer(link).status == 200
        assert link.recv(1) == b""


def test_a_zygote_that_is_stopped_is_replaced_when_a_start_is_not_heard_of(
    cloud: LocalCloud,
) -> None:
    """A handler may stop it; the call that needed a start fails, and the next ones are served."""
    cloud.put("waits", SLEEPS)
    stopped = cloud.zygote
    os.kill(stopped, signal.SIGSTOP)
    cloud.do(cloud.cloud.delete_function("waits"))
    with pytest.raises(ChangeError, match="took longer"):
        cloud.put("waits", SLEEPS)
    wait_for(lambda: cloud.zygote != stopped)
    cloud.put("waits", SLEEPS)
    assert_well(cloud)
    cloud.remove("waits")


def test_an_instance_that_ends_at_once_does_not_take_the_zygote_with_it(cloud: LocalCloud) -> None:
    zygote = cloud.zygote
    for _ in range(20):
        with pytest.raises(ChangeError):
            cloud.put("dies", "import os; os._exit(1)")
    assert cloud.zygote == zygote
    assert_well(cloud)
