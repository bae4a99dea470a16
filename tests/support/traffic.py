"""What calls of a platform take, made up from its grants, and no two routes the same."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from infra.model import Action, Platform


def sample(platform: Platform) -> dict[str, Any]:
    """The content of a file of what was measured: all that a function may use, each call uses.

    Routes differ in all that they take, so that moving requests from one to another shows.
    """
    called = [
        *(("requests", each.key, each.function) for each in platform.routes),
        *(("messages", each.name, each.consumer) for each in platform.queues),
        *(("runs", each.name, each.function) for each in platform.schedules),
    ]
    found: dict[str, Any] = {"requests": {}, "messages": {}, "runs": {}}
    for number, (kind, name, function) in enumerate(called):
        used = {
            action: _granted(platform, function, "table", action) for action in ("read", "write")
        }
        sends = _granted(platform, function, "queue", "send") if kind == "requests" else []
        found[kind][name] = {
            "count": 100,
            "compute_ms": 5.0 + number,
            "store_ms": 60.0 + number,
            "calls": 2.0 + number / 8,
            "reads": dict.fromkeys(used["read"], 1.0 + number / 8),
            "writes": dict.fromkeys(used["write"], 1.0 + number / 16),
            "sends": dict.fromkeys(sends, 0.5 + number / 8),
        }
    return found


def project(folder: Path, measured: Mapping[str, Any]) -> Path:
    """A project's folder in which this was measured."""
    stacks = folder / "stacks"
    stacks.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(dict(measured), allow_unicode=True)
    (stacks / "measured.yaml").write_text(text, encoding="utf-8")
    return folder


def _granted(platform: Platform, function: str, kind: str, action: Action) -> list[str]:
    return [
        each.resource
        for each in platform.grants
        if each.function == function and each.kind == kind and action in each.actions
    ]
