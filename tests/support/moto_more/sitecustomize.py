"""What the provider asks of AWS and moto cannot do; it agrees with what was sent.

Requests are answered one after the other: moto's threads race each other, and of a function that
was made while others were, it may tell that it failed. A second attempt then finds it there.

Python imports a module of this name as it starts. Only the tests' own moto has it on its path.
"""

import threading
from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from urllib.parse import unquote

_ROUTE = r"{0}/v2/apis/(?P<api>[^/]+)/stages/(?P<stage>[^/]+)/routesettings/(?P<route>.+)$"
_ACCOUNT = "123456789012"
_REMEMBERED = 500


def forget_route(request: Any, _url: str, _headers: Any) -> tuple[int, dict[str, str], str]:
    """A route's settings go from its stage."""
    place, _, route = unquote(request.path).partition("/routesettings/")
    _, _, _, api, _, stage = place.split("/")
    backends = import_module("moto.apigatewayv2.models").apigatewayv2_backends[_ACCOUNT]
    regions = [each for each in backends.values() if api in each.apis]
    (regions[0].get_stage(api, stage).route_settings or {}).pop(route, None)
    return 204, {}, ""


def in_turn(application: Any) -> None:
    """Have this class of WSGI applications answer one request at a time, and each of them once.

    The SDK of the provider asks again when an answer is lost on its way, by the same invocation id:
    it gets the same answer. Done twice, it would be refused, or leave a thing nobody knows of.
    """
    turn, answer = threading.Lock(), application.__call__
    given: dict[str, tuple[str, list[tuple[str, str]], list[bytes]]] = {}

    def one(self: Any, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        asked = environ.get("HTTP_AMZ_SDK_INVOCATION_ID", "")
        told: list[Any] = []
        with turn:
            if asked in given:
                environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
                status, headers, body = given[asked]
            else:
                body = list(answer(self, environ, lambda *words: told.extend(words[:2])))
                status, headers = told
            if asked and status < "4":
                given[asked] = status, headers, body
            while len(given) > _REMEMBERED:
                del given[next(iter(given))]
        start_response(status, headers)
        return body

    application.__call__ = one


if find_spec("moto"):
    in_turn(import_module("moto.moto_server.werkzeug_app").DomainDispatcherApplication)
    # an answer's head and body leave together, else a connection may be given up between the two
    import_module("werkzeug.serving").WSGIRequestHandler.wbufsize = 64 * 1024
    import_module("moto.apigatewayv2.urls").url_paths[_ROUTE] = forget_route
    # a blob's last version may be the mark that it was deleted: moto means to free its bytes, too
    import_module("moto.s3.models").FakeDeleteMarker.dispose = lambda *_, **__: None
