"""What the set-up needs to know of a machine; tests make one up."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.cli.commands import Runner


class WayFailedError(Exception):
    """One way of getting a tool led nowhere; the message says why, in one line."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine with a checkout at `root`.

    `cache` is our folder among the user's caches; `system` and `arch` are named as Go does
    (linux, darwin; amd64, arm64); `python` is the environment's interpreter.
    """

    root: Path
    env: Mapping[str, str]
    cache: Path
    system: str
    arch: str
    python: Path
    run: Runner


def for_installers(env: Mapping[str, str]) -> dict[str, str]:
    """The caller's variables for pip and uv: silent, and both with the index that pip was given."""
    kept = {**env, "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", "PIP_NO_INPUT": "1"}
    kept["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    if "PIP_INDEX_URL" in env:
        kept.setdefault("UV_DEFAULT_INDEX", env["PIP_INDEX_URL"])
    return kept


def as_numbers(version: str) -> tuple[int, ...]:
    """A version for comparing: `v3.259.0-dev` and `go1.26.6` give (3, 259, 0) and (1, 26, 6)."""
    numbers: list[int] = []
    for part in version.lstrip("vgo").split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        numbers.append(int(digits or 0))
        if digits != part:
            break
    return tuple(numbers)
