"""What a killed engine leaves: its lock, and a language host that misses it minutes later."""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

HOST = "pulumi-language-python"
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Process:
    """One process of this machine: its id, its parent's, its owner's, and its words."""

    pid: int
    parent: int
    user: int
    words: tuple[str, ...]

    @property
    def program(self) -> str:
        """The program's name, without its folder."""
        return Path(self.words[0]).name if self.words else ""


def processes() -> list[Process]:
    """All that run now and are no zombies; on Linux read from /proc, where `ps` may be missing."""
    if (_PROC / "self" / "stat").exists():
        return [found for each in _PROC.iterdir() if each.name.isdigit() for found in _read(each)]
    command = ["ps", "-axww", "-o", "pid=,ppid=,uid=,command="]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    rows = [line.split() for line in listed.splitlines()]
    return [Process(int(r[0]), int(r[1]), int(r[2]), tuple(r[3:])) for r in rows if len(r) > 3]  # noqa: PLR2004 - the columns


def _read(folder: Path) -> Iterable[Process]:
    with suppress(OSError):  # it ended meanwhile
        words = tuple((folder / "cmdline").read_bytes().decode(errors="replace").split("\0")[:-1])
        parent = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()[1]
        if words:
            yield Process(int(folder.name), int(parent), folder.stat().st_uid, words)


def is_engine(pid: int) -> bool:
    """Whether a Pulumi engine runs under this process id."""
    return any(each.pid == pid and "pulumi" in " ".join(each.words) for each in processes())


def locks(backend: Path) -> list[Path]:
    """All locks on the stacks of this backend."""
    return sorted((backend / ".pulumi" / "locks").rglob("*.json"))


def stale_locks(backend: Path, alive: Callable[[int], bool]) -> list[Path]:
    """The locks whose engine is dead: of this machine, and no such process runs."""
    found = []
    for file in locks(backend):
        try:
            lock = json.loads(file.read_text())
            pid, host = int(lock["pid"]), lock["hostname"]
        except (OSError, ValueError, LookupError, TypeError):
            continue  # being written just now, or not a lock
        if host == socket.gethostname() and not alive(pid):
            found.append(file)
    return found


def remove(stale: Iterable[Path]) -> None:
    """Remove locks, and what the engine keeps beside each."""
    for lock in stale:
        lock.unlink(missing_ok=True)
        lock.with_name(lock.name + ".attrs").unlink(missing_ok=True)


def orphans(running: Iterable[Process], user: int, answers: Callable[[str], bool]) -> list[int]:
    """The language hosts of this user whose engine is gone: it is no parent, and does not answer.

    The host's last word is its engine's address. It looks for that engine every five minutes only.
    """
    known = {each.pid: each for each in running}
    return [
        each.pid
        for each in known.values()
        if each.program == HOST
        and each.user == user
        and (each.parent not in known or "pulumi" not in known[each.parent].program)
        and not answers(each.words[-1])
    ]


def working_folder(pid: int) -> Path | None:
    """Where a process of this user works, or None when nobody can tell."""
    if (_PROC / "self").exists():
        with suppress(OSError):
            return (_PROC / str(pid) / "cwd").readlink()
        return None
    command = ["lsof", "-a", "-p", str(pid), "-d", "cwd", "-Fn"]
    with suppress(OSError):
        listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        names = [line[1:] for line in listed.splitlines() if line.startswith("n")]
        return Path(names[0]) if names else None
    return None


def answers(address: str) -> bool:
    """Whether something listens at `127.0.0.1:port`; what is no address is left alone."""
    host, _, port = address.rpartition(":")
    if host != "127.0.0.1" or not port.isdigit():
        return True
    with socket.socket() as link:
        link.settimeout(1)
        return link.connect_ex((host, int(port))) == 0


def clear(backend: Path, program: Path) -> None:
    """Remove what engines that were killed have left, and nothing of those that live.

    `program` is the folder of this checkout's Pulumi program, where its language hosts work: those
    of other checkouts are not ours to end.
    """
    remove(stale_locks(backend, is_engine))
    for pid in orphans(processes(), os.getuid(), answers):
        if working_folder(pid) == program:
            with suppress(OSError):
                os.kill(pid, signal.SIGTERM)
