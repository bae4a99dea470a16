"""The function that serves the document: what it sends, and when it need not send it again."""

import json
import re
from base64 import b64encode
from hashlib import sha256

import pytest

from app.bootstrap import Services
from app.handlers import docs
from app.messages import Request, Response
from infra.cli.openapi import FOLDER

FILES = {"GET /docs": "docs.html", "GET /openapi.json": "docs.json"}
SERVICES = Services({"SHOP_STACK": "test", "SHOP_HANDLER": "docs"})


def asked(route: str, **headers: str) -> Response:
    """The answer of one route to a request with these headers."""
    request = Request(
        request_id="id",
        method="GET",
        path=route.partition(" ")[2],
        route=route,
        path_parameters={},
        query={},
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        body=b"",
        source_ip="127.0.0.1",
        remaining_ms=lambda: 1000,
    )
    return docs.ROUTES[route](request, SERVICES)


def test_these_are_all_its_routes() -> None:
    assert set(docs.ROUTES) == set(FILES)


@pytest.mark.parametrize(("route", "name"), FILES.items())
def test_a_file_is_sent_as_it_is_kept_and_may_not_be_taken_for_another_type(
    route: str, name: str
) -> None:
    answer = asked(route)
    assert answer.status == 200
    assert answer.body == (FOLDER / name).read_text(encoding="utf-8")
    media = {"docs.html": "text/html; charset=utf-8", "docs.json": "application/json"}
    assert answer.media_type == media[name]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("route", FILES)
@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
def test_who_has_the_same_is_told_so_without_a_body(route: str, form: str) -> None:
    etag = asked(route).headers["etag"]
    assert re.fullmatch('"[0-9a-f]{32}"', etag)
    answer = asked(route, if_none_match=form.format(etag))
    assert (answer.status, answer.body, answer.headers["etag"]) == (304, "", etag)


@pytest.mark.parametrize("route", FILES)
@pytest.mark.parametrize("known", ["", '"other"', "other", ","])
def test_who_has_another_gets_it_whole(route: str, known: str) -> None:
    assert asked(route, if_none_match=known).status == 200


def test_the_two_have_different_tags() -> None:
    assert len({asked(route).headers["etag"] for route in FILES}) == 2


def test_the_pages_policy_allows_its_own_style_sheet_and_nothing_else() -> None:
    answer = asked("GET /docs")
    assert isinstance(answer.body, str)
    style = re.findall("<style>(.*?)</style>", answer.body, re.DOTALL)
    assert len(style) == 1
    digest = b64encode(sha256(style[0].encode()).digest()).decode()
    policy = dict(
        part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; ")
    )
    assert policy == {
        "default-src": "'none'",
        "style-src": f"'sha256-{digest}'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }


def test_the_document_is_json_and_names_its_own_routes() -> None:
    body = asked("GET /openapi.json").body
    assert isinstance(body, str)
    assert {"/docs", "/openapi.json"} <= set(json.loads(body)["paths"])
