"""Every queue takes what all clouds take, refuses the rest by name, and delivers what it took."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.adapters.common.queue import granted
from app.adapters.memory.queue import MemoryQueue
from app.bootstrap import Services
from app.ports.errors import AccessDeniedError, InvalidValueError
from app.ports.queue import BODY_BYTES
from tests.conformance.queue.queues import NAMES, Opened, alicloud_queue, aws_queue, opened
from tests.conftest import Counts


@pytest.fixture(params=NAMES)
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    name: str = request.param
    if name == "aws":
        with aws_queue(request.getfixturevalue("aws")) as found:
            yield found
        return
    if name == "alicloud":
        with alicloud_queue(request.getfixturevalue("alicloud")) as found:
            yield found
        return
    with opened(name, tmp_path) as found:
        yield found


def test_what_is_sent_is_delivered_as_it_was_and_as_often(made: Opened) -> None:
    bodies = ["one", "two", "two", '{"user":"ü","n":1}']
    for body in bodies:
        made.queue.send(body)
    assert sorted(made.delivered()) == sorted(bodies)


@pytest.mark.parametrize(
    "body",
    [
        "a",
        " ",
        "\n",
        "\t\r\n",
        "处理 🛒 ü ß",
        "e\u0301 \u200b \u202e \u00a0 \u0085",
        "\ud7ff\ue000\ufffd\U0010ffff",
        "0",
        "null",
        "'; DROP TABLE messages; --",
        "<Message>&amp;</Message>",
        "\\u0000",
        "a" * BODY_BYTES,
        "ü" * (BODY_BYTES // 2),
        "🛒" * (BODY_BYTES // 4),
    ],
)
def test_any_text_within_the_size_comes_out_unchanged(made: Opened, body: str) -> None:
    made.queue.send(body)
    assert made.delivered() == [body]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "has 0 bytes"),
        ("a" * (BODY_BYTES + 1), "has 61,441 bytes"),
        ("ü" * (BODY_BYTES // 2) + "a", "has 61,441 bytes"),
        ("a" * 10_000_000, "has 10,000,000 bytes"),
        ("a\x00", r"U\+0000 at 1"),
        ("\x1b[2J", r"U\+001B at 0"),
        ("\ufffe", r"U\+FFFE at 0"),
        ("ab\uffff", r"U\+FFFF at 2"),
        ("\ud800", r"U\+D800 at 0"),
        ("secret \udfff", r"U\+DFFF at 7"),
        (b"bytes", "is a bytes"),
        (None, "is a NoneType"),
        (5, "is a int"),
        (True, "is a bool"),
        ({"a": 1}, "is a dict"),
        (["a"], "is a list"),
    ],
)
def test_what_no_queue_takes_is_refused_and_not_repeated(
    made: Opened, body: str, words: str
) -> None:
    with pytest.raises(InvalidValueError, match=words) as raised:
        made.queue.send(body)
    assert "secret" not in str(raised.value)
    assert len(str(raised.value)) < 200
    assert made.delivered() == []


def test_many_senders_at_once_lose_nothing(made: Opened, counts: Counts) -> None:
    names = range(64 // made.slower)
    each = counts(small=5, full=200) // made.slower

    def send(name: int) -> None:
        for number in range(each):
            made.queue.send(f"{name} {number}")

    senders = [threading.Thread(target=send, args=(name,)) for name in names]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    expected = [f"{name} {number}" for name in names for number in range(each)]
    assert sorted(made.delivered()) == sorted(expected)


@pytest.mark.parametrize("may", [[], ["read"], ["write", "read"]])
def test_without_the_grant_to_send_nothing_is_sent(may: list[str]) -> None:
    raw = MemoryQueue()
    queue = granted(raw, "welcome", {"may": may}, "auth")
    for body in ("a", "", None):
        with pytest.raises(AccessDeniedError) as raised:
            queue.send(body)  # type: ignore[arg-type]
        assert str(raised.value) == (
            "the function auth may not send to the queue welcome: "
            'add "send" to its grant in infra/shop.py'
        )
    assert raw.messages == []


def test_a_function_without_any_grant_gets_no_queue() -> None:
    services = Services({"SHOP_STACK": "local", "SHOP_HANDLER": "auth", "SHOP_ADAPTERS": "local"})
    with pytest.raises(AccessDeniedError, match="auth has no grant on the queue welcome"):
        services.queue("welcome")
