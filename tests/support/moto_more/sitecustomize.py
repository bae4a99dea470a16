"""Two things that the provider asks AWS for and moto cannot do; it agrees with what was sent.

Python imports a module of this name as it starts. Only the tests' own moto has it on its path.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import Any
from urllib.parse import unquote

_ROUTE = r"{0}/v2/apis/(?P<api>[^/]+)/stages/(?P<stage>[^/]+)/routesettings/(?P<route>.+)$"
_ACCOUNT = "123456789012"


def forget_route(request: Any, _url: str, _headers: Any) -> tuple[int, dict[str, str], str]:
    """A route's settings go from its stage."""
    place, _, route = unquote(request.path).partition("/routesettings/")
    _, _, _, api, _, stage = place.split("/")
    backends = import_module("moto.apigatewayv2.models").apigatewayv2_backends[_ACCOUNT]
    regions = [each for each in backends.values() if api in each.apis]
    (regions[0].get_stage(api, stage).route_settings or {}).pop(route, None)
    return 204, {}, ""


if find_spec("moto"):
    import_module("moto.apigatewayv2.urls").url_paths[_ROUTE] = forget_route
    # a blob's last version may be the mark that it was deleted: moto means to free its bytes, too
    import_module("moto.s3.models").FakeDeleteMarker.dispose = lambda *_, **__: None
