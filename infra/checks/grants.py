"""Grants name what is there, allow what can be done with it, and leave nothing unused."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from infra.errors import Problem
from infra.model import Action, Grant, Platform, ResourceKind
from infra.naming import choose, is_hyphened

_ACTIONS: Final[Mapping[ResourceKind, frozenset[Action]]] = {
    "table": frozenset({"read", "write"}),
    "bucket": frozenset({"read", "write"}),
    "queue": frozenset({"send"}),
    "secret": frozenset({"read"}),
}


def problems(platform: Platform) -> Iterator[Problem]:
    """Wrong grants, and resources that no function may use."""
    declared: dict[ResourceKind, list[str]] = {
        "table": [table.name for table in platform.tables],
        "bucket": [bucket.name for bucket in platform.buckets],
        "queue": [queue.name for queue in platform.queues],
    }
    for path, count in Counter(_path(grant) for grant in platform.grants).items():
        if count > 1:
            yield Problem(
                path,
                f"granted {count} times",
                "one of them could be changed and the other forgotten",
                "join them into one grant",
            )
    for grant in dict.fromkeys(platform.grants):
        yield from _grant(grant, declared.get(grant.kind))
    granted = {(grant.kind, grant.resource) for grant in platform.grants}
    for kind, names in declared.items():
        for name in dict.fromkeys(names):
            if (kind, name) not in granted:
                yield _unused(kind, name)


def _path(grant: Grant) -> str:
    return f"grants.{grant.function}.{grant.kind}.{grant.resource}"


def _grant(grant: Grant, declared: list[str] | None) -> Iterator[Problem]:
    path = _path(grant)
    if declared is not None and grant.resource not in declared:
        unknown = f"there is no {grant.kind} of this name"
        yield Problem(path, grant.resource, unknown, choose(grant.resource, declared))
    if declared is None and not is_hyphened(grant.resource):
        yield Problem(
            path,
            grant.resource,
            "not every cloud's secret store takes this name",
            "use lower-case letters and digits, a letter first, words joined by hyphens",
        )
    possible = _ACTIONS[grant.kind]
    if not grant.actions:
        nothing = "it allows nothing"
        yield Problem(path, "no actions", nothing, f"add {' or '.join(sorted(possible))}")
    for action in sorted(grant.actions - possible):
        cannot = f"a {grant.kind} offers no such action"
        yield Problem(path, action, cannot, f"use {' or '.join(sorted(possible))}")


def _unused(kind: ResourceKind, name: str) -> Problem:
    if kind == "queue":
        return Problem(
            f"queues.{name}",
            "",
            "no function may send to it, so its consumer would never run",
            "grant send to a function, or remove the queue",
        )
    return Problem(
        f"{kind}s.{name}",
        "",
        "no function may use it, so it would stand empty",
        "grant read or write to a function, or remove it",
    )
