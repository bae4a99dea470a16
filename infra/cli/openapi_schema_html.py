"""Schemas as people read them: a type in a few words, an object as a table."""

import json
import re
from collections.abc import Mapping
from html import escape
from typing import Any

_CODE = re.compile(r"`([^`]+)`")
# least and most of each, and of what
_RANGES = (
    ("minLength", "maxLength", " characters"),
    ("minimum", "maximum", ""),
    ("minItems", "maxItems", " items"),
)
_LIMITS = {
    "exclusiveMinimum": "above {}",
    "exclusiveMaximum": "below {}",
    "multipleOf": "a multiple of {}",
}
_NAMES: dict[str, str] = {"string": "text", "boolean": "true or false", "array": "list"}


def prose(text: str) -> str:
    """A docstring's words, escaped; what stands in backticks is code."""
    return _CODE.sub(r"<code>\1</code>", escape(text))


def kind(schema: Mapping[str, Any]) -> str:
    """The type in words, a component as a link to its table."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#schema-{escape(name)}">{escape(name)}</a>'
    for key in ("anyOf", "oneOf"):
        if key in schema and "properties" not in schema:
            return " or ".join(dict.fromkeys(kind(each) for each in schema[key]))
    if "enum" in schema:
        return "one of " + ", ".join(_value(each) for each in schema["enum"])
    stated = schema.get("type", "any value")
    inner = schema.get({"array": "items", "object": "additionalProperties"}.get(stated, ""))
    name = _NAMES.get(stated, stated)
    return f"{name} of {kind(inner)}" if isinstance(inner, dict) else name


def limits(schema: Mapping[str, Any]) -> str:
    """What else a value has to be."""
    found = [_range(schema.get(low), schema.get(high), unit) for low, high, unit in _RANGES]
    found = [each for each in found if each]
    found += [text.format(schema[key]) for key, text in _LIMITS.items() if key in schema]
    if "format" in schema:
        found.append(f"format {escape(schema['format'])}")
    if "pattern" in schema:
        found.append(f"matches <code>{escape(schema['pattern'])}</code>")
    if "default" in schema:
        found.append(f"{_value(schema['default'])} when left out")
    if schema.get("examples"):
        found.append(f"such as {_value(schema['examples'][0])}")
    for key in ("anyOf", "oneOf"):
        if "properties" not in schema:
            found += [more for each in schema.get(key, ()) if (more := limits(each))]
    return "; ".join(found)


def _range(least: Any, most: Any, unit: str) -> str:
    if least is None and most is None:
        return ""
    if least is None or most is None:
        text = f"at most {most}{unit}" if least is None else f"at least {least}{unit}"
        return text.removesuffix("s") if (most if least is None else least) == 1 else text
    return f"{least} to {most}{unit}"


def table(caption: str, schema: Mapping[str, Any]) -> str:
    """The fields of an object, or a line where it is none or has none."""
    fields = schema.get("properties")
    if not fields:
        about = limits(schema)
        return f"<p>{caption}: {kind(schema)}{f' ({about})' if about else ''}</p>"
    required = schema.get("required", ())
    rows = "\n".join(_row(name, each, name in required) for name, each in fields.items())
    closed = schema.get("additionalProperties") is False
    note = "; no other fields" if closed else ""
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(_plain(caption))}">'
        f"<table>\n<caption>{caption}{note}</caption>\n"
        '<thead><tr><th scope="col">Field</th><th scope="col">Type</th>'
        '<th scope="col">About it</th></tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody></table></div>"
    )


def _row(name: str, schema: Mapping[str, Any], required: bool) -> str:  # noqa: FBT001 - a cell
    about = " ".join(filter(None, [prose(schema.get("description", "")), _limited(schema)]))
    need = "required" if required else "optional"
    return (
        f'<tr><th scope="row"><code>{escape(name)}</code><br><span class="quiet">{need}</span></th>'
        f'<td>{kind(schema)}</td><td class="text">{about}</td></tr>'
    )


def _limited(schema: Mapping[str, Any]) -> str:
    found = limits(schema)
    return f'<span class="quiet">{found[:1].upper()}{found[1:]}.</span>' if found else ""


def _plain(markup: str) -> str:
    return re.sub("<[^>]*>", "", markup)


def _value(value: Any) -> str:
    return f"<code>{escape(json.dumps(value, ensure_ascii=False))}</code>"
