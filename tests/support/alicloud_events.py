"""Events as Function Compute gives them: the captured ones, with what a test asks for in them."""

import json
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from tests.support.mns_server import Message

_EVENTS = Path(__file__).resolve().parents[1] / "events"


def captured(name: str) -> Any:
    """An event as Function Compute gave it."""
    return json.loads((_EVENTS / f"gateway_alicloud_{name}.json").read_text(encoding="utf-8"))


def http_event(
    route: str,
    body: object,
    sent: Mapping[str, str],
    query: Mapping[str, str],
    parameters: Mapping[str, str],
) -> dict[str, Any]:
    """A request of this route (`GET /uploads/{key}`); the event names it nowhere, but its path."""
    event: dict[str, Any] = captured("http_v1_get")
    method, _, path = route.partition(" ")
    for name, value in parameters.items():
        path = path.replace(f"{{{name}}}", value)
    headers = {"Host": event["headers"]["Host"], "Accept": "application/json"}
    headers |= {name.title(): value for name, value in sent.items()}
    if body is not None:
        headers["Content-Type"] = "application/json"
        event["body"] = body if isinstance(body, str) else json.dumps(body)
    event |= {"rawPath": path, "headers": headers, "queryParameters": dict(query)}
    event["requestContext"]["http"] |= {"method": method, "path": path}
    return event


def queue_event(messages: list[Message], queue: str) -> list[dict[str, Any]]:
    """The batch that an event stream makes of messages of the queue of this name."""
    pattern = captured("mns")[0]
    events = []
    for number, each in enumerate(messages):
        event = deepcopy(pattern)
        event["id"] = f"{pattern['id'][:-4]}{number:04}"
        event["subject"] = f"{pattern['subject'].rpartition('/')[0]}/{queue}"
        event["data"] |= {"messageId": each.id, "messageBody": each.body}
        events.append(event)
    return events


def schedule_event(trigger: str, payload: str) -> dict[str, Any]:
    """What a timer's trigger of this name sends when it is due."""
    return {**captured("timer"), "triggerName": trigger, "payload": payload}
