"""An AWS HTTP API's event, payload format 2.0, as a request.

The API has matched the route, decoded path and query, and joined repeated values with commas.
"""

from app.gateways.event import MalformedEventError, body, headers, mapping, text, texts
from app.messages import Request
from app.routing import RouteTable


def request(event: object, context: object, _table: RouteTable) -> Request:
    """The request of an event, which names its route itself. Raises MalformedEventError."""
    fields = mapping(event, "event")
    about = mapping(fields.get("requestContext"), "requestContext")
    http = mapping(about.get("http"), "requestContext.http")
    remaining_ms = getattr(context, "get_remaining_time_in_millis", None)
    if remaining_ms is None:
        raise MalformedEventError("the context does not tell the remaining time")
    return Request(
        request_id=text(about, "requestId", "requestContext."),
        method=text(http, "method", "requestContext.http."),
        path=text(http, "path", "requestContext.http."),
        route=text(fields, "routeKey"),
        path_parameters=texts(fields, "pathParameters"),
        query=texts(fields, "queryStringParameters"),
        headers=_cookies(fields.get("cookies")) | headers(fields),
        body=body(fields),
        source_ip=text(http, "sourceIp", "requestContext.http."),
        remaining_ms=remaining_ms,
    )


def call_id(context: object) -> str:
    """The id of this call in the function's log, or "" when the context has none."""
    return str(getattr(context, "aws_request_id", ""))


def _cookies(value: object) -> dict[str, str]:
    """The cookie header, which this format takes out of the headers."""
    if not value:
        return {}
    if not (isinstance(value, list) and all(isinstance(cookie, str) for cookie in value)):
        raise MalformedEventError("cookies is not a list of texts")
    return {"cookie": "; ".join(value)}
