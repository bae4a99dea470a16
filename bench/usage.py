"""What processes use: CPU seconds and memory, from /proc or, without it, from `ps`."""

import os
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc/self/stat")
_SMAPS = Path("/proc/self/smaps_rollup")
_MACHINE = Path("/proc/stat")
_PS_S = 10


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds since the start; resident bytes, shared pages included; CPU of what it reaped.

    `reaped_s` is what its children took that ended; `ps` does not tell it, and gives 0.
    """

    cpu_s: float
    rss_bytes: int
    reaped_s: float = 0.0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.cpu_s + other.cpu_s,
            self.rss_bytes + other.rss_bytes,
            self.reaped_s + other.reaped_s,
        )


@dataclass(frozen=True, slots=True)
class Processes:
    """Those of a server at some moment: its own, and of each worker all that belong to it."""

    server: Sequence[int]
    workers: Sequence[Sequence[int]] = ()

    @property
    def of_workers(self) -> list[int]:
        """The processes of all workers."""
        return [pid for each in self.workers for pid in each]


NOTHING = Usage(0.0, 0)


def of(pids: Iterable[int]) -> Usage:
    """The sum over these processes; one that is gone counts nothing."""
    if _PROC.exists():
        return sum(map(_from_proc, pids), NOTHING)
    listed = ",".join(map(str, pids))
    return read_ps(_ps("-o", "time=,rss=", "-p", listed)) if listed else NOTHING


def memory_bytes(pids: Iterable[int]) -> int:
    """What they take, a page that several processes share divided among them.

    It is `Pss` of /proc/<pid>/smaps_rollup (proc(5)), and without that the resident bytes. One that
    is gone counts nothing.
    """
    return sum(map(_pss, pids)) if _SMAPS.exists() else of(pids).rss_bytes


def below(pid: int, tree: Mapping[int, list[int]]) -> list[list[int]]:
    """Each child of a process, with all processes below it."""
    return [[child, *descendants(child, tree)] for child in tree.get(pid, ())]


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
    user, system, reaped_user, reaped_system = map(int, fields[11:15])
    return Usage(
        (user + system) / ticks, int(fields[21]) * page, (reaped_user + reaped_system) / ticks
    )


def read_pss(text: str) -> int:
    """Bytes by /proc/<pid>/smaps_rollup, which writes KB."""
    found = re.search(r"^Pss:\s+(\d+) kB$", text, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def machine_s() -> float | None:
    """CPU seconds that this machine had no more to give until now; None where it does not tell.

    What all processes took, and, of a virtual machine, what others on its host took from it.
    """
    if not _MACHINE.exists():
        return None
    return read_machine(_MACHINE.read_text(), os.sysconf("SC_CLK_TCK"))


def read_machine(text: str, ticks: int) -> float:
    """The first line of /proc/stat: all but the columns idle and iowait (proc(5))."""
    user, nice, system, _, _, irq, softirq, steal = map(int, text.split()[1:9])
    return (user + nice + system + irq + softirq + steal) / ticks


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


def _pss(pid: int) -> int:
    try:
        return read_pss(Path(f"/proc/{pid}/smaps_rollup").read_text())
    except OSError:  # it ended
        return 0


def _stat(pid: int) -> str | None:
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:  # it ended
        return None


def _ps(*words: str) -> str:
    ran = subprocess.run(["ps", *words], capture_output=True, text=True, timeout=_PS_S, check=False)
    return ran.stdout
