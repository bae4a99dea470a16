"""What this API takes and answers: an OpenAPI document, and a page to read.

Both are files beside this module, written from the routes by `make openapi`.
"""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

from app.bootstrap import Services
from app.messages import JSON, Request, Response
from app.operation import Operation

_HTML = "text/html; charset=utf-8"


def openapi(request: Request, _services: Services) -> Response:
    """This API as an OpenAPI 3.1 document.

    With `if-none-match` and the `etag` of an earlier answer it is sent only if it has changed.
    """
    return _answer(request, ".json", JSON, {})


def page(request: Request, _services: Services) -> Response:
    """This API as a page to read.

    With `if-none-match` and the `etag` of an earlier answer it is sent only if it has changed.
    """
    return _answer(request, ".html", _HTML, {"content-security-policy": _policy()})


ROUTES = {
    "GET /docs": Operation(page, gives={200: str, 304: None}, media_type=_HTML),
    "GET /openapi.json": Operation(openapi, gives={200: dict, 304: None}),
}


def _answer(request: Request, suffix: str, media_type: str, more: dict[str, str]) -> Response:
    text, etag = _file(suffix)
    headers = {"etag": etag, "cache-control": "no-cache", "x-content-type-options": "nosniff"}
    known = {each.strip().removeprefix("W/") for each in _known(request).split(",")}
    if known & {etag, "*"}:
        return Response(status=304, headers=headers)
    return Response(headers=headers | more, body=text, media_type=media_type)


def _known(request: Request) -> str:
    return request.headers.get("if-none-match", "")


@cache
def _file(suffix: str) -> tuple[str, str]:
    """The text of the file beside this module, and its entity tag; read once in a process."""
    content = Path(__file__).with_suffix(suffix).read_bytes()
    return content.decode(), f'"{sha256(content).hexdigest()[:32]}"'


@cache
def _policy() -> str:
    """Nothing is loaded from anywhere, nothing runs; the page's one style sheet is in it."""
    style = _file(".html")[0].partition("<style>")[2].partition("</style>")[0]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
