"""An OpenAPI document as one page of HTML: no script, nothing loaded from anywhere; pure."""

import json
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from infra.cli.openapi_example import curl, resolved, sample
from infra.cli.openapi_schema_html import kind, limits, prose, table

_STYLE = Path(__file__).with_suffix(".css")
_DOCUMENT = '<a href="openapi.json">OpenAPI document</a>'
_GOOD = 400  # below it


def page(document: Mapping[str, Any], style: str | None = None) -> str:
    """The whole page, with the style sheet in it."""
    style = _STYLE.read_text(encoding="utf-8") if style is None else style
    title = escape(document["info"]["title"])
    return "\n".join([
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}: API</title>",
        f"<style>\n{style}</style>",
        "</head>",
        "<body>",
        '<a class="skip" href="#operations">Skip to the operations</a>',
        f"<header>\n<h1>{title}</h1>",
        f'<p class="quiet">Version {escape(document["info"]["version"])} · {_DOCUMENT}</p>',
        f"{_paragraphs(document['info']['description'])}\n</header>",
        *_contents(document),
        '<main id="operations">',
        *_authentication(document),
        *(part for tag in document["tags"] for part in _group(tag, document)),
        *_schemas(document),
        "</main>\n</body>\n</html>\n",
    ])  # fmt: skip


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def _of(tag: str, document: Mapping[str, Any]) -> list[tuple[str, str, Mapping[str, Any]]]:
    return [each for each in _operations(document) if tag in each[2]["tags"]]


def _contents(document: Mapping[str, Any]) -> Iterator[str]:
    yield '<nav aria-label="Operations">\n<ul>'
    for tag in document["tags"]:
        for method, path, operation in _of(tag["name"], document):
            yield (
                f'<li><a href="#{escape(operation["operationId"])}">{_method(method)} '
                f"<code>{escape(path)}</code></a></li>"
            )
    yield '<li><a href="#schemas">Schemas</a></li>\n</ul>\n</nav>'


def _authentication(document: Mapping[str, Any]) -> Iterator[str]:
    yield '<section aria-labelledby="authentication">\n<h2 id="authentication">Authentication</h2>'
    makers = [each for each in _operations(document) if each[2]["operationId"] == "post_sessions"]
    yield (
        '<p>Operations marked <span class="lock">needs a token</span> take a bearer token in the '
        "header <code>authorization</code>; without a good one they answer 401.</p>"
    )
    yield (
        "<p>The examples are for a shell in which these are set; who has no name yet registers "
        "one first:</p>"
    )
    yield (
        "<p>Those marked <span class=\"lock\">needs a token, a user's or a cart's</span> are for "
        "guests, too: in place of <code>authorization</code> a guest sends the token of "
        "<code>POST /carts</code> in the header <code>x-cart-token</code>.</p>"
    )
    lines = ["SHOP=http://127.0.0.1:…      # the address that `make up` printed"]
    if makers:
        asked = curl(*makers[0], document)
        lines += [f"{asked}", "TOKEN=…                      # the token of that answer"]
    yield f"{_pre(chr(10).join(lines))}\n</section>"


def _group(tag: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[str]:
    name = escape(tag["name"])
    yield f'<section aria-labelledby="tag-{name}">\n<h2 id="tag-{name}">{name}</h2>'
    yield _paragraphs(tag["description"] + "." if tag["description"] else "")
    for method, path, operation in _of(tag["name"], document):
        yield from _operation(method, path, operation, document)
    yield "</section>"


_LOCKS = (
    "",
    ' <span class="lock">needs a token</span>',
    " <span class=\"lock\">needs a token, a user's or a cart's</span>",
)


def _operation(
    method: str, path: str, operation: Mapping[str, Any], document: Mapping[str, Any]
) -> Iterator[str]:
    name = escape(operation["operationId"])
    lock = _LOCKS[len(operation["security"])]
    yield f'<article aria-labelledby="{name}">'
    yield f'<h3 id="{name}">{_method(method)} <code>{escape(path)}</code>{lock}</h3>'
    yield _paragraphs(f"{operation['summary']}.\n\n{operation.get('description', '')}")
    if parameters := operation.get("parameters"):
        fields = {each["name"]: _described(each) for each in parameters}
        required = [each["name"] for each in parameters if each["required"]]
        yield table("Parameters", {"properties": fields, "required": required})
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        yield table(f"Body, {kind(schema)}", resolved(schema, document))
    yield f"<h4>Example</h4>\n{_pre(curl(method, path, operation, document))}"
    yield from _answers(operation["responses"], document)
    yield "</article>"


_WHERE = {"path": "In the path.", "query": "In the query.", "header": "A header."}


def _described(parameter: Mapping[str, Any]) -> dict[str, Any]:
    where = _WHERE[parameter["in"]]
    about = f"{where} {parameter.get('description', '')}".strip()
    return {"description": about, **parameter["schema"]}


def _answers(responses: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[str]:
    good = {each: found for each, found in responses.items() if not each.isdigit()
            or int(each) < _GOOD}  # fmt: skip
    yield "<h4>Answers</h4>\n<dl>"
    for status, response in good.items():
        yield _answer(status, response, document, good=True)
    yield "</dl>\n<details><summary>Problems</summary>\n<dl>"
    for status, response in responses.items():
        if status not in good:
            yield _answer(status, response, document, good=False)
    yield "</dl></details>"


def _answer(
    status: str, response: Mapping[str, Any], document: Mapping[str, Any], *, good: bool
) -> str:
    response = resolved(response, document)
    content = response.get("content", {})
    bodies = [f"{_body(each['schema'])} as <code>{escape(media)}</code>"
              for media, each in content.items() if "schema" in each]  # fmt: skip
    told = f'<dd class="quiet">{", or ".join(bodies)}</dd>' if bodies else ""
    shown = "".join(_shown(each["schema"], document) for media, each in content.items()
                    if good and media == "application/json" and each.get("schema"))  # fmt: skip
    return (
        f'<dt><span class="status{" good" if good else ""}">{escape(status)}</span> '
        f"{prose(response['description'])}</dt>{told}{shown}"
    )


def _body(schema: Mapping[str, Any]) -> str:
    about = limits(schema)
    return f"{kind(schema)}{f' ({about})' if about else ''}"


def _shown(schema: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    if "$ref" not in schema:
        return ""
    text = json.dumps(sample(schema, document), ensure_ascii=False, indent=2)
    return f"<dd>{_pre(text)}</dd>"


def _schemas(document: Mapping[str, Any]) -> Iterator[str]:
    yield '<section aria-labelledby="schemas">\n<h2 id="schemas">Schemas</h2>'
    for name, schema in document["components"]["schemas"].items():
        safe = escape(name)
        yield f'<article aria-labelledby="schema-{safe}">\n<h3 id="schema-{safe}">{safe}</h3>'
        yield _paragraphs(schema.get("description", ""))
        yield f"{table(f'Fields of {safe}', schema)}\n</article>"
    yield "</section>"


def _paragraphs(text: str) -> str:
    return "\n".join(f"<p>{prose(part)}</p>" for part in text.split("\n\n") if part.strip())


def _method(method: str) -> str:
    return f'<span class="method {method.lower()}">{method}</span>'


def _pre(text: str) -> str:
    return f'<pre tabindex="0"><code>{escape(text, quote=False)}</code></pre>'
