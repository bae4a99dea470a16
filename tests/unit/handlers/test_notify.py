"""The consumer of the queue `welcome`."""

import json

import pytest

from app.domain.ids import new_id
from app.failures import line
from app.handlers.notify import NoEventError
from app.messages import Message
from app.ports.errors import UnavailableError
from tests.support.faults import Faults
from tests.support.memory_shop import NOW_MS, MemoryShop
from tests.support.threads import at_once

EVENT = new_id(NOW_MS)
USER_ID = new_id(NOW_MS)
BODY = {"event": EVENT, "kind": "welcome", "user_id": USER_ID, "username": "tea-house"}


def _message(body: object, number: int = 1, attempt: int = 1) -> Message:
    text = body if isinstance(body, str) else json.dumps(body)
    return Message(id=f"m-{number}", body=text, attempt=attempt)


def test_what_registration_sends_is_what_the_consumer_takes() -> None:
    shop = MemoryShop()
    user = shop.register("Tea-House").json
    shop.clock.advance(1000)

    shop.consume_all()

    (row,) = shop.table("notifications")._rows.values()
    assert row == {
        "event": (shop.user() or {})["event"],
        "kind": "welcome",
        "user_id": user["user_id"],
        "username": "Tea-House",
        "sent_at": NOW_MS + 1000,
    }


def test_an_event_makes_one_row_however_often_it_comes() -> None:
    shop = MemoryShop()

    at_once(*[lambda: shop.consume(_message(BODY))] * 16)
    shop.clock.advance(60_000)
    shop.consume(_message(BODY, number=2, attempt=4))

    (row,) = shop.table("notifications")._rows.values()
    assert row["sent_at"] == NOW_MS


@pytest.mark.parametrize("after", [False, True])
def test_an_answer_that_is_lost_brings_the_message_again(after: bool) -> None:  # noqa: FBT001
    shop = MemoryShop()

    with pytest.raises(UnavailableError):
        shop.consume(_message(BODY), Faults(shop.cloud, 1, UnavailableError, after=after))
    shop.consume(_message(BODY))

    assert len(shop.table("notifications")._rows) == 1


@pytest.mark.parametrize(
    "body",
    [
        "",
        "hunter2",
        "[]",
        "{}",
        "\ud800",
        BODY | {"kind": "hunter2"},
        BODY | {"event": "hunter2"},
        BODY | {"event": None},
        BODY | {"user_id": ""},
        BODY | {"username": ""},
        BODY | {"username": "hunter2" * 10},
        BODY | {"hunter2": "hunter2"},
        {name: value for name, value in BODY.items() if name != "event"},
    ],
)
def test_a_message_that_tells_of_nothing_fails_without_being_repeated(body: object) -> None:
    """So it comes again, and in the end lies among the dead letters; the log has none of it."""
    shop = MemoryShop()

    with pytest.raises(NoEventError) as caught:
        shop.consume(_message(body))

    assert "hunter2" not in line(caught.value)
    assert not shop.table("notifications")._rows
