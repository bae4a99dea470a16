"""One stack of this checkout, ready for the engine: environment, state, and no stale lock."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from infra.cli import leftovers
from infra.cli.commands import Progress, run
from infra.cli.engine import ensure, this_machine
from infra.cli.environment import BACKEND, LOCAL, pulumi_environment
from infra.cli.local_stack import make_stack
from infra.cli.stated import stated
from infra.cli.venv_setup import CLOUDS
from infra.errors import PlatformError
from infra.local.places import Places

ROOT = Path(__file__).resolve().parents[2]
_ENOUGH_BYTES = 16 * 1024**2  # a state, its history, staged code, a log


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
        # Before the engine starts: an interrupt in between would leave it running alone.
        handlers = {signal.SIGINT: signal.signal(signal.SIGINT, lambda *_: None)}
        try:
            process = subprocess.Popen(
                ["pulumi", *words, "--stack", self.name],
                cwd=self.root,
                env=dict(self.env),
                stdin=None if os.isatty(0) else subprocess.DEVNULL,
            )
            handlers[signal.SIGTERM] = signal.signal(signal.SIGTERM, lambda *_: process.terminate())
            code = process.wait()
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        if code >= 0:
            return code
        sys.stderr.write(f"the engine was killed (signal {-code}); run the same command again\n")
        return 128 - code


def backend(root: Path) -> Path:
    """The folder that holds the local stack's state, and others' that have none of their own."""
    return Places(root).state / "pulumi"


def prepare(name: str, root: Path = ROOT) -> Stack:
    """Find the engine, or get it; make the local stack if need be. Raises PlatformError."""
    check_extra(name, stated(root, name).target)
    engine = ensure(this_machine(root), Progress("engine"))
    stack = Stack(root, name, pulumi_environment(root, name, os.environ, engine.bin))
    tidy(stack)
    if stack.local:
        make_stack(root, stack.env, run)
    return stack


def tidy(stack: Stack) -> None:
    """Clear what killed engines have left in the checkout's own state.

    A state elsewhere is left alone: nobody here can tell whose lock is stale there. Raises
    PlatformError where the disk is full.
    """
    if stack.env.get(BACKEND) == backend(stack.root).as_uri():
        _check_disk(Places(stack.root).state)
        leftovers.clear(backend(stack.root), stack.root / "infra")


def check_extra(stack: str, target: str, find: Callable[[str], object | None] = find_spec) -> None:
    """Raise PlatformError where the target's own package is not installed: `find` knows none."""
    if target in CLOUDS and find(f"pulumi_{target}") is None:
        raise PlatformError(
            f"stack {stack}: its target is {target}, and .venv has no pulumi-{target}, so nothing "
            f"can be declared there\n→ make setup NEEDS={target} (a stack whose name begins with "
            f"{target}- gets it by itself)"
        )


def _check_disk(folder: Path) -> None:
    """Raise PlatformError where the disk is as good as full: the engine would lose its state."""
    free = shutil.disk_usage(folder).free
    if free < _ENOUGH_BYTES:
        raise PlatformError(
            f"{folder}: the disk is full ({free // 1024} KB are free), nothing was changed.\n"
            f"→ free at least {_ENOUGH_BYTES // 1024**2} MB there, then run it again"
        )
