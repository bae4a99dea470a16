"""A request becomes the event that the cloud would send."""

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.runtime.emulate import GatewaySide, HttpRequest
from infra.local.runtime.emulate.registry import gateway_side
from infra.local.runtime.router import Match

EVENTS = Path(__file__).parents[1] / "events"
CLOUDS = ("aws", "alicloud")


Asked = tuple[HttpRequest, Match, str, int]


def request(**changes: Any) -> Asked:
    """What an event is made of, with `changes` by their names."""
    usual: dict[str, Any] = {
        "method": "GET",
        "path": "/health",
        "query": "",
        "protocol": "HTTP/1.1",
        "source_ip": "127.0.0.1",
        "headers": [
            (b"host", b"127.0.0.1:8000"),
            (b"user-agent", b"curl/8.5.0"),
            (b"accept", b"*/*"),
        ],
        "body": b"",
        "route": "GET /health",
        "parameters": {},
        "request_id": "an-id",
        "time_ms": 1584039838390,
    }
    given = usual | changes
    match = Match(given.pop("route"), "f", given.pop("parameters"))
    request_id, time_ms = given.pop("request_id"), given.pop("time_ms")
    return HttpRequest(**given), match, request_id, time_ms


ORDER: dict[str, Any] = {
    "time_ms": 1704067200000,
    "method": "POST",
    "path": "/shops/%E8%8C%B6%20house/orders",
    "query": "tag=new&tag=half%20price&page=2&empty=&flag&q=a+b",
    "source_ip": "192.0.2.7",
    "headers": [
        (b"host", b"shop.example.com"),
        (b"user-agent", b"Mozilla/5.0"),
        (b"accept", b"text/html"),
        (b"cookie", b"session=abc123; theme=dark"),
        (b"accept", b"application/json"),
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", b"24"),
        (b"cookie", b"last=1"),
    ],
    "body": '{"name": "处理成功"}'.encode(),
    "route": "POST /shops/{name}/orders",
    "parameters": {"name": "茶 house"},
}


def event(cloud: str, asked: Asked) -> Any:
    return json.loads(gateway_side(cloud).event(*asked))


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize(("name", "found"), [("get", {}), ("post", ORDER)])
def test_the_event_is_exactly_the_recorded_one(
    cloud: str, name: str, found: dict[str, Any]
) -> None:
    expected = json.loads((EVENTS / f"{cloud}_{name}.json").read_text(encoding="utf-8"))
    request_id = expected["requestContext"]["requestId"]
    assert event(cloud, request(**found, request_id=request_id)) == expected


@pytest.mark.parametrize(
    ("cloud", "kind", "content", "text"),
    [
        ("aws", "application/json", b"{}", "{}"),
        ("aws", "TEXT/Plain; charset=utf-8", "é".encode(), "é"),
        ("aws", "application/xml", b"<a/>", "<a/>"),
        ("aws", "application/x-www-form-urlencoded", b"a=1", None),
        ("aws", "application/octet-stream", b"\x00\x01", None),
        ("aws", "application/json", b"\xff", None),
        ("aws", None, b"bare", None),
        ("alicloud", "application/json", b"{}", "{}"),
        ("alicloud", "application/x-www-form-urlencoded", b"a=1", "a=1"),
        ("alicloud", None, b"bare", "bare"),
        ("alicloud", None, b"\xff", None),
        ("alicloud", "image/png", b"text", None),
    ],
)
def test_a_body_is_text_or_base64_by_its_type(
    cloud: str, kind: str | None, content: bytes, text: str | None
) -> None:
    headers = [(b"content-type", kind.encode())] if kind else []
    found = event(cloud, request(method="POST", headers=headers, body=content))
    assert found["isBase64Encoded"] is (text is None)
    assert found["body"] == (base64.b64encode(content).decode() if text is None else text)


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize(
    ("host", "domain", "prefix"),
    [
        (b"shop.example.com:8443", "shop.example.com", "shop"),
        (b"[::1]:8000", "[::1]", "[::1]"),
        (b"localhost", "localhost", "localhost"),
        (b"", "", ""),
    ],
)
def test_the_domain_is_the_host_without_its_port(
    cloud: str, host: bytes, domain: str, prefix: str
) -> None:
    context = event(cloud, request(headers=[(b"host", host)]))["requestContext"]
    assert (context["domainName"], context["domainPrefix"]) == (domain, prefix)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_path_that_is_no_utf8_is_still_an_event(cloud: str) -> None:
    found = event(cloud, request(path="/%FF%zz", query="%FF=%zz&&=x"))
    assert found["requestContext"]["http"]["path"] == "/\ufffd%zz"
    parameters = found.get("queryStringParameters") or found["queryParameters"]
    assert parameters == {"\ufffd": "%zz", "": "x"}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_clock_that_goes_back_is_followed(cloud: str) -> None:
    side = gateway_side(cloud)
    times = [
        json.loads(side.event(*request(time_ms=at)))["requestContext"]["time"]
        for at in (1704067200000, 1704067201999, 1704067200001)
    ]
    assert times[0] == times[2] != times[1]


TOKEN = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_.!~", min_size=1, max_size=80)
VALUE = st.binary(max_size=40).map(lambda found: found.translate(None, b"\r\n\x00"))
HEADERS = st.lists(st.tuples(TOKEN.filter(lambda name: name != "cookie"), VALUE), max_size=12)
FORM = st.lists(st.tuples(st.text(max_size=12), st.text(max_size=12)), max_size=8)
PATH = st.text(max_size=20)


def joined(pairs: list[tuple[str, str]]) -> dict[str, str]:
    names = dict.fromkeys(name for name, _ in pairs)
    return {each: ",".join(value for name, value in pairs if name == each) for each in names}


@pytest.mark.parametrize("cloud", CLOUDS)
@given(headers=HEADERS, query=FORM, path=PATH, body=st.binary(max_size=60))
def test_no_part_of_a_request_is_lost_in_its_event(
    cloud: str,
    headers: list[tuple[str, bytes]],
    query: list[tuple[str, str]],
    path: str,
    body: bytes,
) -> None:
    found = event(
        cloud,
        request(
            headers=[(name.encode(), value) for name, value in headers],
            query=urlencode(query),
            path="/" + quote(path),
            body=body,
        ),
    )
    expected = joined([(name, value.decode("latin-1")) for name, value in headers])
    assert {name.lower(): value for name, value in found["headers"].items()} == expected
    assert found.get("queryStringParameters", found.get("queryParameters", {})) == joined(query)
    assert found["requestContext"]["http"]["path"] == "/" + path
    text = found.get("body", "")
    assert (base64.b64decode(text) if found["isBase64Encoded"] else text.encode()) == body


@given(cookies=st.lists(TOKEN, min_size=1, max_size=6), parts=st.integers(1, 3))
def test_every_cookie_arrives_alone_on_aws(cookies: list[str], parts: int) -> None:
    lines = [cookies[at::parts] for at in range(parts)]
    headers = [(b"cookie", "; ".join(line).encode()) for line in lines if line]
    found = event("aws", request(headers=headers))
    assert found["cookies"] == [each for line in lines for each in line]
    assert "cookie" not in found["headers"]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_many_names_of_headers_do_not_fill_the_memory(cloud: str) -> None:
    side: GatewaySide = gateway_side(cloud)
    for at in range(3000):
        side.event(*request(headers=[(b"x-%d" % at, b"1"), (b"y" * 100, b"2")]))
    names: dict[bytes, str] = side._names  # type: ignore[attr-defined]
    assert len(names) <= 1024
