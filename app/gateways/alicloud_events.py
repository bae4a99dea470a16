"""What Function Compute gets of SMQ queues, through event streams, and of time triggers.

A batch comes as a list of CloudEvents, which tell neither the attempt nor take a partial success;
an event alone may come without a list.
"""

import json
from collections.abc import Mapping

from app.gateways.alicloud import decoded
from app.gateways.event import items, mapping, text
from app.messages import Message


class BatchFailedError(Exception):
    """Some messages of the batch were not dealt with: all of it is to come again."""


def messages(event: object) -> list[Message]:
    """The messages of a batch, their attempt unknown. Raises MalformedEventError."""
    found = decoded(event)
    if isinstance(found, dict):
        return [_message(found, "event")]
    events = items(found, "event")
    return [_message(each, f"event[{number}]") for number, each in enumerate(events)]


def consumed(failed: list[str]) -> object:
    """Nothing, when all is well. Raises BatchFailedError, since only an error fails the batch."""
    if failed:
        raise BatchFailedError(f"not dealt with: {', '.join(failed)}; the log says why")
    return None


def schedule(event: object) -> str:
    """The name of the schedule that is due. Raises MalformedEventError."""
    fields = mapping(decoded(event), "event")
    text(fields, "triggerTime")
    return text(fields, "triggerName")


def _message(event: object, where: str) -> Message:
    data = mapping(mapping(event, where).get("data"), f"{where}.data")
    return Message(
        id=text(data, "messageId", f"{where}.data."),
        body=_body(data, f"{where}.data."),
        attempt=0,
    )


def _body(data: Mapping[str, object], where: str) -> str:
    """The message's text; of one that EventBridge read as JSON, JSON again, written shortest."""
    value = data.get("messageBody")
    if isinstance(value, dict | list):
        return json.dumps(value, separators=(",", ":"))
    return text(data, "messageBody", where)
