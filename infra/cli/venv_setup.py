"""Fills .venv with exactly what tools/constraints.txt pins: make → uv → packages.

Each step can be interrupted and repeated: `.venv/.ready` is written last and holds a digest of
all that the environment was made from, so a second run only compares digests. Standard library
only, since it runs before anything is installed.

It holds what every stack and the tests need, and not this project, which is imported from the
checkout alone. The clouds' SDKs come with `--extras aws,alicloud`, which says exactly which, or
`--needs aws`, which adds one: they weigh some hundred MB, and the engine asks for the plugin of
each `pulumi_*` package that it finds installed.
"""

import argparse
import fcntl
import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from infra.cli.commands import Command, Finished, Progress, Runner, explain, run
from infra.cli.machine import for_installers
from infra.errors import PlatformError

INPUTS = ("pyproject.toml", "tools/constraints.txt", "tools/bootstrap.txt")
CLOUDS = ("aws", "alicloud")
NEXT = "make setup"
# pip too: an interruption may have left an environment without it.
VERSION = "import pip, sys; print('%d.%d' % sys.version_info[:2])"
ROOT = Path(__file__).resolve().parents[2]


class SetupError(PlatformError):
    """The environment could not be made; the message says which step, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python to make the environment with: its program, and its version as `3.11`."""

    program: Path
    version: str


def running() -> Interpreter:
    """The Python that runs this; inside `make shell`, the one that its environment came from."""
    version = ".".join(map(str, sys.version_info[:2]))
    return Interpreter(Path(getattr(sys, "_base_executable", sys.executable)), version)


@dataclass(frozen=True, slots=True)
class Checkout:
    """A clone and where its environment stands."""

    root: Path

    @property
    def venv(self) -> Path:
        """The environment's folder."""
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.venv / "bin" / "python"

    @property
    def stamp(self) -> Path:
        """Written last; holds the digest of what the environment was made from."""
        return self.venv / ".ready"

    @property
    def chosen(self) -> Path:
        """The extras that were asked for last, by name, so that a plain `make` keeps them."""
        return self.venv / ".extras"


def extras(checkout: Checkout, asked: str | None, needed: str = "") -> tuple[str, ...]:
    """The clouds' extras to install: those asked for (`none` for none), else those of last time.

    Those `needed` come on top of either. Raises SetupError for one that there is not.
    """
    if asked is None:
        asked = checkout.chosen.read_text() if checkout.chosen.is_file() else ""
    names = {name.strip() for name in f"{asked},{needed}".split(",")} - {"", "none"}
    if unknown := names - set(CLOUDS):
        message = (
            f"setup: there is no extra {', '.join(sorted(unknown))}.\n"
            f"→ make setup EXTRAS={','.join(CLOUDS)}, or one of them, or none"
        )
        raise SetupError(message)
    return tuple(sorted(names))


def digest(checkout: Checkout, names: Sequence[str], version: str) -> str:
    """What an environment is made from, as one text; what is in it holds its path and version."""
    state = hashlib.sha256(f"{checkout.root}\0{version}\0{','.join(names)}\0".encode())
    for name in INPUTS:
        state.update((checkout.root / name).read_bytes())
    return state.hexdigest()


def is_current(checkout: Checkout, names: Sequence[str], version: str) -> bool:
    """Whether it is whole, and made from what the files say now by a Python of this version."""
    if not (checkout.python.exists() and checkout.stamp.is_file()):
        return False
    return checkout.stamp.read_text() == digest(checkout, names, version)


def prepare(
    checkout: Checkout,
    names: Sequence[str],
    *,
    env: Mapping[str, str],
    python: Interpreter,
    runner: Runner,
    progress: Progress,
    also: Callable[[], Sequence[str]] = tuple,
) -> None:
    """Make the environment, or bring it up to date. Raises SetupError.

    `also` tells further extras once nobody else is at it: one may have added some meanwhile.
    """
    try:
        with (checkout.root / ".setup.lock").open("w") as lock:
            _wait(lock, progress)
            names = tuple(sorted({*names, *also()}))
            if is_current(checkout, names, python.version):
                return
            checkout.stamp.unlink(missing_ok=True)
            _Steps(checkout, _environment(env), python, runner, progress, lock.fileno()).all(names)
            checkout.chosen.write_text(",".join(names))
            checkout.stamp.write_text(digest(checkout, names, python.version))
    except OSError as error:
        message = (
            f"setup: {error.filename or checkout.root} cannot be written: {error.strerror}.\n"
            f"→ Make room or make the folder yours (ls -ld {checkout.root}), then: {NEXT}"
        )
        raise SetupError(message) from error
    progress.say("done")


