"""The processes of one project, found by their words, their variables and where they stand."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
WORDS = 200  # characters of a command line that a message shows


def of(root: Path) -> dict[int, str]:
    """The words of every process, zombies aside, that names the folder, by id."""
    whole = re.compile(re.escape(str(root)) + r"(?![^/\s\0])")  # /a/shop, not /a/shop-2
    return {
        pid: " ".join(words.split("\0"))[:WORDS]
        for pid, (words, rest) in _all().items()
        if pid != os.getpid() and whole.search(f"{words}{rest}")
    }


def _all() -> dict[int, tuple[str, str]]:
    """Process id → its words, and its variables and working folder, each ended by a NUL or so."""
    if not PROC.exists():
        command = ["ps", "-axEww", "-o", "pid=,command="]
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        rows = [line.split(maxsplit=1) for line in listed.splitlines()]
        return {int(row[0]): (row[1], "") for row in rows if len(row) > 1}
    found = {}
    for each in PROC.iterdir():
        if each.name.isdigit():
            with suppress(OSError):  # another user's, or it ended meanwhile
                for task in (each / "task").iterdir():  # the first may end before the others do
                    words = (task / "cmdline").read_bytes().decode(errors="replace")
                    if words:
                        variables = (task / "environ").read_bytes().decode(errors="replace")
                        place = (task / "cwd").readlink()
                        found[int(each.name)] = (words, f"{variables}{place}\0")
                        break
    return found


def named(root: Path, text: str) -> list[int]:
    """Those of the project whose words hold the text, oldest first."""
    return sorted(pid for pid, words in of(root).items() if text in words)


def kill(pids: Iterable[int]) -> None:
    """SIGKILL each of them that still lives."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def wait_for(condition: Callable[[], object], limit_s: float, what: str) -> None:
    """Return when the condition holds; fail when it does not within the limit."""
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, f"not within {limit_s:.0f} s: {what}"
        time.sleep(0.02)
