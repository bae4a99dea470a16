"""What only holds for the queue on MNS."""

import traceback
from collections.abc import Iterator

import pytest
from mns.mns_client import MNSClient

from app.adapters.alicloud import keys as names
from app.adapters.alicloud.keys import Keys
from app.adapters.alicloud.queue import MnsQueue, open_queue, signed
from app.adapters.common.calls import Endpoint
from app.ports.errors import (
    AccessDeniedError,
    PortError,
    ResourceMissingError,
    UnavailableError,
)
from tests.support.loopback import KEYS
from tests.support.mns_server import Mns, mns_server

PLANTED = "hunter2"


@pytest.fixture
def server() -> Iterator[Mns]:
    with mns_server() as found:
        yield found


@pytest.fixture
def queue(server: Mns) -> Iterator[MnsQueue]:
    server.queues["shop-test-welcome"] = []
    endpoint = Endpoint(server.url)
    yield MnsQueue("shop-test-welcome", lambda: endpoint, lambda: KEYS)
    endpoint.close()


def test_a_request_is_signed_as_the_sdk_of_mns_signs_it() -> None:
    ours = signed("POST", "/queues/q/messages", KEYS, "Wed, 08 Mar 2012 12:00:00 GMT")
    sdk = MNSClient("http://127.0.0.1:1", *KEYS[:2])
    theirs = sdk.get_signature(
        "POST", ours, "/queues/q/messages", sdk.credentials_provider.get_credentials()
    )
    assert ours["authorization"] == theirs


def test_a_body_is_sent_as_it_is(server: Mns, queue: MnsQueue) -> None:
    queue.send('{"user":"ü"}')
    assert '<MessageBody>{"user":"ü"}</MessageBody>'.encode() in server.asked[-1].body


def test_a_queue_that_is_not_there_is_missing(server: Mns, queue: MnsQueue) -> None:
    server.queues.clear()
    with pytest.raises(ResourceMissingError, match="MNS answered SendMessage with QueueNotExist"):
        queue.send(PLANTED)


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([("AccessDenied", 403)], AccessDeniedError),
        ([("InvalidSecurityToken", 403)], UnavailableError),
        ([("InternalError", 500)] * 3, UnavailableError),
        ([("InvalidArgument", 400)], PortError),
    ],
)
def test_a_refusal_is_the_ports_error_and_tells_nothing_of_the_message(
    server: Mns, queue: MnsQueue, answers: list[tuple[str, int]], error: type[PortError]
) -> None:
    server.refusing[:] = answers
    with pytest.raises(error) as raised:
        queue.send(PLANTED)
    assert type(raised.value) is error
    assert PLANTED not in "".join(traceback.format_exception(raised.value))
    assert server.queues == {"shop-test-welcome": []}


def test_what_was_refused_for_a_moment_is_sent_again(server: Mns, queue: MnsQueue) -> None:
    server.refusing[:] = [("InternalError", 500), ("InternalServerError", 503)]
    queue.send("once")
    assert [each.body for each in server.queues["shop-test-welcome"]] == ["once"]


def test_a_connection_that_was_cut_meanwhile_is_replaced(server: Mns) -> None:
    server.queues["q"] = []
    endpoint = Endpoint(server.url)
    queue = MnsQueue("q", lambda: endpoint, lambda: KEYS)
    queue.send("before")
    for connection in endpoint._kept:
        connection.sock.shutdown(2)  # as the far end does with one that rests
    queue.send("after")
    endpoint.close()
    assert [each.body for each in server.queues["q"]] == ["before", "after"]


def test_a_queue_is_opened_with_the_keys_that_the_environment_has_then(
    server: Mns, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.queues["q"] = []
    queue = open_queue("welcome", {"may": ["send"], "at": "q", "endpoint": server.url})
    monkeypatch.delenv(names.ID, raising=False)
    with pytest.raises(UnavailableError, match=names.ID):
        queue.send("a")
    for turn in ("first", "renewed"):
        server.keys = Keys(KEYS.id, f"{turn} secret", f"{turn} token")
        for name, text in zip((names.ID, names.SECRET, names.TOKEN), server.keys, strict=True):
            monkeypatch.setenv(name, text)
        queue.send(turn)
    queue._endpoint.close()
    assert [each.body for each in server.queues["q"]] == ["first", "renewed"]


def test_a_queue_that_nothing_answers_for_is_unavailable_and_tells_nothing_of_the_message() -> None:
    endpoint = Endpoint("http://127.0.0.1:1")
    with pytest.raises(UnavailableError, match="did not answer") as raised:
        MnsQueue("q", lambda: endpoint, lambda: KEYS).send(PLANTED)
    assert PLANTED not in "".join(traceback.format_exception(raised.value))
