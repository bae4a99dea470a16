"""The only place where an error becomes an HTTP status."""

from app.messages import Response, problem
from app.routing import RouteNotFoundError

# error → status, title; its text is shown to the client, so it must be fit for that
_KNOWN: dict[type[Exception], tuple[int, str]] = {
    RouteNotFoundError: (404, "Not Found"),
}


def respond(error: Exception, request_id: str) -> Response:
    """The problem that the client sees; of an unknown error, nothing but the request's id."""
    for kind in type(error).__mro__:
        if kind in _KNOWN:
            status, title = _KNOWN[kind]
            return problem(status, title, str(error), request_id)
    detail = "The request could not be served. The logs hold the reason under this request id."
    return problem(500, "Internal Server Error", detail, request_id)
