"""What is wrong with a stack's settings, in words for whoever wrote them.

Each message is made of the settings' own schema: what a key accepts, and (`errorMessage`, which
editors show too) what would come of anything else.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import ErrorDetails, PydanticCustomError, core_schema

from infra.config_keys import OFFLINE, SETTINGS
from infra.errors import Problem
from infra.naming import choose, nearest

_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
_OURS = "refused"
_SHOWN = 60  # characters of a value that a report repeats

_TYPES: Final[Mapping[type, str]] = {
    str: "string", bool: "boolean", int: "integer", float: "number", dict: "object",
}  # fmt: skip
_KINDS: Final[Mapping[type, str]] = {
    str: "text",
    bool: "a flag (true or false)",
    int: "a whole number",
    float: "a fraction",
    list: "a list",
    dict: "a mapping",
}


class _WithoutNull(GenerateJsonSchema):
    """An optional key is left out, never null."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        made = super().default_schema(schema)
        if "default" in made and made["default"] is None:
            del made["default"]
        return made


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema of `model` in one piece, without references and generated titles."""
    made = model.model_json_schema(schema_generator=_WithoutNull)
    return _inlined(made, made.pop("$defs", {}))  # type: ignore[no-any-return]  # a dict stays one


_reported = cache(schema_of)  # a report only reads it, and it takes 20 ms to make


def _inlined(node: Any, parts: Mapping[str, Any]) -> Any:
    if isinstance(node, list):
        return [_inlined(item, parts) for item in node]
    if not isinstance(node, dict):
        return node
    whole = parts[node["$ref"].rpartition("/")[2]] if "$ref" in node else {}
    merged = {**whole, **{key: value for key, value in node.items() if key != "$ref"}}
    return {
        key: _inlined(value, parts)
        for key, value in merged.items()
        if not (key == "title" and isinstance(value, str))
    }


def refusal(consequence: str, remedy: str) -> PydanticCustomError:
    """What a validator of our own raises."""
    return PydanticCustomError(_OURS, "refused", {"consequence": consequence, "remedy": remedy})


def nulls(raw: Any, path: tuple[object, ...] = ()) -> tuple[Any, list[Problem]]:
    """`raw` without its keys that have no value, and a problem for each of them."""
    if not isinstance(raw, Mapping):
        return raw, []
    cleaned: dict[Any, Any] = {}
    found: list[Problem] = []
    for key, value in raw.items():
        here = (*path, key)
        if value is None:
            found.append(
                Problem(
                    spelled(here),
                    "",
                    "nothing stands under this key, so it says nothing",
                    "give it a value, or remove it",
                )
            )
        else:
            cleaned[str(key)], inner = nulls(value, here)
            found += inner
    return cleaned, found


def problems_of(error: ValidationError, model: type[BaseModel]) -> Iterator[Problem]:
    """One problem for each thing that `model` refused; several may share a path."""
    schema = _reported(model)
    for detail in error.errors(include_url=False):
        yield _problem(detail, schema)


def _problem(detail: ErrorDetails, schema: dict[str, Any]) -> Problem:
    kind, value = detail["type"], detail["input"]
    path, node = _walk(schema, detail["loc"])
    if kind == "extra_forbidden":
        unread = "nothing reads this key, so it would have no effect"
        path = (*path, detail["loc"][-1])
        return Problem(spelled(path), "", unread, choose(str(path[-1]), node["properties"]))
    where = spelled(path)
    # reports end up in logs: what may hold a misplaced password is not repeated
    hidden = "environment" in path or node.get("type") == "object"
    seen = "" if hidden or isinstance(value, list | dict) else shown(value)
    if kind == _OURS:
        return Problem(where, seen, detail["ctx"]["consequence"], detail["ctx"]["remedy"])
    if kind == "missing":
        stated = f"it must be stated. {node['description']}"
        under = "" if len(path) > 1 else f" (under {SETTINGS}, which is under config)"
        return Problem(where, "", stated, f"add {path[-1]}: {_words(node)}{under}")
    return Problem(where, seen, *_mismatch(value, node))


def _mismatch(value: object, node: dict[str, Any]) -> tuple[str, str]:
    """What would come of `value` where `node` is asked for, and what to write instead."""
    remedy = f"write {_words(node)}"
    kinds = [part["type"] for part in node.get("anyOf", [node])]
    number = isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,12}", value)
    if number and "integer" in kinds:
        return "a number in quotes is text, and text has no size", f"write {value} without quotes"
    if _TYPES.get(type(value)) in kinds or (type(value) is int and "number" in kinds):
        if isinstance(value, str) and "enum" in node:
            remedy = choose(value, map(str, node["enum"]))
        return node.get("errorMessage", "it cannot be used here"), remedy
    if node.get("type") == "string" and "const" not in node and isinstance(value, int | float):
        remedy = "put it in quotes"
    return f"{_KINDS.get(type(value), 'this')} cannot be used here", remedy


def _walk(
    schema: dict[str, Any], loc: Sequence[int | str]
) -> tuple[tuple[int | str, ...], dict[str, Any]]:
    """The keys of `loc` that the schema knows, and the schema of what stands there.

    What follows them is pydantic's own ("[key]", a member of a union), or a key that nobody knows.
    """
    node = schema
    for depth, key in enumerate(loc):
        if isinstance(key, int) and "items" in node:
            node = node["items"]
            continue
        inner = node.get("properties", {}).get(key, node.get("additionalProperties"))
        if not isinstance(inner, dict):
            return tuple(loc[:depth]), node
        node = inner
    return tuple(loc), node


def _words(node: dict[str, Any]) -> str:
    """What a key accepts, as `a whole number from 1 to 1024`."""
    if "anyOf" in node:
        return " or ".join(_words(part) for part in node["anyOf"])
    if "const" in node:
        return str(node["const"])
    if "enum" in node:
        return " or ".join(map(str, node["enum"]))
    match node.get("type"):
        case "integer" | "number" as kind:
            words = "a whole number" if kind == "integer" else "a number"
            if "minimum" in node:
                words += f" from {node['minimum']:.15g} to {node['maximum']:.15g}"
        case "boolean":
            words = "true or false"
        case "array":
            words = f"a list, each of it {_words(node['items'])}"
        case "object" if "properties" in node:
            words = f"keys and values under it: {', '.join(node['properties'])}"
        case "object":
            words = "names and values under it"
        case _:
            words = "text"
    return words


def unknown(given: Mapping[Any, object], names: Mapping[str, Collection[str]]) -> Iterator[Problem]:
    """Names that nothing has, of the kinds in `names`, which has those that there are."""
    for path, kind in named(given, names):
        name, known = path[-1], names[kind]
        if name not in known:
            yield Problem(
                spelled(path),
                "",
                f"no {kind.removesuffix('s')} has this name, so nothing would change",
                _route(str(name), known) if kind == "routes" else choose(str(name), known),
            )


def named(
    given: Mapping[Any, object], kinds: Iterable[str]
) -> Iterator[tuple[tuple[object, ...], str]]:
    """Where the settings name something of these kinds, and its kind; routes stand in a mix too."""
    for kind in kinds:
        for path in ((kind,), ("traffic", "mix")) if kind == "routes" else ((kind,),):
            found: object = given
            for key in path:
                found = found.get(key) if isinstance(found, Mapping) else None
            for name in found if isinstance(found, Mapping) else ():
                yield (*path, name), kind


def _route(name: str, known: Collection[str]) -> str:
    """The remedy for an unknown route: which one was meant its path tells, all share methods."""
    paths = {each: each.partition(" ")[2] for each in known}
    near = nearest(name.partition(" ")[2] or name, set(paths.values()))
    if near is None:
        return "write one of the ROUTES in infra/shop.py, as POST /users"
    return choose(name, [each for each, path in paths.items() if path == near])


def stray(config: Mapping[str, object], fields: Collection[str]) -> Iterator[Problem]:
    """Keys of a stack's file that nothing reads; `fields` are those right below SETTINGS."""
    for key in config:
        name = key.removeprefix("shop:")
        if key not in (SETTINGS, OFFLINE, name):  # ours, and not the one that is read
            inner = name in fields or not nearest(name, ["settings"])
            yield Problem(
                key,
                "",  # it may be a secret that Pulumi has decrypted
                f"nothing reads this key: everything of ours is under {SETTINGS}",
                f"move it under {SETTINGS}" if inner else f"write {SETTINGS}",
            )


def spelled(path: Sequence[object]) -> str:
    """Keys as one path, `functions.health.memory_mb`; a key with odd characters is quoted."""
    if not path:
        return SETTINGS
    return ".".join(str(key) if _PLAIN.fullmatch(str(key)) else shown(str(key)) for key in path)


def shown(value: object) -> str:
    """`value` as YAML or JSON would have it, on one line, cut where it is long."""
    if isinstance(value, str) and value and value.isprintable() and not _reads_otherwise(value):
        text = value
    else:
        text = json.dumps(value, ensure_ascii=True, default=str)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _reads_otherwise(text: str) -> bool:
    """Whether a text without quotes would be read as a number or the like, or is hard to see."""
    return text != text.strip() or bool(re.fullmatch(r"[-+.0-9eE_]+|true|false|null", text))
