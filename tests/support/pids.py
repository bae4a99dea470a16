"""Looking at processes from outside."""

import subprocess
import time
from collections.abc import Callable, Iterable

LIMIT_S = 20.0


def alive(pid: int) -> bool:
    """Whether a process runs; one that is dead but not yet reaped does not."""
    return pid in _table()


def descendants(pid: int) -> set[int]:
    """The living processes below this one."""
    parents = _table()
    found: set[int] = set()
    while more := {each for each, parent in parents.items() if parent in {pid, *found}} - found:
        found |= more
    return found


def wait_for(condition: Callable[[], object], limit_s: float = LIMIT_S) -> None:
    """Return when the condition holds. Raises AssertionError when it does not within the limit."""
    until = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < until, "it did not come about in time"
        time.sleep(0.01)


def wait_for_end(pids: Iterable[int], limit_s: float = LIMIT_S) -> None:
    """Return when none of these processes runs any more."""
    left = set(pids)
    wait_for(lambda: not left & _table().keys(), limit_s)


def _table() -> dict[int, int]:
    with subprocess.Popen(
        ["ps", "-A", "-o", "pid=,ppid=,stat="], stdout=subprocess.PIPE, text=True
    ) as process:
        said, _ = process.communicate()
    rows = [
        (int(pid), int(parent), state) for pid, parent, state in map(str.split, said.splitlines())
    ]
    # "Zl" has threads that still end and hold its files and locks open
    living = ((pid, parent) for pid, parent, state in rows if state[0] != "Z" or "l" in state)
    return {pid: parent for pid, parent in living if pid != process.pid}