def _wait(lock: TextIO, progress: Progress) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        progress.say("waiting for another set-up of this checkout")
        fcntl.flock(lock, fcntl.LOCK_EX)


def _environment(env: Mapping[str, str]) -> dict[str, str]:
    """The caller's variables, less those that would turn pip or uv to another environment."""
    foreign = {"PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV"}
    return for_installers({k: v for k, v in env.items() if k not in foreign})


@dataclass(frozen=True, slots=True)
class _Steps:
    checkout: Checkout
    env: Mapping[str, str]
    python: Interpreter
    runner: Runner
    progress: Progress
    lock: int  # held by each command too: one that outlives us must not meet the next run's

    def all(self, names: Sequence[str]) -> None:
        if not self._works():
            self._make()
        tools = self.checkout.root / "tools"
        uv = self.checkout.venv / "bin" / "uv"
        pip: Command = [self.checkout.python, "-m", "pip", "install"]
        pip = [*pip, "--require-hashes", "--only-binary", ":all:"]
        self._do("uv, the installer", [*pip, "-r", tools / "bootstrap.txt"])
        packages: Command = [
            *(uv, "pip", "install", "--python", self.checkout.python, "--quiet"),
            "--exact",  # what is no longer asked for goes: an extra, a package that was dropped
            "--compile-bytecode",  # or each command would compile what the user's setting keeps off
            *("--require-hashes", "--only-binary", ":all:"),
            # relative, since uv takes a blank in -c for the end of a path
            *("-r", "pyproject.toml", "-c", "tools/constraints.txt"),
            *("--extra", "dev"),
            *(word for name in names for word in ("--extra", name)),
        ]
        clouds = f", with {' and '.join(names)}" if names else ""
        self._do(f"packages, each checked against its hash{clouds}", packages)

    def _works(self) -> bool:
        """Whether there is an environment that an interruption left whole enough to go on with.

        One of another Python is not: that one's packages stand in another folder of it.
        """
        if not self.checkout.python.exists() or self._moved():
            return False
        said = self.runner([self.checkout.python, "-c", VERSION], env=self.env, limit_s=60)
        return said.ok and said.output.strip() == self.python.version

    def _moved(self) -> bool:
        """Whether the checkout was renamed since: the scripts in it name the old folder."""
        try:
            made = (self.checkout.venv / "pyvenv.cfg").read_text()
        except OSError:
            return True
        return str(self.checkout.venv) not in made

    def _make(self) -> None:
        if self.checkout.venv.exists():
            shutil.rmtree(self.checkout.venv)
        command: Command = [self.python.program, "-m", "venv", self.checkout.venv]
        self.progress.say(f"virtual environment .venv, Python {self.python.version}")
        ended = self.runner(command, env=self.env, limit_s=180, hold=[self.lock])
        if ended.ok:
            return
        missing = "ensurepip" in ended.output or "No module named venv" in ended.output
        if missing:
            message = (
                f"setup: {self.python.program} has no `venv`, which makes the environment.\n"
                f"→ Debian, Ubuntu: apt install python3-venv; then: {NEXT}"
            )
            raise SetupError(message)
        raise self._failed("virtual environment .venv", command, ended)

    def _do(self, what: str, command: Command) -> None:
        self.progress.say(what)
        ended = self.runner(
            command,
            env=self.env,
            cwd=self.checkout.root,
            limit_s=900,
            on_tick=lambda: self.progress.maybe(f"{what}: still at it"),
            hold=[self.lock],
        )
        if not ended.ok:
            raise self._failed(what, command, ended)

    def _failed(self, what: str, command: Command, ended: Finished) -> SetupError:
        return SetupError(
            f"setup: {what}: {ended.stopped or explain(ended.output)}.\n"
            f"  tried: {' '.join(map(str, command))}\n"
            f"→ Mend that, then: {NEXT} (it goes on where it stopped)"
        )


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Make the environment of the checkout at `root`; the exit code."""
    parser = argparse.ArgumentParser(prog="tools/bootstrap.py", description="Makes .venv ready.")
    parser.add_argument("--extras", help="the clouds' SDKs to add: aws, alicloud, or none")
    parser.add_argument("--needs", default="", help="the same, on top of what was chosen")
    options = parser.parse_args(arguments)
    checkout = Checkout(root)
    try:
        names = extras(checkout, options.extras, options.needs)
        python = running()
        if not is_current(checkout, names, python.version):
            progress = Progress("setup")
            prepare(
                checkout,
                names,
                env=os.environ,
                python=python,
                runner=run,
                progress=progress,
                also=lambda: extras(checkout, None) if options.extras is None else (),
            )
    except SetupError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write(f"setup: interrupted. → {NEXT} goes on where it stopped\n")
        return 130
    return 0
