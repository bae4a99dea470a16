"""One stack of this checkout, ready for the engine: environment, state, and no stale lock."""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.cli.commands import Progress, run
from infra.cli.engine import ensure, this_machine
from infra.cli.environment import LOCAL, pulumi_environment
from infra.cli.shell import make_stack
from infra.errors import PlatformError
from infra.local.places import Places

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack and the variables that the engine gets for it."""

    root: Path
    name: str
    env: Mapping[str, str]

    @property
    def local(self) -> bool:
        """Whether it is the one on this machine."""
        return self.name == LOCAL

    def pulumi(self, *words: str) -> int:
        """Run the engine in the foreground, its output as it comes; returns its exit code.

        An interrupt from the keyboard reaches the engine by itself: it finishes or undoes what it
        is at, and this waits for it. A termination is passed on.
        """
        process = subprocess.Popen(
            ["pulumi", *words, "--stack", self.name],
            cwd=self.root,
            env=dict(self.env),
            stdin=None if os.isatty(0) else subprocess.DEVNULL,
        )
        handlers = {
            signal.SIGINT: signal.signal(signal.SIGINT, lambda *_: None),
            signal.SIGTERM: signal.signal(signal.SIGTERM, lambda *_: process.terminate()),
        }
        try:
            return process.wait()
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)


def prepare(name: str, root: Path = ROOT) -> Stack:
    """Find the engine, or get it; make the local stack if need be. Raises PlatformError."""
    known = sorted(each.name[7:-5] for each in (root / "stacks").glob("Pulumi.*.yaml"))
    if name not in known:
        raise PlatformError(
            f"stack {name}: there is no stacks/Pulumi.{name}.yaml, so nothing says what to run.\n"
            f"→ STACK={' or STACK='.join(known)}, or write that file"
        )
    engine = ensure(this_machine(root), Progress("engine"))
    stack = Stack(root, name, pulumi_environment(root, name, os.environ, engine.bin))
    if stack.local:
        make_stack(root, stack.env, run)
        for lock in stale_locks(Places(root).state / "pulumi", is_engine):
            lock.unlink(missing_ok=True)
    return stack


def stale_locks(backend: Path, alive: Callable[[int], bool]) -> list[Path]:
    """The locks whose engine is dead: of this machine, and no such process runs."""
    found = []
    for file in (backend / ".pulumi" / "locks").rglob("*.json"):
        try:
            lock = json.loads(file.read_text())
            pid, host = int(lock["pid"]), lock["hostname"]
        except (OSError, ValueError, LookupError, TypeError):
            continue  # being written just now, or not a lock
        if host == socket.gethostname() and not alive(pid):
            found.append(file)
    return found


def is_engine(pid: int) -> bool:
    """Whether a Pulumi engine runs under this process id."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # another user's
    try:
        if Path("/proc/self/comm").exists():  # on Linux `ps` may be missing
            return "pulumi" in Path(f"/proc/{pid}/comm").read_text()
        command = ["ps", "-p", str(pid), "-o", "comm="]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return True  # nobody can tell: a lock too many can be mended by hand, one too few not
    return "pulumi" in answer.stdout
