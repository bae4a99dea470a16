"""Both clouds' events become the same request, and any response survives the way back."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gateways import alicloud, aws
from app.gateways.answer import answer
from app.gateways.event import MalformedEventError
from app.messages import Request, Response
from app.routing import RouteTable

EVENTS = Path(__file__).parents[1] / "events"
TABLE = RouteTable(["GET /users/{id}", "POST /users"])
AWS_CONTEXT = SimpleNamespace(aws_request_id="lambda-1", get_remaining_time_in_millis=lambda: 2500)
FC_CONTEXT = SimpleNamespace(request_id="fc-1", function=SimpleNamespace(timeout=3))


def _event(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"gateway_{name}.json").read_text())
    return event


def _aws(event: object, context: object = AWS_CONTEXT) -> Request:
    return aws.request(event, context, TABLE)


def _alicloud(event: object, context: object = FC_CONTEXT) -> Request:
    data = event if isinstance(event, bytes) else json.dumps(event).encode()
    return alicloud.request(data, context, TABLE)


READERS = [
    pytest.param(_aws, "aws_http_v2_get", id="aws"),
    pytest.param(_alicloud, "alicloud_http_v1_get", id="alicloud"),
]
Reader = Callable[..., Request]


@pytest.mark.parametrize(("read", "name"), READERS)
def test_one_request_reads_the_same_from_either_cloud(read: Reader, name: str) -> None:
    request = read(_event(name))

    assert request.method == "GET"
    assert request.path == "/users/jörg 1"
    assert request.route == "GET /users/{id}"
    assert request.path_parameters == {"id": "jörg 1"}
    assert request.query == {"tag": "a,b", "empty": "", "q": "处"}
    assert request.headers["x-trace"] == "one,two"
    assert request.headers["cookie"] == "session=s1; theme=dark"
    assert request.headers["accept"] == "application/json"
    assert request.body == b""
    assert request.source_ip == "192.0.2.1"


def test_the_request_id_is_the_one_that_the_client_was_told() -> None:
    assert _aws(_event("aws_http_v2_get")).request_id == "JKJaXmPLvHcESHA="
    assert _alicloud(_event("alicloud_http_v1_get")).request_id == "1-64f6cd87-53c6dd9fe0cc"


def test_the_call_id_comes_from_the_context_and_may_be_missing() -> None:
    assert aws.call_id(AWS_CONTEXT) == "lambda-1"
    assert alicloud.call_id(FC_CONTEXT) == "fc-1"
    assert aws.call_id(object()) == alicloud.call_id(object()) == ""


def test_the_remaining_time_is_the_runtimes_own_on_aws() -> None:
    assert _aws(_event("aws_http_v2_get")).remaining_ms() == 2500


def test_the_remaining_time_is_counted_from_the_time_out_on_function_compute() -> None:
    assert 0 < _alicloud(_event("alicloud_http_v1_get")).remaining_ms() <= 3000
    spent = SimpleNamespace(function=SimpleNamespace(timeout=-1))
    assert _alicloud(_event("alicloud_http_v1_get"), spent).remaining_ms() == 0


def test_a_body_in_base64_is_decoded_to_its_bytes() -> None:
    event = _event("aws_http_v2_post")

    assert _aws(event).body == b"\x00\xff\x01\xfe"
    fc = _event("alicloud_http_v1_get") | {"body": event["body"], "isBase64Encoded": True}
    assert _alicloud(fc).body == b"\x00\xff\x01\xfe"


def test_what_an_event_leaves_out_is_empty() -> None:
    """Neither cloud sends the parts that a request does not have."""
    request = _aws(_event("aws_http_v2_post"))
    assert (request.query, request.path_parameters) == ({}, {})
    assert "cookie" not in request.headers

    event = _event("alicloud_http_v1_get")
    for part in ("headers", "queryParameters", "body", "isBase64Encoded"):
        event[part] = None
    assert (_alicloud(event).headers, _alicloud(event).query) == ({}, {})
    assert _alicloud(event).body == b""


def test_a_path_outside_the_functions_routes_has_no_route() -> None:
    event = _event("alicloud_http_v1_get") | {"rawPath": "/elsewhere"}

    assert _alicloud(event).route == ""


def _without(event: dict[str, Any], path: str) -> dict[str, Any]:
    """A copy of the event without the member at the dotted path."""
    copy: dict[str, Any] = json.loads(json.dumps(event))
    *outer, last = path.split(".")
    inner = copy
    for name in outer:
        inner = inner[name]
    del inner[last]
    return copy


COMMON_PARTS = [
    "requestContext",
    "requestContext.requestId",
    "requestContext.http",
    "requestContext.http.method",
    "requestContext.http.path",
    "requestContext.http.sourceIp",
]


@pytest.mark.parametrize("part", [*COMMON_PARTS, "routeKey"])
def test_a_missing_part_of_an_aws_event_is_named(part: str) -> None:
    with pytest.raises(MalformedEventError, match=part.replace(".", r"\.")):
        _aws(_without(_event("aws_http_v2_get"), part))


@pytest.mark.parametrize("part", [*COMMON_PARTS, "rawPath"])
def test_a_missing_part_of_a_function_compute_event_is_named(part: str) -> None:
    with pytest.raises(MalformedEventError, match=part.replace(".", r"\.")):
        _alicloud(_without(_event("alicloud_http_v1_get"), part))


@pytest.mark.parametrize(("read", "name"), READERS)
@pytest.mark.parametrize(
    "wrong",
    [
        {"body": "%%%", "isBase64Encoded": True},
        {"body": "YQ", "isBase64Encoded": True},
        {"body": "ä", "isBase64Encoded": True},
        {"body": "\ud800"},
        {"body": {"a": 1}},
        {"headers": ["a"]},
        {"headers": {"a": 1}},
        {"requestContext": "text"},
    ],
)
def test_a_part_of_the_wrong_kind_is_malformed(
    read: Reader, name: str, wrong: dict[str, object]
) -> None:
    with pytest.raises(MalformedEventError):
        read(_event(name) | wrong)


@pytest.mark.parametrize("event", [None, "text", 3, [], b"{}"])
def test_an_aws_event_that_is_no_object_is_malformed(event: object) -> None:
    with pytest.raises(MalformedEventError):
        _aws(event)


@pytest.mark.parametrize("event", [b"", b"{", b"[]", b"null", b"\xff\xfe\xfd", b"3"])
def test_function_compute_bytes_that_are_no_object_are_malformed(event: bytes) -> None:
    with pytest.raises(MalformedEventError):
        _alicloud(event)


def test_an_event_already_decoded_is_malformed_on_function_compute() -> None:
    with pytest.raises(MalformedEventError, match="dict, not bytes"):
        alicloud.request(_event("alicloud_http_v1_get"), FC_CONTEXT, TABLE)


@pytest.mark.parametrize("cookies", ["a=b", [1]])
def test_cookies_that_are_no_list_of_texts_are_malformed(cookies: object) -> None:
    with pytest.raises(MalformedEventError, match="cookies"):
        _aws(_event("aws_http_v2_get") | {"cookies": cookies})


def test_a_context_without_a_time_limit_is_malformed() -> None:
    with pytest.raises(MalformedEventError, match="remaining time"):
        _aws(_event("aws_http_v2_get"), object())
    with pytest.raises(MalformedEventError, match="time-out"):
        _alicloud(_event("alicloud_http_v1_get"), object())


JSON_KEYS = st.sampled_from(
    ["requestContext", "http", "headers", "body", "cookies", "routeKey", "rawPath", "path", "x"]
)
NOISE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(JSON_KEYS, inner, max_size=6),
)


@given(NOISE)
def test_no_event_breaks_a_gateway_in_an_unnamed_way(event: object) -> None:
    for read in (_aws, _alicloud):
        with pytest.raises(MalformedEventError):
            read(event)


HEADERS = st.dictionaries(st.from_regex(r"x-[A-Za-z]{1,8}", fullmatch=True), st.text(max_size=20))
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.integers(100, 599), HEADERS, TEXT | st.binary())
def test_any_response_comes_back_from_the_clouds_form(
    status: int, headers: dict[str, str], body: str | bytes
) -> None:
    """Status, header values and body survive the mapping and its JSON."""
    found = json.loads(json.dumps(answer(Response(status=status, headers=headers, body=body))))

    assert found["statusCode"] == status
    assert found["isBase64Encoded"] is isinstance(body, bytes)
    sent = base64.b64decode(found["body"]) if found["isBase64Encoded"] else found["body"]
    assert sent == body
    expected = {name.lower(): value for name, value in headers.items()}
    assert {k: v for k, v in found["headers"].items() if k != "content-type"} == expected
    assert ("content-type" in found["headers"]) is bool(body)


def test_a_header_of_the_response_beats_its_media_type() -> None:
    response = Response(headers={"Content-Type": "text/csv"}, body="a,b")

    assert answer(response)["headers"] == {"content-type": "text/csv"}


@given(st.text(st.characters(categories=["Cs", "L"]), min_size=1))
def test_text_that_utf_8_cannot_say_still_reaches_the_client(body: str) -> None:
    """A client's JSON may name half a surrogate pair; echoing it must not break the answer."""
    sent = answer(Response(body=body))["body"]

    assert isinstance(sent, str)
    assert sent.encode().decode() == "".join("?" if "\ud800" <= c <= "\udfff" else c for c in body)
