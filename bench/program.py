"""The time of the whole Pulumi program, a fresh process each: by how many functions, and ours.

Mocks stand for the engine, and the packages were built by a run before: what is measured is the
interpreter, imports, settings, checks, the packages' fingerprints and sizes, every resource.
"""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import correlation, linear_regression, median

from bench.processes import Ran, timed
from bench.synthetic import write_handlers
from infra.cli.commands import Progress

COUNTS = (10, 30, 100)
SHOP, EMPTY, BARE = "our shop", "empty, same packages", "empty, pulumi_aws alone"
GOAL = 2.0


@dataclass(frozen=True, slots=True)
class Runs:
    """Milliseconds of each run of one program; `cpu_ms` is CPU time."""

    resources: int
    wall_ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Fit:
    """A line through all runs: `fixed` + `each` per function, in ms; `r` is 1 for a true line."""

    fixed: float
    each: float
    r: float


def measure(root: Path, rounds: int, progress: Progress) -> dict[str, Runs]:
    """Every program in turn, `rounds` times, in `root`, a copy of the checkout.

    Raises PlatformError.
    """
    write_handlers(root, max(COUNTS))
    wanted = {SHOP: ["shop"], **{called(count): [str(count)] for count in COUNTS}}
    found: dict[str, Runs] = {}
    services: set[str] = set()
    for name, words in wanted.items():  # builds the packages, and compiles what is imported
        progress.say(f"packages of: {name}")
        told = json.loads(_run(root, words).output.splitlines()[-1])
        found[name] = Runs(told["resources"])
        services |= set(told["services"]) if name == SHOP else set()
    wanted |= {EMPTY: ["empty", ",".join(sorted(services))], BARE: ["empty"]}
    found |= {EMPTY: Runs(0), BARE: Runs(0)}
    for number in range(1, rounds + 1):
        for name, words in wanted.items():
            ran = _run(root, words)
            found[name].wall_ms.append(ran.wall_ms)
            found[name].cpu_ms.append(ran.cpu_ms)
        progress.maybe(f"programs: round {number} of {rounds}")
    return found


def called(count: int) -> str:
    """What a program of so many functions is called."""
    return f"{count} functions"


def fit(found: Mapping[str, Runs], counts: Sequence[int] = COUNTS) -> Fit:
    """The line through the CPU times of the programs of so many functions."""
    points = [(count, ms) for count in counts for ms in found[called(count)].cpu_ms]
    across, up = zip(*points, strict=True)
    line = linear_regression(across, up)
    return Fit(line.intercept, line.slope, correlation(across, up))


def steps(found: Mapping[str, Runs], counts: Sequence[int] = COUNTS) -> list[float]:
    """CPU milliseconds that each further function takes, from one count to the next."""
    taken = [median(found[called(count)].cpu_ms) for count in counts]
    pairs = zip(counts, counts[1:], taken, taken[1:], strict=False)
    return [(more - less) / (high - low) for low, high, less, more in pairs]


def times(found: Mapping[str, Runs], base: str) -> float:
    """The CPU time of our shop's program as a multiple of the base's: the median of the rounds."""
    pairs = zip(found[SHOP].cpu_ms, found[base].cpu_ms, strict=True)
    return median(ours / other for ours, other in pairs)


def rows(found: Mapping[str, Runs]) -> list[list[str]]:
    """The table: resources, CPU time and time by the clock."""
    titles = ["the whole program", "resources", "CPU ms", "best", "by the clock", "best"]
    lines = [
        [
            name,
            str(each.resources),
            f"{median(each.cpu_ms):,.0f}",
            f"{min(each.cpu_ms):,.0f}",
            f"{median(each.wall_ms):,.0f}",
            f"{min(each.wall_ms):,.0f}",
        ]
        for name, each in found.items()
    ]
    return [titles, *lines]


def verdict(found: Mapping[str, Runs]) -> str:
    """What the numbers say: whether it is linear, and ours beside an empty program."""
    line, ours = fit(found), times(found, EMPTY)
    between = ", ".join(
        f"{low} to {high}: {each:.1f}"
        for low, high, each in zip(COUNTS, COUNTS[1:], steps(found), strict=False)
    )
    return (
        f"CPU ms = {line.fixed:,.0f} + {line.each:.1f} per function (r = {line.r:.4f}); "
        f"per function from {between}\n"
        f"ours: {ours:.2f} times an empty program that imports the same packages "
        f"({'under' if ours < GOAL else 'NOT under'} {GOAL:g}), "
        f"{times(found, BARE):.2f} times one that imports pulumi and pulumi_aws alone"
    )


def _run(root: Path, words: Sequence[str]) -> Ran:
    kept = {"PATH", "HOME", "LANG", "TMPDIR", "XDG_CACHE_HOME"}
    env = {
        name: each
        for name, each in os.environ.items()
        if name in kept or name.startswith(("UV_", "PIP_"))
    }
    what, *services = words
    script = root / "bench" / "declare.py"
    command: list[str | Path] = [sys.executable, "-P", script, root, what, *services]
    return timed(command, {**env, "PYTHONPATH": str(root)}, cwd=root / "infra", limit_s=300)
