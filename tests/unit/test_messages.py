"""The neutral messages and the routes that a function matches by itself."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.messages import Request, Response, json_response, problem
from app.routing import InvalidRouteError, RouteTable

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)  # fmt: skip
SEGMENT = st.from_regex(r"[a-z0-9]{1,4}", fullmatch=True)


@given(JSON_VALUES)
def test_a_json_response_holds_the_value_it_was_given(value: object) -> None:
    response = json_response(200, value)

    assert json.loads(response.body) == value
    assert response.media_type == "application/json"


def test_json_stays_readable_in_every_language() -> None:
    assert json_response(200, {"message": "处理成功"}).body == '{"message":"处理成功"}'


@pytest.mark.parametrize("value", [{1, 2}, float("nan"), float("inf"), b"bytes"])
def test_a_value_that_json_cannot_say_is_refused_and_not_bent(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        json_response(200, value)


def test_a_problem_has_the_members_of_rfc_9457_and_the_request_id() -> None:
    response = problem(409, "Conflict", "the price has changed", "r-1")

    assert response.status == 409
    assert response.media_type == "application/problem+json"
    assert json.loads(response.body) == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": "the price has changed",
        "request_id": "r-1",
    }


def test_a_printed_message_shows_no_credential() -> None:
    request = Request(
        request_id="r-1",
        method="POST",
        path="/login",
        route="POST /login",
        path_parameters={},
        query={},
        headers={"authorization": "Bearer token-1"},
        body=b"password-1",
        source_ip="192.0.2.1",
        remaining_ms=lambda: 1000,
    )

    assert "token-1" not in repr(request)
    assert "password-1" not in repr(request)
    assert "token-2" not in repr(Response(body="token-2"))


ROUTES = RouteTable(
    [
        "ANY /{rest+}",
        "GET /users/{id}",
        "GET /users/{all+}",
        "ANY /users/{any}",
        "GET /users/me",
        "GET /users/{id}/orders",
        "GET /",
        "DELETE /users/{id}/orders/{order}",
    ]
)


@pytest.mark.parametrize(
    ("method", "path", "route", "parameters"),
    [
        ("GET", "/", "GET /", {}),
        ("GET", "/users/me", "GET /users/me", {}),
        ("GET", "/users/m%65", "GET /users/me", {}),
        ("GET", "/users/7", "GET /users/{id}", {"id": "7"}),
        ("PUT", "/users/7", "ANY /users/{any}", {"any": "7"}),
        ("HEAD", "/users/me", "ANY /users/{any}", {"any": "me"}),
        ("GET", "/users/a%2Fb", "GET /users/{id}", {"id": "a/b"}),
        ("GET", "/users/%E5%A4%84", "GET /users/{id}", {"id": "处"}),
        ("GET", "/users/100%", "GET /users/{id}", {"id": "100%"}),
        ("GET", "/users/a%2520b", "GET /users/{id}", {"id": "a%20b"}),
        ("GET", "/users/7/orders", "GET /users/{id}/orders", {"id": "7"}),
        ("GET", "/users/7/x/y", "GET /users/{all+}", {"all": "7/x/y"}),
        (
            "DELETE",
            "/users/7/orders/8",
            "DELETE /users/{id}/orders/{order}",
            {"id": "7", "order": "8"},
        ),
        ("GET", "/users/", "ANY /{rest+}", {"rest": "users/"}),
        ("POST", "/elsewhere/x", "ANY /{rest+}", {"rest": "elsewhere/x"}),
    ],
)
def test_the_most_specific_route_wins(
    method: str, path: str, route: str, parameters: dict[str, str]
) -> None:
    """A literal beats {name}, which beats {name+}; a method beats ANY."""
    assert ROUTES.match(method, path) == (route, parameters)


def test_a_named_method_beats_any_on_the_same_path() -> None:
    for keys in (["ANY /x", "GET /x"], ["GET /x", "ANY /x"]):
        assert RouteTable(keys).match("GET", "/x") == ("GET /x", {})
        assert RouteTable(keys).match("PUT", "/x") == ("ANY /x", {})


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/users"),
        ("GET", "/users/1/2"),
        ("GET", "/users/"),
        ("GET", "//users/1"),
        ("GET", ""),
        ("get", "/users"),
        ("HEAD", "/users"),
        ("GET", "/files/"),
        ("GET", "/files"),
    ],
)
def test_a_route_takes_no_more_than_its_template_says(method: str, path: str) -> None:
    """No other method, no empty parameter, no missing or further segment."""
    table = RouteTable(["GET /users", "GET /users/{id}", "GET /files/{rest+}"])

    assert table.match(method, path) is None


@pytest.mark.parametrize(
    "key",
    ["/users", "GET", "GET users", "get /users", "GET /{a+}/b", "GET /{}", "GET /{a-b}", " /users"],
)
def test_a_key_that_is_no_route_is_refused_by_name(key: str) -> None:
    with pytest.raises(InvalidRouteError) as caught:
        RouteTable([key])

    assert repr(key) in str(caught.value)


@given(st.lists(SEGMENT, min_size=1, max_size=4), st.permutations(range(3)))
def test_the_order_of_the_routes_does_not_matter(segments: list[str], order: list[int]) -> None:
    path = "/" + "/".join(segments)
    keys = [f"GET {path}", "GET /" + "/".join(["{a}", *segments[1:]]), "GET /{a+}"]

    assert RouteTable([keys[place] for place in order]).match("GET", path) == (f"GET {path}", {})
