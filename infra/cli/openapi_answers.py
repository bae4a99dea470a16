"""The answers that operations share: problems of the functions, refusals of what stands before.

Which refusals there are, and their bodies, is asked of the emulated gateways themselves.
"""

import json
from collections.abc import Iterator
from typing import Any

from infra.local.runtime.emulate import Failure
from infra.local.runtime.emulate.registry import NAMES, gateway_side
from infra.local.runtime.http_request import BROKEN, Unread

JSON = "application/json"
PROBLEM = "application/problem+json"
TEXT = "text/plain"

_PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "description": "What went wrong, as problem details (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "description": "Which kind of problem it is."},
        "title": {"type": "string", "description": "The status in words."},
        "status": {
            "type": "integer",
            "minimum": 400,
            "maximum": 599,
            "description": "The answer's status.",
        },
        "detail": {"type": "string", "description": "What went wrong here, for people."},
        "request_id": {
            "type": "string",
            "description": "The id under which the logs tell of this request.",
        },
        "total": {"type": "integer", "description": "Of a cart that costs something else now."},
        "currency": {"type": "string", "description": "That total's."},
        "errors": {
            "description": "The values that cannot be used.",
            "type": "array",
            "items": {
                "type": "object",
                "required": ["detail", "field"],
                "properties": {
                    "detail": {"type": "string", "description": "What is wrong with it."},
                    "field": {
                        "type": "string",
                        "description": "Where it stands in the body: `$.username`.",
                    },
                },
            },
        },
    },
}
_REFUSAL: dict[str, Any] = {
    "title": "Refusal",
    "description": "What the gateway of the cloud says when the function gave no answer.",
    "type": "object",
    "properties": {
        "message": {"type": "string", "description": "AWS: what went wrong."},
        "errorCode": {"type": "string", "description": "Alibaba Cloud: which refusal it is."},
        "errorMessage": {"type": "string", "description": "Alibaba Cloud: what went wrong."},
    },
    "anyOf": [{"required": ["message"]}, {"required": ["errorMessage"]}],
}
SCHEMAS = {"Problem": _PROBLEM, "Refusal": _REFUSAL}

# Names of our own: HTTPStatus calls some of them otherwise from one Python to the next.
_MEANINGS = {
    400: ("BadRequest", "No HTTP, a body that is no JSON, or one too large (Alibaba Cloud)."),
    401: ("Unauthorized", "There is no token, or none that is good."),
    403: ("Forbidden", "This is for admins."),
    404: ("NotFound", "There is no such thing, or it is not yours to see."),
    408: ("RequestTimeout", "The body did not arrive in time."),
    409: ("Conflict", "Things are not as this would need them."),
    413: ("ContentTooLarge", "The body is over 256 KB (AWS)."),
    422: ("UnprocessableContent", "A value cannot be used; `errors` says which."),
    429: ("TooManyRequests", "Too often, or every instance is busy (Alibaba Cloud): wait a while."),
    500: ("InternalServerError", "The function failed; the logs have why, under the request's id."),
    502: ("BadGateway", "The function failed (Alibaba Cloud); the logs have why."),
    503: ("ServiceUnavailable", "A store is away, or every instance is busy (AWS): wait a while."),
}
_SERVER_TEXTS = {400: BROKEN, 408: Unread.LATE.value}
_RETRY: dict[str, Any] = {
    "retry-after": {
        "description": "After how many seconds to try again, where the function says it.",
        "schema": {"type": "integer", "minimum": 0},
    }
}
_HEADERS: dict[int, dict[str, Any]] = {
    401: {
        "www-authenticate": {
            "description": "`Bearer`: what the request must be authorised with.",
            "schema": {"type": "string"},
        }
    },
    429: _RETRY,
    503: _RETRY,
}


def refusals() -> Iterator[tuple[int, str, Failure, Any]]:
    """Status, cloud, reason and body of everything that a gateway answers by itself."""
    for cloud in sorted(NAMES):
        for failure in Failure:
            answer = gateway_side(cloud).refusal(failure, "")
            yield answer.status, cloud, failure, json.loads(answer.body)


ALWAYS = frozenset({*_SERVER_TEXTS, *(status for status, *_ in refusals()), 503})
"""What every operation may answer, whatever it does: 503 is also said when a store is away."""


def name(status: int) -> str:
    """A shared answer's name: `NotFound`."""
    return _MEANINGS.get(status, (f"Status{status}", ""))[0]


def answer(status: int) -> dict[str, Any]:
    """The shared answer of a status, 400 or above."""
    content: dict[str, Any] = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    if examples := _examples(status):
        refusal = {"$ref": "#/components/schemas/Refusal"}
        content[JSON] = {"schema": refusal, "examples": examples}
    if status in _SERVER_TEXTS:
        content[TEXT] = {"schema": {"type": "string"}, "example": _SERVER_TEXTS[status]}
    found: dict[str, Any] = {"description": _MEANINGS.get(status, ("", "A problem."))[1]}
    if status in _HEADERS:
        found["headers"] = _HEADERS[status]
    return {**found, "content": content}


def _examples(status: int) -> dict[str, Any]:
    """What each cloud's gateway says, and of what."""
    found: dict[str, Any] = {}
    for said, cloud, failure, value in refusals():
        if said != status:
            continue
        same = [each for each in found.values() if each["value"] == value]
        if same:
            same[0]["summary"] += f"; {failure.value}"
        else:
            key = f"{cloud}_{failure.name.lower()}"
            found[key] = {"summary": f"{cloud}: {failure.value}", "value": value}
    return found
