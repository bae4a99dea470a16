"""Function Compute 3.0's HTTP event, format v1, as a request.

The event is bytes, its path is still encoded, and it names no route: the function finds its own.
"""

import json
from time import monotonic

from app.gateways.event import MalformedEventError, body, headers, mapping, text, texts
from app.messages import Request
from app.routing import RouteTable


def request(event: object, context: object, table: RouteTable) -> Request:
    """The request of an event, with route "" if the table has none. Raises MalformedEventError."""
    deadline = monotonic() + _timeout_s(context)
    fields = mapping(decoded(event), "event")
    about = mapping(fields.get("requestContext"), "requestContext")
    http = mapping(about.get("http"), "requestContext.http")
    method = text(http, "method", "requestContext.http.")
    route, parameters = table.match(method, text(fields, "rawPath")) or ("", {})
    return Request(
        request_id=text(about, "requestId", "requestContext."),
        method=method,
        path=text(http, "path", "requestContext.http."),
        route=route,
        path_parameters=parameters,
        query=texts(fields, "queryParameters"),
        headers=headers(fields),
        body=body(fields),
        source_ip=text(http, "sourceIp", "requestContext.http."),
        remaining_ms=lambda: max(0, int((deadline - monotonic()) * 1000)),
    )


def call_id(context: object) -> str:
    """The id of this call in the function's log, or "" when the context has none."""
    return str(getattr(context, "request_id", ""))


def decoded(event: object) -> object:
    """The JSON that the event's bytes hold. Raises MalformedEventError."""
    if not isinstance(event, bytes | str):
        raise MalformedEventError(f"the event is {type(event).__name__}, not bytes")
    try:
        return json.loads(event)
    except ValueError as error:
        raise MalformedEventError(f"the event is not JSON: {error}") from error


def _timeout_s(context: object) -> float:
    """The function's time-out: this cloud gives no remaining time, so it is counted from here."""
    timeout = getattr(getattr(context, "function", None), "timeout", None)
    if not isinstance(timeout, int | float):
        raise MalformedEventError("the context does not tell the function's time-out")
    return timeout
