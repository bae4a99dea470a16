"""What is looked for in the whole program of any cloud's stack."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tests.support.arguments import accepted, arguments, deprecated
from tests.support.program import Declared
from tests.support.stacks import plain

Resource = tuple[str, str, dict[str, Any]]
"""Kind, name and inputs."""


def resources(declared: Declared, provider: str) -> Iterator[Resource]:
    """Every resource that is this provider's."""
    for each in declared.resources:
        if each.typ.startswith(f"{provider}:"):
            yield each.typ, each.name, plain(each.inputs)


def all_deprecated(found: Iterable[Resource]) -> list[str]:
    """Every argument that the provider calls deprecated, nested ones too."""
    return [
        argument
        for kind, name, inputs in found
        for argument in deprecated(arguments(kind), inputs, f"{kind} {name}")
    ]


def without_tag(found: Iterable[Resource], stack: str) -> list[str]:
    """What could have tags and does not say which stack it belongs to."""
    return [
        f"{kind} {name}"
        for kind, name, inputs in found
        if "tags" in accepted(arguments(kind))
        and (inputs.get("tags") or {}).get("shop:stack") != stack
    ]


def as_declared(
    declared: Declared, name_of: Callable[[str], str] = lambda name: name
) -> dict[tuple[str, str], Any]:
    """What compares two programs: the inputs by kind and name."""
    return {(each.typ, name_of(each.name)): plain(each.inputs) for each in declared.resources}
