"""What a process costs from its start to its end: by the clock, and in CPU time.

On a machine that does other things as well, CPU time is what can be compared.
"""

import resource
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.errors import PlatformError

_SHOWN = 900


@dataclass(frozen=True, slots=True)
class Ran:
    """Milliseconds by the clock, and of CPU time, the process's children included."""

    wall_ms: float
    cpu_ms: float
    output: str


def timed(
    command: Sequence[str | Path],
    env: Mapping[str, str],
    *,
    cwd: Path = Path("/"),
    limit_s: float = 120,
) -> Ran:
    """Run it to its end, and nothing else meanwhile. Raises PlatformError where it fails."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    try:
        ran = subprocess.run(
            command, env=env, cwd=cwd, capture_output=True, text=True, timeout=limit_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise PlatformError(f"{command[-1]} was not done within {limit_s} s") from error
    took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if ran.returncode:
        words = " ".join(str(each) for each in command if "\n" not in str(each))
        raise PlatformError(f"{words} ended with {ran.returncode}:\n{ran.stderr[-_SHOWN:]}")
    cpu_s = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Ran(took * 1000, cpu_s * 1000, ran.stdout)
