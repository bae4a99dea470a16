"""Examples are values that their schemas take, and commands that work when they are copied."""

import json
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it comes without types
import msgspec
import pytest

from infra import shop
from infra.cli.openapi import api_document
from infra.cli.openapi_example import curl, sample
from infra.cli.openapi_sources import read


def test_every_example_of_a_body_is_one_that_the_handler_takes() -> None:
    """Or a newcomer's first try, copied from the page, would be refused."""
    whole = api_document()
    api = read(shop.FUNCTIONS, shop.ROUTES)
    takers = {each.route: each.takes for each in api.endpoints if each.takes is not None}
    for route, takes in takers.items():
        operation = whole["paths"][route.path][route.method.lower()]
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        msgspec.json.decode(json.dumps(sample(schema, whole)), type=takes)


def test_every_example_fits_its_own_schema() -> None:
    whole = api_document()
    for name, schema in whole["components"]["schemas"].items():
        value = sample(schema, whole)
        jsonschema.Draft202012Validator({**schema, "components": whole["components"]}).validate(
            value
        )
        assert value not in (None, {}), name


def test_an_example_request_is_one_command_that_a_shell_takes() -> None:
    order = {"type": "object", "properties": {"item": {"examples": ["it's"]}}}
    whole = {"components": {"schemas": {"Order": order}}}
    media = {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}
    key, rest = ({"in": "path", "name": name} for name in ("key", "rest+"))
    post = {
        "parameters": [key],
        "security": [{"bearer": []}],
        "requestBody": {"content": media},
    }
    assert curl("POST", "/orders/{key}", post, whole) == (
        'curl -X POST "$SHOP/orders/$KEY" \\\n'
        '  -H "authorization: Bearer $TOKEN" \\\n'
        "  -H 'content-type: application/json' \\\n"
        """  -d '{"item": "it'\\''s"}'"""
    )
    get: dict[str, Any] = {"parameters": [rest, {"in": "query", "name": "page"}], "security": []}
    assert curl("GET", "/orders/{rest+}", get, whole) == 'curl "$SHOP/orders/$REST"'


def test_a_sample_of_a_schema_that_holds_itself_comes_to_an_end() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}}}
    whole = {"components": {"schemas": {"Node": node}}}
    assert "next" in sample(node, whole)


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "minLength": 6}, "textxx"),
        ({"type": "string", "maxLength": 2}, "te"),
        ({"type": "integer", "minimum": 5}, 5),
        ({"type": "integer", "exclusiveMinimum": 5}, 6),
        ({"type": "boolean"}, True),
        ({"type": "array", "items": {"type": "boolean"}}, [True]),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, 1),
        ({"type": "integer", "default": 0}, 0),
        ({"enum": ["a", "b"]}, "a"),
        ({"type": "string", "default": "d", "examples": ["e"]}, "e"),
        ({"type": "null"}, None),
    ],
)
def test_a_sample_is_the_schemas_example_or_the_plainest_value(
    schema: dict[str, Any], expected: object
) -> None:
    assert sample(schema, {}) == expected
    jsonschema.Draft202012Validator(schema).validate(expected)
