"""From a cloud's event to its answer: what the entrypoints of all clouds share.

event → gateway → Request → the handler's ROUTES → Response → gateway → answer. Whatever goes wrong
on the way becomes a problem answer here; what went wrong is told to the log only.
"""

import json
import sys
from collections.abc import Callable, Mapping
from importlib import import_module

from app.bootstrap import ConfigurationError, Services, required
from app.gateways.answer import answer
from app.handlers import status
from app.messages import Request, Response
from app.routing import RouteNotFoundError, RouteTable

Handler = Callable[[Request, Services], Response]
CloudHandler = Callable[[object, object], dict[str, object]]
Read = Callable[[object, object, RouteTable], Request]

_OUR_FAULT = 500  # and above: the log has to tell why


def serve(
    environment: Mapping[str, str],
    read: Read,
    call_id: Callable[[object], str],
    write: Callable[[str], object] | None = None,
) -> CloudHandler:
    """The function that the cloud calls with `(event, context)`, wired once.

    `read` makes the request of an event, `call_id` finds the call's own id in a context for when
    there is no request, `write` takes a line for the log (standard error by default).
    Raises ConfigurationError.
    """
    name = required(environment, "SHOP_HANDLER")
    wired = Services(environment)
    routes = _routes(name)
    table = RouteTable(routes)

    def http(event: object, context: object) -> dict[str, object]:
        request_id = call_id(context)
        try:
            request = read(event, context, table)
            request_id = request.request_id
            return answer(_handler(routes, request)(request, wired))
        except Exception as error:  # noqa: BLE001 - the last frame before the cloud
            response = status.respond(error, request_id)
            if response.status >= _OUR_FAULT:
                (write or sys.stderr.write)(_line(name, request_id, error))
            return answer(response)

    return http


def _routes(name: str) -> Mapping[str, Handler]:
    """The routes of the function's own handler module."""
    module_name = f"app.handlers.{name.replace('-', '_')}"
    try:
        routes: Mapping[str, Handler] | None = getattr(import_module(module_name), "ROUTES", None)
    except ModuleNotFoundError as error:
        if error.name != module_name:  # the handler is there, what it imports is not
            raise
        raise ConfigurationError(
            f"SHOP_HANDLER is {name!r}: the package holds no {module_name}"
        ) from error
    if not routes:
        raise ConfigurationError(f"SHOP_HANDLER is {name!r}: {module_name} defines no ROUTES")
    return routes


def _handler(routes: Mapping[str, Handler], request: Request) -> Handler:
    """The handler of the request's route. Raises RouteNotFoundError."""
    handler = routes.get(request.route)
    if handler is None:
        raise RouteNotFoundError(f"{request.method} {request.path} is not served here")
    return handler


def _line(name: str, request_id: str, error: Exception) -> str:
    """The error as one line of JSON, since the clouds' logs take each line for an entry."""
    import traceback  # noqa: PLC0415 - errors are rare, every cold start would pay

    entry = {
        "level": "error",
        "function": name,
        "request_id": request_id,
        "error": type(error).__name__,
        "message": str(error),
        "trace": "".join(traceback.format_exception(error)),
    }
    return json.dumps(entry) + "\n"
