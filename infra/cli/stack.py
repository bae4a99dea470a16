"""One stack of this checkout, ready for the engine: environment, state, and no stale lock."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from infra.cli import leftovers
from infra.cli.commands import Progress, run
from infra.cli.engine import ensure, this_machine
from infra.cli.environment import LOCAL, pulumi_environment
from infra.cli.local_stack import make_stack
from infra.errors import PlatformError, Problem, Refused
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
    """The folder that holds the local stack's state."""
    return Places(root).state / "pulumi"


def prepare(name: str, root: Path = ROOT) -> Stack:
    """Find the engine, or get it; make the local stack if need be. Raises PlatformError."""
    known = sorted(each.name[7:-5] for each in (root / "stacks").glob("Pulumi.*.yaml"))
    if name not in known:
        others = "".join(f"STACK={each}, or " for each in known)
        raise PlatformError(
            f"stack {name}: there is no stacks/Pulumi.{name}.yaml, so nothing says what to run.\n"
            f"→ {others}write that file (git checkout stacks/ brings back one that was deleted)"
        )
    _check_yaml(root / "stacks" / f"Pulumi.{name}.yaml")
    engine = ensure(this_machine(root), Progress("engine"))
    stack = Stack(root, name, pulumi_environment(root, name, os.environ, engine.bin))
    if stack.local:
        _check_disk(Places(root).state)
        leftovers.clear(backend(root), root / "infra")
        make_stack(root, stack.env, run)
    return stack


def _check_yaml(file: Path) -> None:
    """Raise Refused for a file that is no YAML mapping: the engine would speak of its secrets."""
    try:
        found = yaml.safe_load(file.read_bytes())
    except OSError as error:
        raise PlatformError(
            f"{file}: cannot be read ({error.strerror})\n→ make it a file that you may read"
        ) from error
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "the whole file"
        undecodable = isinstance(error, UnicodeDecodeError | yaml.reader.ReaderError)
        other = "it is not UTF-8 text" if undecodable else "a value in it cannot be read"
        reason = f"this is no YAML: {getattr(error, 'problem', None) or other}"
        remedy = "indent with spaces only" if "\\t" in reason else "mend it there"
    else:
        if found is None or isinstance(found, dict):
            return
        where, reason = "the whole file", "these are no keys and values"
        remedy = "write it as YAML, with config: at the top"
    problem = Problem(where, "", reason, remedy)
    raise Refused(f"{file.parent.name}/{file.name}", [problem])


def _check_disk(folder: Path) -> None:
    """Raise PlatformError where the disk is as good as full: the engine would lose its state."""
    free = shutil.disk_usage(folder).free
    if free < _ENOUGH_BYTES:
        raise PlatformError(
            f"{folder}: the disk is full ({free // 1024} KB are free), nothing was changed.\n"
            f"→ free at least {_ENOUGH_BYTES // 1024**2} MB there, then run it again"
        )
