"""Routes are well formed, and every request finds one and only one of them."""

import pytest

from infra.model import Route
from tests.unit.sound_shop import found


def with_routes(*keys: str) -> tuple[Route, ...]:
    """Routes to `orders`, from texts like `GET /orders`."""
    pairs = [key.split(" ", 1) for key in keys]
    return tuple(Route(method=method, path=path, function="orders") for method, path in pairs)  # type: ignore[arg-type]  # a wrong method is one of the mistakes


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("GET orders", "orders → begin it with /"),
        ("GET ", " → begin it with /"),
        ("GET /orders/", "an empty segment → write single slashes, and none at the end"),
        ("GET //orders", "an empty segment → write single slashes, and none at the end"),
        ("GET /{a}/{a}", "{a} → give each parameter a name of its own"),
        ("GET /{a}/{a+}", "{a+} → give each parameter a name of its own"),
        ("GET /{all+}/x", "{all+} → put it last, or write {all} for one segment"),
        ("GET /{}", "{} → use letters, digits and . _ ~ -, {name}, or {name+} at the end"),
        ("GET /a{b}", "a{b} → use letters, digits and . _ ~ -, {name}, or {name+} at the end"),
        ("GET /a b", "a b → use letters, digits and . _ ~ -, {name}, or {name+} at the end"),
        ("GET /a?b", "a?b → use letters, digits and . _ ~ -, {name}, or {name+} at the end"),
        ("GET /a/..", ".. → use letters, digits and . _ ~ -, {name}, or {name+} at the end"),
        ("GET /größe", "größe → use letters, digits and . _ ~ -, {name}, or {name+} at the end"),
        ("get /orders", "get → write GET"),
    ],
)
def test_a_malformed_route_is_refused(key: str, problem: str) -> None:
    """No request would match it, or not on every cloud."""
    assert found(routes=with_routes(key)) == [f"routes.{key}: {problem}"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("GET /a/{x}", "GET /a/{y}"),
        ("GET /{x+}", "GET /{y+}"),
        ("GET /a/{x}/c", "GET /a/b/{y}"),
        ("GET /{x}/b/{y}", "GET /a/{z}/{w}"),
        ("ANY /{x}/b", "GET /a/{y}"),
    ],
)
def test_two_routes_that_one_request_fits_equally_are_refused(first: str, second: str) -> None:
    """Neither is the more exact one, so which answers would depend on the cloud."""
    assert found(routes=with_routes(first, second)) == [
        f"routes.{second}: beside {first} → change one of the paths"
    ]


def test_a_route_is_declared_once() -> None:
    """Even when both call the same function."""
    assert found(routes=with_routes("GET /a", "GET /b", "GET /a")) == [
        "routes.GET /a:  → remove one of them"
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("GET /a/{x}", "POST /a/{x}"),
        ("GET /a/{x}", "ANY /a/{x}"),
        ("GET /a/{x}", "GET /a/b"),
        ("GET /a/{x}", "GET /a/{x}/c"),
        ("GET /a/{x}", "GET /a/{x+}"),
        ("GET /{x}/b/{y}", "GET /a/b/{z}"),
        ("GET /a/{x}", "GET /b/{x}"),
        ("GET /", "GET /{x+}"),
    ],
)
def test_a_more_exact_route_may_stand_beside_a_wider_one(first: str, second: str) -> None:
    """That is how clouds choose."""
    assert found(routes=with_routes(first, second)) == []
