"""The processes that run for one folder, looked at from outside."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

POLL_S = 0.02


def of(root: Path) -> dict[int, str]:
    """The command lines, by process id, of all that run for the folder; the dead do not count.

    A process belongs to the folder whose path is in its command line or in its first environment:
    a worker keeps the zygote's, whatever it makes of its own.
    """
    found = {}
    for pid, (command, whole) in sorted(_table().items()):
        if pid != os.getpid() and str(root) in whole:
            found[pid] = command
    return found


def named(root: Path, text: str) -> list[int]:
    """Those of the folder whose command line has this text, in the order of their ids."""
    return [pid for pid, command in of(root).items() if text in command]


def kill(pids: Iterable[int]) -> None:
    """SIGKILL each of them that still runs."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def wait_for(condition: Callable[[], object], limit_s: float, what: str) -> None:
    """Return as soon as it holds. Raises AssertionError when it does not within the limit."""
    until = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < until, f"not within {limit_s:g} s: {what}"
        time.sleep(POLL_S)


def _table() -> dict[int, tuple[str, str]]:
    """Command line, and command line with environment, of each living process."""
    plain, whole = _listed("-o", "pid=,stat=,command="), _listed("-E", "-o", "pid=,stat=,command=")
    if Path("/proc/self/environ").exists():
        whole = {pid: text + _environment(pid) for pid, text in plain.items()}
    return {pid: (text, whole.get(pid, text)) for pid, text in plain.items()}


def _listed(*words: str) -> dict[int, str]:
    said = subprocess.run(
        ["ps", "-A", "-ww", *words], capture_output=True, text=True, errors="replace", check=False
    )
    rows = [line.split(maxsplit=2) for line in said.stdout.splitlines()]
    return {int(row[0]): row[2] for row in rows if len(row) == 3 and "Z" not in row[1]}


def _environment(pid: int) -> str:
    try:
        return " " + Path(f"/proc/{pid}/environ").read_text(errors="replace").replace("\0", " ")
    except OSError:
        return ""  # gone, or somebody else's
