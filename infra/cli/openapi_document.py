"""Endpoints as an OpenAPI 3.1 document; pure, and the same for the same endpoints."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

import msgspec

from infra.cli import openapi_answers as answers
from infra.cli.openapi_sources import Api, Endpoint
from infra.model import Method

REF = "#/components/schemas/{name}"
_METHODS = tuple(method for method in get_args(Method) if method != "ANY")
_PARAMETER = re.compile(r"\{([^}+]+)(\+?)\}")
_INVALID, _UNAUTHENTICATED = 422, 401
_GOOD = {200: "Done.", 201: "Made.", 202: "Accepted.", 204: "Done.", 304: "Not changed since."}


def document(api: Api, about: Mapping[str, str]) -> dict[str, Any]:
    """The whole document; `about` is its `info`: title, version, description.

    Raises TypeError for a type that no JSON Schema says.
    """
    types = _Types(api.endpoints)
    taken: dict[str, int] = {}
    paths: dict[str, dict[str, Any]] = {}
    used: set[int] = set()
    for endpoint in sorted(api.endpoints, key=lambda each: each.route.path):
        statuses = problem_statuses(endpoint)
        used |= statuses
        for method in _methods(endpoint, api.endpoints):
            item = paths.setdefault(endpoint.route.path, {})
            identifier = _identifier(method, endpoint.route.path, taken)
            item[method.lower()] = _operation(endpoint, identifier, types, statuses)
    return {
        "openapi": "3.1.0",
        "info": dict(about),
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in api.about.items()],
        "paths": {
            path: {
                method.lower(): item[method.lower()]
                for method in _METHODS
                if method.lower() in item
            }
            for path, item in paths.items()
        },
        "components": {
            "schemas": dict(sorted({**types.components, **answers.SCHEMAS}.items())),
            "responses": {answers.name(each): answers.answer(each) for each in sorted(used)},
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The `token` that `POST /sessions` gives.",
                },
                "cart": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "x-cart-token",
                    "description": "The `cart_token` that `POST /carts` gives.",
                },
            },
        },
    }


def problem_statuses(endpoint: Endpoint) -> set[int]:
    """Every status of 400 and above that this endpoint may answer."""
    found = {*answers.ALWAYS, *endpoint.refuses}
    if endpoint.secured:
        found.add(_UNAUTHENTICATED)
    if endpoint.takes is not None:
        found.add(_INVALID)
    return found


class _Types:
    """The schemas of all bodies and parameters, with those that are named put aside."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        found: list[Any] = []
        for each in endpoints:
            found += [each.takes, *(each.gives or {}).values()]
            found += [*each.parameters.values(), *each.headers.values()]
        self._types = [kind for kind in found if kind is not None]
        self._schemas, self.components = msgspec.json.schema_components(
            self._types, ref_template=REF
        )

    def schema(self, kind: Any) -> dict[str, Any]:
        """The schema of one of them."""
        return dict(self._schemas[self._types.index(kind)])


def _methods(endpoint: Endpoint, endpoints: Sequence[Endpoint]) -> Sequence[str]:
    """The methods of a route; ANY is each that has no route of its own at this path."""
    route = endpoint.route
    if route.method != "ANY":
        return (route.method,)
    named = {each.route.method for each in endpoints if each.route.path == route.path}
    return [method for method in _METHODS if method not in named]


def _identifier(method: str, path: str, taken: dict[str, int]) -> str:
    """`get_users_by_name`, which tells one operation from all others."""
    words = _PARAMETER.sub(r"by_\1", path).replace("/", "_")
    found = f"{method.lower()}{re.sub('[^A-Za-z0-9_]', '_', words).rstrip('_')}"
    taken[found] = taken.get(found, 0) + 1
    return found if taken[found] == 1 else f"{found}_{taken[found]}"


def _operation(
    endpoint: Endpoint, identifier: str, types: _Types, statuses: Iterable[int]
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": identifier,
        "tags": [endpoint.route.function],
        "summary": endpoint.summary,
    }
    if endpoint.description:
        found["description"] = endpoint.description
    found["security"] = [{"bearer": []}] if endpoint.secured else []
    if endpoint.guests:
        found["security"].append({"cart": []})
    if parameters := _parameters(endpoint, types):
        found["parameters"] = parameters
    if endpoint.takes is not None:
        content = {answers.JSON: {"schema": types.schema(endpoint.takes)}}
        found["requestBody"] = {"required": True, "content": content}
    good = {str(status): _good(endpoint, status, types) for status in sorted(endpoint.gives or {})}
    if endpoint.gives is None:
        good = {"default": {"description": "What the function answers.", "content": {"*/*": {}}}}
    bad = {
        str(status): {"$ref": f"#/components/responses/{answers.name(status)}"}
        for status in sorted(statuses)
    }
    found["responses"] = {**good, **bad}
    return found


def _parameters(endpoint: Endpoint, types: _Types) -> list[dict[str, Any]]:
    """Those of the path, in its order, then those of the query, then the headers."""
    found = []
    path_names = []
    for name, rest in _PARAMETER.findall(endpoint.route.path):
        path_names.append(name)
        kind = endpoint.parameters.get(name)
        schema = {"type": "string"} if kind is None else types.schema(kind)
        one = {"name": name + rest, "in": "path", "required": True, "schema": schema}
        if rest:
            one["description"] = "The whole rest of the path, slashes included."
        found.append(one)
    for name in sorted(set(endpoint.parameters) - set(path_names)):
        schema = types.schema(endpoint.parameters[name])
        found.append({"name": name, "in": "query", "required": False, "schema": schema})
    for name in sorted(endpoint.headers):
        schema = types.schema(endpoint.headers[name])
        found.append({"name": name, "in": "header", "required": True, "schema": schema})
    return found


def _good(endpoint: Endpoint, status: int, types: _Types) -> dict[str, Any]:
    found: dict[str, Any] = {"description": _GOOD.get(status, "Done.")}
    kind = (endpoint.gives or {})[status]
    if kind is not None:
        found["content"] = {endpoint.media_type: {"schema": types.schema(kind)}}
    return found
