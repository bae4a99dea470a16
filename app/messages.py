"""The request and the answer as handlers see them, whichever cloud carries them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

JSON = "application/json"
PROBLEM = "application/problem+json"
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


class BodyError(Exception):
    """A request's body is not JSON; says why, and nothing of what it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request.

    `route` is the key of the route that matched (`GET /users/{id}`), or "" when none did. `path`
    and `path_parameters` are decoded, header names are lower case. A query parameter or a header
    sent more than once has its values joined by commas, in order: no cloud here tells the two
    apart. `remaining_ms` says how many milliseconds are left before the function's time-out.
    """

    request_id: str
    method: str
    path: str
    route: str
    path_parameters: Mapping[str, str]
    # these carry credentials and personal data: a logged request shows none of them
    query: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    source_ip: str
    remaining_ms: Callable[[], int] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a queue.

    `attempt` counts how often it was handed out, this time included: 1 at first. It is 0 where
    the cloud does not tell (Alibaba Cloud's event streams), so nothing may depend on it but what
    is logged. The same `id` may come again, even after it was dealt with.
    """

    id: str
    body: str = field(repr=False)
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One HTTP answer. Header names are in lower case; an empty body has no media type.

    Text is sent as it stands, in UTF-8; bytes survive every cloud unchanged, at a third more size.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | str = field(default="", repr=False)
    media_type: str = JSON


def json_response(
    status: int,
    value: object,
    headers: Mapping[str, str] | None = None,
    media_type: str = JSON,
) -> Response:
    """An answer whose body is `value` as JSON.

    Raises TypeError or ValueError where JSON has no form for it (a set, a NaN).
    """
    text = _ENCODER.encode(value)
    return Response(status=status, headers=headers or {}, body=text, media_type=media_type)


def problem(
    status: int,
    title: str,
    detail: str,
    request_id: str,
    *,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[Mapping[str, str]] = (),
    more: Mapping[str, object] | None = None,
) -> Response:
    """An error as problem details (RFC 9457), with the request's id to find it in the logs by.

    `errors` says of single values what is wrong with them: `field` and `detail` of each. `more` are
    members of this kind of problem.
    """
    value: dict[str, object] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "request_id": request_id,
    }
    if errors:
        value["errors"] = list(errors)
    value.update(more or {})
    return json_response(status, value, headers, PROBLEM)
