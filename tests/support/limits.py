"""Settings, and where they end up in a cloud's program: one value is changed, and what differs."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

from infra.cli.schema import stack_schema
from tests.support.program import Declared
from tests.support.stacks import plain

Path = tuple[str | int, ...]
Inputs = Mapping[tuple[str, str], Any]
"""What resources are given, by their kind and name."""

NAMED = ("functions", "tables", "buckets", "queues")
MAPPINGS = (
    ("routes",),
    ("traffic",),
    ("aws", "domain"),
    ("alicloud", "domain"),
    ("alicloud", "bucket_domains"),
    ("alicloud", "cpu"),
)


@dataclass(frozen=True)
class Case:
    """A setting, and where its value is found: in which resources, under which path of inputs.

    `also` are kinds whose resources may change with it.
    """

    setting: tuple[str, ...]
    value: Any
    kind: str
    name: str
    path: Path
    found: Any
    also: tuple[str, ...] = ()
    given: Mapping[str, Any] | None = None


def inputs_of(declared: Declared, provider: str) -> Inputs:
    """Kind and name of each resource, and its inputs."""
    return {
        (each.typ.removeprefix(f"{provider}:"), each.name): plain(each.inputs)
        for each in declared.resources
    }


def reaches(case: Case, base: Mapping[str, Any], declared: Callable[[str], Inputs]) -> None:
    """Assert that what differs is the resource that a case names, and its like.

    `declared` gives the resources for settings as JSON.
    """
    given = {**base, **(case.given or {})}
    before = declared(json.dumps(given))
    after = declared(json.dumps(with_setting(given, case.setting, case.value)))
    (found,) = [
        inputs
        for (kind, name), inputs in after.items()
        if kind == case.kind and name.endswith(case.name.removeprefix("*"))
        if case.name.startswith("*") or name == case.name
    ]
    assert at(found, case.path) == case.found
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    kinds = {kind for kind, _ in changed if not kind.startswith("shop:")}
    assert case.kind in kinds
    assert kinds <= {case.kind, *case.also}


def with_setting(base: Mapping[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """`base` with one more value."""
    first, *rest = path
    inner = with_setting(base.get(first, {}), tuple(rest), value) if rest else value
    return {**base, first: inner}


def at(inputs: Any, path: Path) -> Any:
    """What stands there; a JSON text is looked into; None where nothing is."""

    def step(here: Any, key: str | int) -> Any:
        if isinstance(here, str):
            here = json.loads(here)
        if isinstance(here, list):
            return here[int(key)]
        return (here or {}).get(key)

    return reduce(step, path, inputs)


def stated(target: str) -> set[tuple[str, ...]]:
    """The settings of the schema that a stack of this target may state, without names."""
    schema = stack_schema()["properties"]["config"]["properties"]["shop:settings"]
    others = {"local", "aws", "alicloud"} - {target}
    return {path for path in _leaves(schema) if path[0] not in others}


def cased(cases: tuple[Case, ...]) -> set[tuple[str, ...]]:
    """The settings that these cases change, without names."""
    return {
        (each.setting[0], each.setting[2])
        if each.setting[0] in NAMED
        else next((path for path in MAPPINGS if each.setting[: len(path)] == path), each.setting)
        for each in cases
    }


def _leaves(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The settings of a schema, names of single functions, tables … left out."""
    inner = node.get("properties", {})
    if path and path[0] in NAMED and len(path) == 1:
        one = next(iter(inner.values()))["properties"]
        for key, each in one.items():
            yield from _leaves(each, (*path, key))
    elif path in MAPPINGS or not inner:
        yield path
    else:
        for key, each in inner.items():
            yield from _leaves(each, (*path, key))
