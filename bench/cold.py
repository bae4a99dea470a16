"""How long an entrypoint takes to import in a fresh process, and to answer its first event.

Lambda's own steps: its folder first on the path, the module imported, the handler looked up. The
interpreter has no site-packages (-I -S), so neither boto3 nor anything else comes from elsewhere,
and writes no bytecode (-B): a package has its own or is compiled again each time. A bare process,
with the same flags and `os`, which every usual start has, is taken off, as measured beside it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from bench.packages import HEALTH, Packed, event, wrong
from bench.processes import Ran, timed
from infra.cli.commands import Progress
from infra.errors import PlatformError
from infra.packages.bytecode import Bytecode

GOAL_MS, GOAL_KB = 60, 2000
FORMS: Mapping[Bytecode, str] = {"required": "with bytecode", "none": "from source"}
_FLAGS = ("-I", "-S", "-B")
_CALLS = 300
_KB = 1000
_FROM_SOURCE_ROUNDS = 5  # the peers' take seconds
_BARE = "import os, sys"
_IMPORT = f"""{_BARE}
from importlib import import_module
folder, module, name = sys.argv[1:4]
sys.path.insert(0, folder)
handler = getattr(import_module(module), name)
assert "boto3" not in sys.modules, "boto3 was imported"
"""
_SERVE = f"""{_IMPORT}
import json
from time import perf_counter
event, count = json.loads(sys.argv[4]), int(sys.argv[5])
class Context:
    function_name = "bench"
    function_version = "1"
    memory_limit_in_mb = 128
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:bench:live"
    aws_request_id = "f3a1c9de-0000-4000-8000-000000000000"
    log_group_name = log_stream_name = "bench"
    @staticmethod
    def get_remaining_time_in_millis():
        return 5000
took = []
for _ in range(count):
    began = perf_counter()
    answer = handler(event, Context)
    took.append((perf_counter() - began) * 1000)
assert "boto3" not in sys.modules, "boto3 was imported"
print()
print(json.dumps({{"answer": answer, "ms": took}}))
"""


@dataclass(frozen=True, slots=True)
class Imports:
    """Milliseconds of each import, less those of a bare process beside it."""

    wall_ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Cold:
    """One function: its size in bytes; imports with bytecode and without; events, in ms."""

    zipped: int
    imports: dict[Bytecode, Imports] = field(
        default_factory=lambda: {form: Imports() for form in FORMS}
    )
    first_ms: list[float] = field(default_factory=list)
    warm_ms: list[float] = field(default_factory=list)


def measure(
    packed: Sequence[Packed], python: Path, rounds: int, progress: Progress
) -> dict[str, Cold]:
    """All of them in turn, `rounds` times; from source no more than five.

    Raises PlatformError for one that cannot be run, or that imports boto3.
    """
    found = {each.name: Cold(each.zipped) for each in packed}
    for number in range(1, rounds + 1):
        for each in packed:
            into = found[each.name]
            for form in FORMS:
                if form == "required" or number <= _FROM_SOURCE_ROUNDS:
                    bare = _process(python, _BARE, (), {})
                    words = _words(each, each.folders[form])
                    whole = _process(python, _IMPORT, words, each.environment)
                    into.imports[form].wall_ms.append(whole.wall_ms - bare.wall_ms)
                    into.imports[form].cpu_ms.append(whole.cpu_ms - bare.cpu_ms)
            if each.answers:
                first, warm = _events(each, python)
                into.first_ms.append(first)
                into.warm_ms.append(warm)
        progress.maybe(f"entrypoints: round {number} of {rounds}")
    return found


def rows(found: Mapping[str, Cold]) -> list[list[str]]:
    """The table: sizes, imports with bytecode and from source, events."""
    titles = ["", "zipped KB"]
    for title in FORMS.values():
        titles += [f"{title}: CPU ms", "by the clock", "best"]
    lines = [[*titles, "first event ms", "warm µs"]]
    for name, each in found.items():
        line = [name, f"{each.zipped / _KB:,.0f}"]
        for form in FORMS:
            taken = each.imports[form]
            line += [f"{median(taken.cpu_ms):,.0f}", f"{median(taken.wall_ms):,.0f}"]
            line.append(f"{min(taken.wall_ms):,.0f}")
        line.append(f"{median(each.first_ms):.1f}" if each.first_ms else "")
        line.append(f"{median(each.warm_ms) * 1000:,.0f}" if each.warm_ms else "")
        lines.append(line)
    return lines


def over(found: Mapping[str, Cold], names: Sequence[str]) -> list[str]:
    """Which of these functions miss a goal, and by what; imports are judged by their CPU time."""
    said = []
    for name in names:
        each = found[name]
        if (size := each.zipped / _KB) > GOAL_KB:
            said.append(f"{name}: {size:,.0f} KB zipped, over {GOAL_KB:,}")
        for form, title in FORMS.items():
            if (taken := median(each.imports[form].cpu_ms)) > GOAL_MS:
                said.append(f"{name}, {title}: {taken:.0f} ms to import, over {GOAL_MS}")
    return said


def _events(packed: Packed, python: Path) -> tuple[float, float]:
    """Milliseconds of the first `GET /health` in a process, and the median of the others."""
    words = [*_words(packed, packed.folders["required"]), json.dumps(event(f"/{HEALTH}"))]
    ran = _process(python, _SERVE, [*words, str(_CALLS)], packed.environment)
    told: dict[str, Any] = json.loads(ran.output.splitlines()[-1])
    if why := wrong(told["answer"]):
        raise PlatformError(f"{packed.name} {why}")
    first, *others = told["ms"]
    return first, median(others)


def _words(packed: Packed, folder: Path) -> list[str]:
    module, _, name = packed.handler.rpartition(".")
    return [str(folder), module, name]


def _process(
    python: Path, program: str, words: Sequence[str], environment: Mapping[str, str]
) -> Ran:
    env = {"AWS_REGION": "eu-central-1", **environment}
    return timed([python, *_FLAGS, "-c", program, *words], env)
