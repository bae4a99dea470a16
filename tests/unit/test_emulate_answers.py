"""A result becomes the answer that the cloud would make of it, and nothing but legal HTTP."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.runtime.emulate import HttpAnswer, MalformedResultError
from infra.local.runtime.emulate.registry import gateway_side

CLOUDS = ("aws", "alicloud")
ID = {"aws": (b"apigw-requestid", b"an-id"), "alicloud": (b"x-fc-request-id", b"an-id")}
DEFAULT = {"aws": b"text/plain;charset=UTF-8", "alicloud": b"application/json"}
NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9a-z]+")
VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")


def answer(cloud: str, result: Any) -> HttpAnswer:
    raw = result if isinstance(result, bytes) else json.dumps(result).encode()
    return gateway_side(cloud).answer(raw, "an-id")


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_body_is_sent_in_utf8(cloud: str) -> None:
    found = answer(cloud, {"statusCode": 200, "body": "处理成功"})
    assert found == HttpAnswer(
        200, [(b"content-type", DEFAULT[cloud]), ID[cloud]], "处理成功".encode()
    )


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_response_keeps_its_status_headers_and_bytes(cloud: str) -> None:
    found = answer(
        cloud,
        {
            "statusCode": "201",
            "headers": {"Content-Type": "image/png", "X-Count": 3, "X-Ready": True, "x-count": 4},
            "body": "iVBORw==",
            "isBase64Encoded": True,
        },
    )
    headers = [
        (b"content-type", b"image/png"),
        (b"x-count", b"4"),
        (b"x-ready", b"true"),
        ID[cloud],
    ]
    assert found == HttpAnswer(201, headers, b"\x89PNG")


def test_each_cookie_is_a_header_of_its_own_on_aws() -> None:
    found = answer("aws", {"statusCode": 204, "cookies": ["a=1; HttpOnly", "b=2"]})
    assert found == HttpAnswer(
        204, [(b"set-cookie", b"a=1; HttpOnly"), (b"set-cookie", b"b=2"), ID["aws"]], b""
    )


@pytest.mark.parametrize(
    ("result", "body"),
    [
        ({"message": "hello"}, b'{"message": "hello"}'),
        ([1, 2], b"[1, 2]"),
        (None, b"null"),
        (7, b"7"),
        (b'{"a": NaN}', b'{"a": NaN}'),
        (b"\x00\xff", b"\x00\xff"),
    ],
)
def test_a_result_without_status_is_the_body(result: Any, body: bytes) -> None:
    found = answer("aws", result)
    assert found == HttpAnswer(200, [(b"content-type", b"application/json"), ID["aws"]], body)
    assert answer("alicloud", result).body == body


def test_a_text_is_the_body_without_its_quotes() -> None:
    assert answer("aws", "处理成功").body == "处理成功".encode()
    assert answer("alicloud", "处理成功".encode()) == HttpAnswer(
        200,
        [(b"content-type", b"text/plain; charset=utf-8"), ID["alicloud"]],
        "处理成功".encode(),
    )


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("status", [204, 205, 304])
def test_a_status_without_content_has_none(cloud: str, status: int) -> None:
    found = answer(cloud, {"statusCode": status, "body": "lost", "headers": {"etag": "x"}})
    assert found == HttpAnswer(status, [(b"etag", b"x"), ID[cloud]], b"")


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize(
    "name",
    ["Content-Length", "transfer-encoding", "Connection", "keep-alive", "TE", "Trailer", "Upgrade",
     "proxy-connection", "Date", "apigw-requestid", "x-fc-request-id", "x-fc-error-type"],
)  # fmt: skip
def test_a_handler_cannot_set_what_is_the_servers(cloud: str, name: str) -> None:
    other = {"aws": "x-fc-", "alicloud": "apigw-"}[cloud]
    if name.startswith(other):
        name = "content-length"  # the other cloud's own headers are a handler's to set
    found = answer(cloud, {"statusCode": 200, "headers": {name: "7"}, "body": "x"})
    assert found.headers == [(b"content-type", DEFAULT[cloud]), ID[cloud]]


STATUSES: tuple[Any, ...] = (
    None,
    0,
    99,
    100,
    199,
    600,
    -1,
    200.0,
    True,
    "",
    "20",
    "abc",
    "\uff1200",
    [200],
    {},
)
VALUES: tuple[Any, ...] = (None, [], {}, "a\r\nb: c", "a\nb", "\0", "\x7f", "茶")
HEADERS: tuple[Any, ...] = ("x", 1, True, [])
BODIES: tuple[Any, ...] = ({}, [], 1, True)
NAMES = ("", "a b", "a:", "a\r\n", "茶", "\u212a", "x" * 257)


def malformed() -> Iterator[dict[str, Any]]:
    yield from ({"statusCode": bad} for bad in STATUSES)
    yield from ({"statusCode": 200, "headers": {"x": bad}} for bad in VALUES)
    yield from ({"statusCode": 200, "headers": {bad: "x"}} for bad in NAMES)
    yield from ({"statusCode": 200, "headers": bad} for bad in HEADERS)
    yield from ({"statusCode": 200, "body": bad} for bad in BODIES)
    for text in ("not base64!", "茶", "eA==eA==", "e\nA=="):
        yield {"statusCode": 200, "body": text, "isBase64Encoded": True}
    yield {"statusCode": 200, "body": "eA==", "isBase64Encoded": "true"}


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("result", list(malformed()), ids=repr)
def test_a_response_that_cannot_be_sent_is_malformed(cloud: str, result: dict[str, Any]) -> None:
    with pytest.raises(MalformedResultError):
        answer(cloud, result)


@pytest.mark.parametrize("cookies", ["a=1", [1], {"a": "1"}, ["a\r\nb: c"]])
def test_cookies_are_a_list_of_texts(cookies: Any) -> None:
    with pytest.raises(MalformedResultError):
        answer("aws", {"statusCode": 200, "cookies": cookies})


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("member", ["body", "statusCode", "headers", "isBase64Encoded"])
def test_a_result_as_deep_as_json_goes_is_only_malformed(cloud: str, member: str) -> None:
    deep = b"[" * 1000 + b"]" * 1000
    with pytest.raises(MalformedResultError):
        answer(cloud, b'{"statusCode":200,"%s":%s}' % (member.encode(), deep))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
RESPONSE = st.fixed_dictionaries(
    {"statusCode": st.integers(0, 700) | st.sampled_from([200, 204, "200", "404"]) | JSON},
    optional={
        "headers": st.dictionaries(
            st.text("abZ- \n:é", max_size=5),
            st.text("ab \t\r\n\0é茶", max_size=5) | JSON,
            max_size=3,
        )
        | JSON,
        "cookies": st.lists(st.text("a=;\r\n", max_size=4), max_size=3) | JSON,
        "body": st.text(max_size=8) | JSON,
        "isBase64Encoded": st.booleans() | JSON,
    },
)


@pytest.mark.parametrize("cloud", CLOUDS)
@given(result=RESPONSE | JSON | st.binary(max_size=20))
def test_no_result_makes_anything_but_legal_http(cloud: str, result: Any) -> None:
    try:
        found = answer(cloud, result)
    except MalformedResultError:
        return
    assert 200 <= found.status <= 599
    assert type(found.body) is bytes
    assert not found.body or found.status not in {204, 205, 304}
    for name, value in found.headers:
        assert NAME.fullmatch(name)
        assert VALUE.fullmatch(value)
        assert name not in {b"content-length", b"transfer-encoding", b"connection"}
    assert found.headers[-1] == ID[cloud]
