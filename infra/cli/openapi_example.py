"""An example of a schema's values, and the request that sends it."""

import json
from collections.abc import Mapping
from typing import Any

_DEPTH = 8  # of a schema that holds itself


def resolved(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema itself where it only refers to one of the document's components."""
    while "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def sample(schema: Mapping[str, Any], document: Mapping[str, Any], depth: int = 0) -> Any:
    """A value of the schema: its own example, or else the plainest that its type has.

    A text with a pattern needs an example of its own: none is made up for it.
    """
    schema = resolved(schema, document)
    given = [*schema.get("examples", ()), *_stated(schema), *schema.get("enum", ())]
    if given:
        return given[0]
    if "properties" not in schema:
        for key in ("anyOf", "oneOf", "allOf"):
            if schema.get(key):
                return sample(schema[key][0], document, depth + 1)
    inner = depth + 1
    if schema.get("type") == "object":
        fields = schema.get("properties", {}) if depth < _DEPTH else {}
        return {name: sample(each, document, inner) for name, each in fields.items()}
    if schema.get("type") == "array":
        items = schema.get("items") if depth < _DEPTH else None
        return [sample(items, document, inner)] if items else []
    return _plainest(schema)


def _stated(schema: Mapping[str, Any]) -> list[Any]:
    return [schema[key] for key in ("const", "default") if key in schema]


def _plainest(schema: Mapping[str, Any]) -> Any:
    match schema.get("type"):
        case "string":
            return "text".ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength")]
        case "integer" | "number":
            above = schema.get("exclusiveMinimum")
            return above + 1 if above is not None else schema.get("minimum", 1)
        case "boolean":
            return True
    return None


def curl(method: str, path: str, operation: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    """The operation as a command for a shell where SHOP is the address and TOKEN a token."""
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            name = parameter["name"]
            variable = name.removesuffix("+").upper()
            path = path.replace(f"{{{name}}}", f"${variable}")
    option = {"GET": "", "HEAD": " --head"}.get(method, f" -X {method}")
    lines = [f'curl{option} "$SHOP{path}"']
    if operation.get("security"):
        lines.append('-H "authorization: Bearer $TOKEN"')
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "header":
            variable = parameter["name"].upper().replace("-", "_")
            lines.append(f'-H "{parameter["name"]}: ${variable}"')
    if "requestBody" in operation:
        content = operation["requestBody"]["content"]["application/json"]
        body = json.dumps(sample(content["schema"], document), ensure_ascii=False)
        lines.append("-H 'content-type: application/json'")
        lines.append("-d '" + body.replace("'", "'\\''") + "'")
    return " \\\n  ".join(lines)
