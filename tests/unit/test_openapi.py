"""The OpenAPI document is what the routes and the handlers' types say, and is kept current."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import jsonschema  # type: ignore[import-untyped]  # it comes without types
import msgspec
import pytest

from app.messages import Request, Response, json_response, problem
from app.operation import Operation
from infra import shop
from infra.cli import openapi_answers as answers
from infra.cli.openapi import FOLDER, api_document, main, texts
from infra.cli.openapi_document import document
from infra.cli.openapi_example import resolved
from infra.cli.openapi_sources import read
from infra.errors import Refused
from infra.local.runtime.emulate import Failure
from infra.local.runtime.emulate.registry import NAMES, gateway_side
from infra.model import Function, Method, Route

ABOUT = {"title": "Made", "version": "1", "description": "Made here."}


class Order(msgspec.Struct, forbid_unknown_fields=True):
    """What is ordered."""

    item: Annotated[str, msgspec.Meta(pattern="^[a-z]+$", examples=["tea"])]
    pieces: Annotated[int, msgspec.Meta(ge=1, le=9)] = 1


class Placed(msgspec.Struct):
    """An order that was placed."""

    id: str
    order: Order


def place(_request: Request, _services: object, **_more: Any) -> Response:
    """Place an order.

    It is `delivered` later.
    """
    return json_response(201, {})


def who(_request: Request, _services: object) -> str:
    return "somebody"


def plain(_request: Request, _services: object) -> Response:
    """Whatever."""
    return json_response(200, {})


KEY = Annotated[str, msgspec.Meta(pattern="^[0-9]+$")]
PLACE = Operation(place, takes=Order, user=who, gives={201: Placed, 204: None}, refuses=(409,))
FIND = Operation(plain, gives={200: Placed}, parameters={"page": KEY, "key": KEY})


def made(
    routes: dict[str, Any], *, more: dict[str, Any] | None = None, handler: str | None = None
) -> dict[str, Any]:
    """The document of one function `orders` with these routes; `more` is only in its ROUTES."""
    function = Function(name="orders", handler=handler)
    module = SimpleNamespace(
        __doc__="Orders.\n\nMore.", ROUTES=routes | (more or {}), lambda_handler=plain
    )
    return document(read([function], declared(routes), loader(module)), ABOUT)


def declared(keys: Any) -> list[Route]:
    """Routes of these keys."""
    found = []
    for key in keys:
        method, _, path = key.partition(" ")
        known: Method = method
        found.append(Route(method=known, path=path, function="orders"))
    return found


def loader(module: object) -> Callable[[str], object]:
    """What finds just this module."""

    def load(name: str) -> object:
        if name != "app.handlers.orders":
            raise ModuleNotFoundError(f"No module named {name!r}")
        return module

    return load


def test_the_kept_files_are_what_the_routes_and_handlers_say() -> None:
    """A changed route or type comes with a changed document: `make openapi` writes it."""
    assert main(["--check"]) == 0


def test_a_stale_file_fails_the_check_and_writing_mends_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--check"], tmp_path) == 1
    assert "docs.json and docs.html: not what" in capsys.readouterr().err
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0
    page = tmp_path / "docs.html"
    page.write_text(page.read_text(encoding="utf-8") + " ", encoding="utf-8")
    assert main(["--check"], tmp_path) == 1
    assert "run make openapi" in capsys.readouterr().err
    assert page.read_text(encoding="utf-8").endswith(" ")


def test_an_unknown_argument_writes_nothing(tmp_path: Path) -> None:
    assert main(["--chek"], tmp_path) == 2
    assert list(tmp_path.iterdir()) == []


def test_the_document_is_the_same_each_time_and_ends_its_last_line() -> None:
    first, second = texts(api_document()), texts(api_document())
    assert first == second
    assert all(text.endswith(("}\n", "</html>\n")) for text in first.values())


def test_every_route_of_the_shop_is_in_the_document_and_nothing_else() -> None:
    kept = json.loads((FOLDER / "docs.json").read_text(encoding="utf-8"))
    found = {f"{m.upper()} {path}" for path, item in kept["paths"].items() for m in item}
    assert found == {route.key for route in shop.ROUTES}


def test_an_operation_says_what_it_takes_gives_and_refuses() -> None:
    whole = made({"POST /orders": PLACE})
    found = whole["paths"]["/orders"]["post"]
    assert found["operationId"] == "post_orders"
    assert found["tags"] == ["orders"]
    assert found["summary"] == "Place an order"
    assert found["description"] == "It is `delivered` later."
    assert found["security"] == [{"bearer": []}]
    body = found["requestBody"]
    assert body["required"]
    assert body["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Order"}
    placed = found["responses"]["201"]["content"]["application/json"]["schema"]
    assert placed == {"$ref": "#/components/schemas/Placed"}
    assert "content" not in found["responses"]["204"]
    assert set(found["responses"]) == {
        *("201", "204", "400", "401", "404", "408", "409", "413", "422"),
        *("429", "500", "502", "503"),
    }
    schemas = whole["components"]["schemas"]
    assert list(schemas) == ["Order", "Placed", "Problem", "Refusal"]
    assert schemas["Order"]["properties"]["pieces"]["maximum"] == 9
    assert whole["tags"] == [{"name": "orders", "description": "Orders"}]


def test_an_operation_that_anyone_may_call_says_so_and_refuses_nobody() -> None:
    found = made({"GET /orders/{key}": FIND})["paths"]["/orders/{key}"]["get"]
    assert found["security"] == []
    assert "401" not in found["responses"]
    assert "422" not in found["responses"]
    assert "requestBody" not in found


def test_parameters_of_the_path_are_required_and_those_of_the_query_are_not() -> None:
    whole = made({"GET /orders/{key}": FIND, "GET /any/{other}": plain})
    schema = {"type": "string", "pattern": "^[0-9]+$"}
    assert whole["paths"]["/orders/{key}"]["get"]["parameters"] == [
        {"name": "key", "in": "path", "required": True, "schema": schema},
        {"name": "page", "in": "query", "required": False, "schema": schema},
    ]
    assert whole["paths"]["/any/{other}"]["get"]["parameters"] == [
        {"name": "other", "in": "path", "required": True, "schema": {"type": "string"}}
    ]


def test_a_plain_function_is_there_with_an_answer_that_may_be_anything() -> None:
    found = made({"GET /plain": plain})["paths"]["/plain"]["get"]
    assert found["summary"] == "Whatever"
    assert found["responses"]["default"]["content"] == {"*/*": {}}


def test_a_function_with_a_handler_of_its_own_is_there_too() -> None:
    whole = made({"GET /own": None}, handler="app.handlers.orders.lambda_handler")
    assert whole["paths"]["/own"]["get"]["summary"] == "Whatever"
    assert "default" in whole["paths"]["/own"]["get"]["responses"]


def test_any_is_every_method_that_has_no_route_of_its_own() -> None:
    whole = made({"ANY /all": plain, "POST /all": PLACE})
    item = whole["paths"]["/all"]
    assert list(item) == ["get", "head", "post", "put", "patch", "delete", "options"]
    assert item["post"]["summary"] == "Place an order"
    assert item["put"]["summary"] == "Whatever"


def test_paths_that_read_alike_have_identifiers_of_their_own() -> None:
    keys = ("GET /a-b", "GET /a/b", "GET /a/{b}", "GET /{a}/{b}", "GET /a/{b+}")
    whole = made(dict.fromkeys(keys, plain))
    found = [operation["operationId"] for item in whole["paths"].values()
             for operation in item.values()]  # fmt: skip
    assert len(set(found)) == len(keys)


def test_a_route_that_its_handler_lacks_is_refused_with_the_remedy() -> None:
    module = SimpleNamespace(ROUTES={"GET /orders": plain})
    with pytest.raises(Refused) as refused:
        read(
            [Function(name="orders")],
            declared(["GET /orders", "DELETE /orders"]),
            loader(module),
        )
    text = str(refused.value)
    assert "routes.DELETE /orders: ROUTES in app/handlers/orders.py does not have it" in text
    assert "add it to ROUTES in app/handlers/orders.py" in text
    assert "GET /orders:" not in text


def test_a_handler_that_no_route_calls_is_refused_with_the_remedy() -> None:
    with pytest.raises(Refused, match=r"app/handlers/orders\.py:ROUTES: GET /lost\n.*\n.*add the"):
        made({"GET /orders": plain}, more={"GET /lost": plain})


def test_a_module_that_cannot_be_loaded_is_told_by_name() -> None:
    route = Route(method="GET", path="/gone", function="gone")
    with pytest.raises(Refused, match=r"functions\.gone: No module named 'app\.handlers\.gone'"):
        read([Function(name="gone")], [route], loader(SimpleNamespace(ROUTES={})))


def test_a_function_that_no_route_calls_is_not_loaded() -> None:
    api = read([Function(name="sweep")], [], loader(SimpleNamespace()))
    assert (api.endpoints, api.about) == ((), {})


@pytest.mark.parametrize("cloud", NAMES)
@pytest.mark.parametrize("failure", Failure)
def test_every_refusal_of_every_gateway_is_documented(cloud: str, failure: Failure) -> None:
    whole = made({"GET /orders": plain})
    said = gateway_side(cloud).refusal(failure, "id")
    reference = whole["paths"]["/orders"]["get"]["responses"][str(said.status)]
    content = resolved(reference, whole)["content"][dict(said.headers)[b"content-type"].decode()]
    body = json.loads(said.body)
    schema = resolved(content["schema"], whole)
    jsonschema.Draft202012Validator(schema).validate(body)
    assert body in [each["value"] for each in content["examples"].values()]
    assert not jsonschema.Draft202012Validator(schema).is_valid({"other": 1})


def test_a_problem_as_the_functions_write_it_fits_its_schema() -> None:
    validator = jsonschema.Draft202012Validator(answers.SCHEMAS["Problem"])
    wrong = [{"field": "$.item", "detail": "too short"}]
    validator.validate(json.loads(problem(404, "Not Found", "gone", "id").body))
    validator.validate(json.loads(problem(422, "Bad", "no", "id", errors=wrong).body))
    assert not validator.is_valid({"title": "Not Found"})


def test_the_document_is_openapi_by_its_own_meta_schema() -> None:
    """Every reference leads somewhere, and every operation has an answer."""
    whole = api_document()

    def references(node: Any) -> list[str]:
        if isinstance(node, list):
            return [found for each in node for found in references(each)]
        if not isinstance(node, dict):
            return []
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for each in node.values() for found in references(each)]

    assert references(whole)
    assert all(resolved({"$ref": each}, whole) for each in references(whole))
    for schema in whole["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
