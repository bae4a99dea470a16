"""What the engine did, or would do, read from its event log."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """What the engine did, or would do, to one resource, and the properties that it is for."""

    resource: str  # Function health
    operation: str
    properties: tuple[str, ...] = ()


def read_steps(events: list[dict[str, Any]]) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    """What is done to resources, and what refreshing found; the program's own frame left out."""
    steps: set[Step] = set()
    drift: set[Step] = set()
    for event in events:
        before, after = event.get("resourcePreEvent"), event.get("resOutputsEvent")
        found = (before or after or {}).get("metadata")
        if not found or found["type"].startswith("pulumi:"):
            continue
        name = f"{found['type'].rpartition(':')[2]} {found['urn'].rpartition('::')[2]}"
        paths = tuple(sorted(found.get("detailedDiff") or found.get("diffs") or ()))
        if found["op"] == "refresh":
            gone = found.get("new") is None
            if after and (gone or paths):
                drift.add(Step(name, "gone" if gone else "differs", paths))
        elif before and found["op"] not in {"same", "replace"}:
            steps.add(Step(name, found["op"], paths))
    return tuple(sorted(steps)), tuple(sorted(drift))
