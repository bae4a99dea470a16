"""What processes use: CPU seconds and resident memory, from /proc or, without it, from `ps`."""

import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc/self/stat")
_PS_S = 10


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds since the start, and resident bytes, shared pages included."""

    cpu_s: float
    rss_bytes: int

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(self.cpu_s + other.cpu_s, self.rss_bytes + other.rss_bytes)


NOTHING = Usage(0.0, 0)


def of(pids: Iterable[int]) -> Usage:
    """The sum over these processes; one that is gone counts nothing."""
    if _PROC.exists():
        return sum(map(_from_proc, pids), NOTHING)
    listed = ",".join(map(str, pids))
    return read_ps(_ps("-o", "time=,rss=", "-p", listed)) if listed else NOTHING


def children() -> dict[int, list[int]]:
    """The children of every process, by its id."""
    if not _PROC.exists():
        return read_tree(_ps("-A", "-o", "pid=,ppid="))
    tree: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        if (text := _stat(int(folder.name))) is not None:
            tree.setdefault(int(text.rpartition(")")[2].split()[1]), []).append(int(folder.name))
    return tree


def descendants(pid: int, tree: Mapping[int, list[int]]) -> list[int]:
    """All processes below one, not itself."""
    found = list(tree.get(pid, ()))
    for each in found:  # grows as we go
        found += tree.get(each, ())
    return found


def read_tree(text: str) -> dict[int, list[int]]:
    """`ps -o pid=,ppid=` as children by parent."""
    tree: dict[int, list[int]] = {}
    for line in text.splitlines():
        pid, parent = map(int, line.split())
        tree.setdefault(parent, []).append(pid)
    return tree


def read_ps(text: str) -> Usage:
    """The sum over `ps -o time=,rss=`; memory is in KB there."""
    lines = (line.split() for line in text.splitlines())
    return sum((Usage(cpu_seconds(time), int(rss) * 1024) for time, rss in lines), NOTHING)


def read_stat(text: str, ticks: int, page: int) -> Usage:
    """A line of /proc/<pid>/stat; the program's name in it may hold anything."""
    fields = text.rpartition(")")[2].split()
    return Usage((int(fields[11]) + int(fields[12])) / ticks, int(fields[21]) * page)


def cpu_seconds(text: str) -> float:
    """A CPU time as `ps` writes it: `[days-]hours:minutes:seconds`, or `minutes:seconds.00`."""
    days, _, clock = text.rpartition("-")
    total = 0.0
    for part in clock.split(":"):
        total = total * 60 + float(part)
    return total + int(days or 0) * 86_400


def _from_proc(pid: int) -> Usage:
    if (text := _stat(pid)) is None:
        return NOTHING
    return read_stat(text, os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE"))


def _stat(pid: int) -> str | None:
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:  # it ended
        return None


def _ps(*words: str) -> str:
    ran = subprocess.run(["ps", *words], capture_output=True, text=True, timeout=_PS_S, check=False)
    return ran.stdout
