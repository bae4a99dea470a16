"""From a cloud's HTTP event to its answer: what the entrypoints of all clouds share.

event → gateway → Request → the handler's ROUTES → Response → gateway → answer. Whatever goes wrong
on the way becomes a problem answer here; what went wrong is told to the log only.
"""

import sys
from collections.abc import Callable, Mapping

from app.bootstrap import Services, required
from app.failures import line
from app.gateways.answer import answer
from app.handler_module import defined
from app.handlers import status
from app.messages import Request, Response
from app.routing import RouteNotFoundError, RouteTable

Handler = Callable[[Request, Services], Response]
CloudHandler = Callable[[object, object], dict[str, object]]
Read = Callable[[object, object, RouteTable], Request]

_OUR_FAULT = 500  # and above: the log has to tell why
_GOOD = range(400)


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
    routes: Mapping[str, Handler] = defined(name, "ROUTES")
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
                told = line(error, function=name, request_id=request_id)
                (write or sys.stderr.write)(told)
            return answer(response)

    def of(event: object, context: object) -> tuple[str, int]:
        return read(event, context, table).route, 1

    def good(answered: dict[str, object]) -> bool:
        return answered["statusCode"] in _GOOD

    return http if wired.meter is None else wired.meter.measured("http", http, of, good)


def _handler(routes: Mapping[str, Handler], request: Request) -> Handler:
    """The handler of the request's route. Raises RouteNotFoundError."""
    handler = routes.get(request.route)
    if handler is None:
        raise RouteNotFoundError(f"{request.method} {request.path} is not served here")
    return handler
