"""Pulumi's property values as plain Python, and what differs between two sets of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi.provider.experimental.property_value import Computed, PropertyValue
from pulumi.provider.experimental.provider import PropertyDiff, PropertyDiffKind

Properties = dict[str, PropertyValue]


class Unknown:
    """A value that only the update itself will know."""


UNKNOWN = Unknown()


def plain(value: PropertyValue) -> Any:
    """A property value without secrets' marks and dependencies; UNKNOWN where it is computed."""
    held = value.value
    if isinstance(held, Computed):
        return UNKNOWN
    if isinstance(held, Mapping):
        return {name: plain(each) for name, each in held.items()}
    if isinstance(held, Sequence) and not isinstance(held, str):
        return [plain(each) for each in held]
    if isinstance(held, float) and held.is_integer():
        return int(held)
    return held


def plain_map(values: Mapping[str, PropertyValue]) -> dict[str, Any]:
    """The properties of a resource, plain."""
    return {name: plain(value) for name, value in values.items()}


def property_value(value: Any) -> PropertyValue:
    """The property value of a plain one."""
    if value is UNKNOWN:
        return PropertyValue.computed()
    if isinstance(value, Mapping):
        return PropertyValue({name: property_value(each) for name, each in value.items()})
    if isinstance(value, list | tuple):
        return PropertyValue([property_value(each) for each in value])
    if isinstance(value, int) and not isinstance(value, bool):
        return PropertyValue(float(value))
    return PropertyValue(value)


def property_map(values: Mapping[str, Any]) -> Properties:
    """The properties of a resource from plain ones."""
    return {name: property_value(value) for name, value in values.items()}


def unknown_names(values: Mapping[str, Any]) -> frozenset[str]:
    """The properties that are not wholly known yet."""
    return frozenset(name for name, value in values.items() if _has_unknown(value))


def _has_unknown(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_unknown, value.values()))
    if isinstance(value, list):
        return any(map(_has_unknown, value))
    return value is UNKNOWN


def differences(
    old: Mapping[str, Any], new: Mapping[str, Any], replacing: frozenset[str]
) -> dict[str, PropertyDiff]:
    """What differs, by path (`routes["GET /health"]`); a change below `replacing` replaces."""
    found: dict[str, PropertyDiff] = {}
    for name in sorted(old.keys() | new.keys()):
        for path, kind in _differ(name, old.get(name), new.get(name)):
            found[path] = PropertyDiff(_REPLACING[kind] if name in replacing else kind, True)
    return found


_REPLACING = {
    PropertyDiffKind.ADD: PropertyDiffKind.ADD_REPLACE,
    PropertyDiffKind.DELETE: PropertyDiffKind.DELETE_REPLACE,
    PropertyDiffKind.UPDATE: PropertyDiffKind.UPDATE_REPLACE,
}


def _differ(path: str, old: Any, new: Any) -> list[tuple[str, PropertyDiffKind]]:
    if old == new:
        return []
    if old is None:
        return [(path, PropertyDiffKind.ADD)]
    if new is None:
        return [(path, PropertyDiffKind.DELETE)]
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return [
            each
            for name in sorted(old.keys() | new.keys())
            for each in _differ(f"{path}[{_quoted(name)}]", old.get(name), new.get(name))
        ]
    return [(path, PropertyDiffKind.UPDATE)]


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
