"""The most specific route takes a request, segment by segment."""

from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.routing import RouteTable
from infra.local.runtime.router import Match, Router

ROUTES = {
    "GET /": "root",
    "GET /users": "list",
    "GET /users/me": "me",
    "GET /users/{id}": "user",
    "ANY /users/{id}": "any-user",
    "GET /users/{id}/cart": "cart",
    "GET /users/{rest+}": "deep",
    "POST /users/me/{item}": "mine",
    "ANY /files/{path+}": "files",
    "PUT /files/{path+}": "put-file",
    "GET /files/index": "index",
}


@pytest.mark.parametrize(
    ("method", "path", "function", "parameters"),
    [
        ("GET", "/", "root", {}),
        ("GET", "/users", "list", {}),
        ("GET", "/users/me", "me", {}),
        ("GET", "/users/7", "user", {"id": "7"}),
        ("POST", "/users/7", "any-user", {"id": "7"}),
        ("POST", "/users/me", "any-user", {"id": "me"}),
        ("GET", "/users/7/cart", "cart", {"id": "7"}),
        ("GET", "/users/me/cart", "cart", {"id": "me"}),
        ("GET", "/users/7/orders", "deep", {"rest": "7/orders"}),
        ("GET", "/users/7/cart/more", "deep", {"rest": "7/cart/more"}),
        ("POST", "/users/me/x", "mine", {"item": "x"}),
        ("PUT", "/files/a/b", "put-file", {"path": "a/b"}),
        ("PATCH", "/files/a/b", "files", {"path": "a/b"}),
        ("GET", "/files/index", "index", {}),
        ("POST", "/files/index", "files", {"path": "index"}),
        ("GET", "/users/%6De", "me", {}),
        ("GET", "/users/a%2Fb", "user", {"id": "a/b"}),
        ("GET", "/users/%E5%A4%84", "user", {"id": "处"}),
        ("GET", "/users/100%25", "user", {"id": "100%"}),
        ("GET", "/users/a+b", "user", {"id": "a+b"}),
        ("GET", "/users/{id}", "user", {"id": "{id}"}),
        ("GET", "/files//a/", "files", {"path": "/a/"}),
    ],
)
def test_a_request_takes_the_most_specific_route(
    method: str, path: str, function: str, parameters: dict[str, str]
) -> None:
    found = Router(ROUTES).find(method, path)
    assert found is not None
    assert (found.function, found.parameters) == (function, parameters)
    assert ROUTES[found.route] == function


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/"),
        ("GET", ""),
        ("GET", "/users/"),
        ("DELETE", "/users"),
        ("GET", "/Users"),
        ("GET", "//users"),
        ("GET", "/files"),
        ("GET", "/files/"),
        ("POST", "/users/7/cart"),
        ("get", "/users"),
        ("GET", "*"),
    ],
)
def test_a_request_without_a_route_takes_none(method: str, path: str) -> None:
    assert Router(ROUTES).find(method, path) is None


def test_no_routes_match_nothing() -> None:
    assert Router({}).find("GET", "/") is None


SEGMENT = st.sampled_from(["a", "b", "{x}", "{y}"])
ROUTE = st.tuples(
    st.sampled_from(["GET", "PUT", "ANY"]),
    st.lists(SEGMENT, max_size=3),
    st.sampled_from(["", "{rest+}"]),
)


def written(route: tuple[str, list[str], str]) -> str:
    method, segments, rest = route
    named = [f"{{p{at}}}" if each[0] == "{" else each for at, each in enumerate(segments)]
    return f"{method} /" + "/".join([*named, rest] if rest else named)


def oracle(routes: dict[str, str], method: str, path: str) -> Match | None:
    """Every route that fits, and of these the one that is first in the order of the rule."""
    given_segments = [unquote(each) for each in path.split("/")[1:]]
    fitting = []
    for key, function in routes.items():
        verb, _, pattern = key.partition(" ")
        segments = pattern.split("/")[1:]
        parameters: dict[str, str] = {}
        ranks = []
        left = list(given_segments)
        fits = verb in (method, "ANY")
        for segment in segments:
            if segment.endswith("+}"):
                value = "/".join(left)
                left = []
                parameters[segment[1:-2]] = value
                fits = fits and bool(value)
                ranks.append(2)
            elif not left:
                fits = False
            else:
                value = left.pop(0)
                if segment.startswith("{"):
                    parameters[segment[1:-1]] = value
                    fits = fits and bool(value)
                    ranks.append(1)
                else:
                    fits = fits and value == segment
                    ranks.append(0)
        if fits and not left:
            ranked = (2 in ranks, ranks, verb == "ANY")
            fitting.append((ranked, Match(key, function, parameters)))
    fitting.sort(key=lambda each: each[0])
    return fitting[0][1] if fitting else None


@given(
    st.lists(ROUTE, max_size=8),
    st.sampled_from(["GET", "PUT", "POST"]),
    st.lists(st.sampled_from(["a", "b", "c", "", "a/b"]), max_size=4),
    st.integers(0, 1),
)
def test_the_router_agrees_with_a_search_of_all_routes(
    routes: list[tuple[str, list[str], str]], method: str, segments: list[str], encoded: int
) -> None:
    keys = {written(route): f"f{number}" for number, route in enumerate(routes)}
    quoted = (quote(each, safe="") for each in segments)
    path = "/" + "/".join(f"%{ord(e[0]):02x}{e[1:]}" if encoded and e else e for e in quoted)
    path = path.replace("%25", "%") if encoded else path
    assert Router(keys).find(method, path) == oracle(keys, method, path)


@given(
    st.lists(ROUTE, max_size=8),
    st.sampled_from(["GET", "PUT", "POST"]),
    st.lists(st.sampled_from(["a", "b", "c", "", "a%2Fb", "%E5%A4%84"]), max_size=4),
)
def test_a_functions_own_table_finds_the_route_that_the_gateway_finds(
    routes: list[tuple[str, list[str], str]], method: str, segments: list[str]
) -> None:
    """A cloud that names no route leaves it to the function, which has to agree."""
    keys = {written(route): written(route) for route in routes}
    path = "/" + "/".join(segments)
    found = Router(keys).find(method, path)
    expected = (found.route, dict(found.parameters)) if found else None
    assert RouteTable(keys).match(method, path) == expected
