"""The only place where an error becomes an HTTP status."""

from collections.abc import Mapping

from app.domain import errors as domain
from app.messages import BodyError, Response, problem
from app.ports.errors import SignatureError, UnavailableError
from app.routing import RouteNotFoundError

# error → status, title; its text is shown to the client, so it must be fit for that
_KNOWN: dict[type[Exception], tuple[int, str]] = {
    RouteNotFoundError: (404, "Not Found"),
    BodyError: (400, "Bad Request"),
    domain.InvalidError: (422, "Unprocessable Content"),
    domain.UnauthenticatedError: (401, "Unauthorized"),
    domain.ForbiddenError: (403, "Forbidden"),
    domain.NotFoundError: (404, "Not Found"),
    domain.ConflictError: (409, "Conflict"),
    domain.TooManyError: (429, "Too Many Requests"),
}


def respond(error: Exception, request_id: str) -> Response:
    """The problem that the client sees; of an unknown error, nothing but the request's id.

    Errors of ports are unknown ones, but for a store that is away and a webhook that is not signed:
    a missing grant, table or secret is ours to mend, and the log says which.
    """
    for kind in type(error).__mro__:
        if kind in _KNOWN:
            status, title = _KNOWN[kind]
            return problem(
                status,
                title,
                str(error),
                request_id,
                headers=_headers(error),
                errors=_errors(error),
                more=_more(error),
            )
    if isinstance(error, SignatureError):
        detail = "The webhook is not signed by the provider of payments, or was not just now."
        return problem(400, "Bad Request", detail, request_id)
    if isinstance(error, UnavailableError):
        detail = "A store did not answer in time. It may or may not have been done: look, or retry."
        headers = {"retry-after": "1"}
        return problem(503, "Service Unavailable", detail, request_id, headers=headers)
    detail = "The request could not be served. The logs hold the reason under this request id."
    return problem(500, "Internal Server Error", detail, request_id)


def _headers(error: Exception) -> Mapping[str, str]:
    if isinstance(error, domain.TooManyError):
        return {"retry-after": str(error.retry_after_s)}
    if isinstance(error, domain.UnauthenticatedError):  # RFC 6750, section 3
        more = ', error="invalid_token"' if error.token_given else ""
        return {"www-authenticate": f'Bearer realm="shop"{more}'}
    return {}


def _more(error: Exception) -> Mapping[str, object]:
    if isinstance(error, domain.PriceChangedError):
        return {"total": error.total, "currency": error.currency}
    return {}


def _errors(error: Exception) -> list[Mapping[str, str]]:
    if isinstance(error, domain.InvalidError):
        return [{"field": error.field, "detail": str(error)}]
    return []
