"""What each cloud answers when a function gives no answer, word for word as docs/emulation.md."""

import json

from tests.support.local_cloud import LocalCloud
from tests.support.wire_http import Answer

_INTERNAL = (500, {"message": "Internal Server Error"}, None)
_UNHANDLED = "UnhandledInvocationError"
_COMMON = "FcCommonError"

STATED: dict[str, dict[str, tuple[int, dict[str, str], str | None]]] = {
    "aws": {
        "no route matches": (404, {"message": "Not Found"}, None),
        "the body is over the limit": (413, {"message": "Request Entity Too Large"}, None),
        "every instance is busy and no more may start": (
            503,
            {"message": "Service Unavailable"},
            None,
        ),
        "the handler raised": _INTERNAL,
        "the instance died while it worked": _INTERNAL,
        "the handler did not finish within its time-out": _INTERNAL,
        "the instance could not load its handler": _INTERNAL,
        "the handler's result is no HTTP answer": _INTERNAL,
    },
    "alicloud": {
        "no route matches": (
            404,
            {"errorCode": "DomainRouteNotFound", "errorMessage": "no route matches"},
            _COMMON,
        ),
        "the body is over the limit": (
            400,
            {
                "errorCode": "EntityTooLarge",
                "errorMessage": "payload size exceeds maximum allowed size",
            },
            _COMMON,
        ),
        "every instance is busy and no more may start": (
            429,
            {"errorCode": "ResourceExhausted", "errorMessage": "every instance is busy"},
            _COMMON,
        ),
        "the handler raised": (
            502,
            {"errorMessage": "the function raised an exception"},
            _UNHANDLED,
        ),
        "the instance died while it worked": (
            502,
            {"errorMessage": "Process exited unexpectedly before completing request"},
            _UNHANDLED,
        ),
        "the handler did not finish within its time-out": (
            502,
            {"errorMessage": "Function time out"},
            _UNHANDLED,
        ),
        "the instance could not load its handler": (
            502,
            {"errorMessage": "the handler could not be loaded"},
            _UNHANDLED,
        ),
        "the handler's result is no HTTP answer": (
            502,
            {"errorCode": "BadResponse", "errorMessage": "the response is not valid"},
            _COMMON,
        ),
    },
}


def assert_stated(cloud: LocalCloud, answer: Answer, failure: str) -> None:
    """The answer is the cloud's own for this failure, and the log tells it by the request's id."""
    status, body, kind = STATED[cloud.emulate][failure]
    assert (answer.status, json.loads(answer.body)) == (status, body)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers.get("x-fc-error-type") == kind
    lines = cloud.of_request(answer)
    assert [(line["status"], line["failure"]) for line in lines] == [(status, failure)]


def assert_well(cloud: LocalCloud, path: str = "/health") -> None:
    """The path is served as if nothing had been."""
    answer = cloud.get(path)
    assert (answer.status, answer.body) == (200, b"well")
