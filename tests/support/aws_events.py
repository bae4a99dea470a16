"""Events as AWS makes them: the captured ones, with what a test asks for put into them."""

import json
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

_EVENTS = Path(__file__).resolve().parents[1] / "events"


def captured(name: str) -> dict[str, Any]:
    """An event as AWS made it."""
    found: dict[str, Any] = json.loads((_EVENTS / f"gateway_aws_{name}.json").read_text())
    return found


def http_event(
    route: str,
    body: object,
    sent: Mapping[str, str],
    query: Mapping[str, str],
    parameters: Mapping[str, str],
) -> dict[str, Any]:
    """A request of this route (`GET /uploads/{key}`), with its headers and its parameters."""
    event = captured("http_v2_get" if body is None else "http_v2_post")
    method, _, path = route.partition(" ")
    for name, value in parameters.items():
        path = path.replace(f"{{{name}}}", value)
    for name in ("cookies", "queryStringParameters", "pathParameters"):
        event.pop(name, None)
    headers = {"host": event["headers"]["host"], "accept": "application/json", **sent}
    if body is not None:
        headers["content-type"] = "application/json"
        text = body if isinstance(body, str) else json.dumps(body)
        event |= {"body": text, "isBase64Encoded": False}
    if parameters:
        event["pathParameters"] = dict(parameters)
    if query:
        event["queryStringParameters"] = dict(query)
    event |= {"routeKey": route, "rawPath": path, "headers": headers}
    event["rawQueryString"] = urlencode(query)
    event["requestContext"]["routeKey"] = route
    event["requestContext"]["http"] |= {"method": method, "path": path}
    return event


def queue_event(messages: list[Mapping[str, Any]], source: str) -> dict[str, Any]:
    """The batch that Lambda makes of messages as SQS gives them; `source` is the queue's ARN."""
    event = captured("sqs")
    pattern = event["Records"][0]
    event["Records"] = [
        deepcopy(pattern)
        | {
            "messageId": each["MessageId"],
            "receiptHandle": each["ReceiptHandle"],
            "body": each["Body"],
            "md5OfBody": each["MD5OfBody"],
            "attributes": {**pattern["attributes"], **each["Attributes"]},
            "eventSourceARN": source,
        }
        for each in messages
    ]
    return event


def schedule_event(rule: str) -> dict[str, Any]:
    """What EventBridge sends when the rule of this ARN is due."""
    return captured("schedule") | {"resources": [rule]}
