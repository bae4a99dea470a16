"""Finds or makes the Pulumi engine: on PATH → our cache → official installer → pinned Go modules.

    python -m infra.cli.engine [--ways path,cache,installer,modules]

prints the folder that holds `pulumi` and `pulumi-language-python`, for PATH. The first three
ways take seconds; the last one minutes, once per machine: its result stays in the user's cache
folder, named by version, system and the digest of the go.mod files, where every clone finds it.
"""

import argparse
import fcntl
import hashlib
import os
import platform
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.cli import engine_build, engine_install
from infra.cli.commands import Progress, run
from infra.cli.console import INTERRUPTED, run_command
from infra.cli.machine import Machine, WayFailedError, as_numbers
from infra.errors import PlatformError

VERSION = "3.259.0"
WAYS = ("path", "cache", "installer", "modules")
MODULES = ("engine/go.mod", "engine/go.sum", "language-host/go.mod", "language-host/go.sum")
PROGRAMS = ("pulumi", "pulumi-language-python")
KEY_LENGTH = 12
ROOT = Path(__file__).resolve().parents[2]


class EngineError(PlatformError):
    """There is no engine and none could be had; the message says what was tried."""


@dataclass(frozen=True, slots=True)
class EngineLocation:
    """Where the engine is: the folder to put on PATH, and the way it was had."""

    bin: Path
    way: str


def this_machine(root: Path) -> Machine:
    """The machine that we run on, for the checkout at `root`."""
    env = dict(os.environ)
    home = Path.home()
    system = platform.system().lower()
    default = home / "Library" / "Caches" if system == "darwin" else home / ".cache"
    arch = platform.machine().lower()
    return Machine(
        root=root,
        env=env,
        cache=Path(env.get("XDG_CACHE_HOME") or default) / "shop-platform",
        system=system,
        arch={"x86_64": "amd64", "aarch64": "arm64"}.get(arch, arch),
        python=Path(sys.executable),
        run=run,
    )


def cached(machine: Machine) -> Path:
    """The folder in the cache that belongs to this machine and these pins."""
    state = hashlib.sha256()
    for name in MODULES:
        state.update((machine.root / "tools" / name).read_bytes())
    key = state.hexdigest()[:KEY_LENGTH]
    return machine.cache / f"pulumi-{VERSION}-{machine.system}-{machine.arch}-{key}"


def find(machine: Machine, ways: Sequence[str] = WAYS) -> tuple[EngineLocation | None, list[str]]:
    """The engine, if it is here already, and what was said by each way that had none."""
    said: list[str] = []
    looks: dict[str, Callable[[Machine], Path]] = {"path": _on_path, "cache": _in_cache}
    for way, look in looks.items():
        if way in ways:
            try:
                return EngineLocation(look(machine), way), said
            except WayFailedError as error:
                said.append(f"{way:<10} {error}")
    return None, said


def ensure(machine: Machine, progress: Progress, ways: Sequence[str] = WAYS) -> EngineLocation:
    """The engine: the first way that has one. Raises EngineError, saying why each had none."""
    found, said = find(machine, ways)
    if found:
        return found
    target = cached(machine)
    makers: dict[str, Callable[[Machine, Path, Progress, str], None]] = {
        "installer": engine_install.install,
        "modules": engine_build.build,
    }
    try:
        with _alone(target, progress):
            if "cache" in ways and _complete(target / "bin"):  # made while we waited
                return EngineLocation(target / "bin", "cache")
            for way, make in makers.items():
                if way not in ways:
                    continue
                try:
                    _make(machine, target, progress, make)
                    progress.say(f"the engine is in {target / 'bin'}")
                    return EngineLocation(target / "bin", way)
                except WayFailedError as error:
                    progress.say(f"{way}: {error}")
                    said.append(f"{way:<10} {error}")
    except OSError as error:
        said.append(f"{error.filename or machine.cache} cannot be written: {error.strerror}")
    raise EngineError(
        "\n  ".join([f"engine: no Pulumi engine {VERSION} or newer. What was tried:", *said])
        + "\n→ Mend what the last line says and run the same command again; or install Pulumi"
        f" {VERSION} or newer yourself and put it on PATH (make doctor tells whether it is found)"
    )


def _make(
    machine: Machine,
    target: Path,
    progress: Progress,
    make: Callable[[Machine, Path, Progress, str], None],
) -> None:
    # Made aside and renamed: a folder of that name is always a whole engine.
    partial = target.with_name(target.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        make(machine, partial, progress, VERSION)
        if not _complete(partial / "bin"):
            raise WayFailedError(f"it left no {' and '.join(PROGRAMS)}")
        env = {**machine.env, "PULUMI_SKIP_UPDATE_CHECK": "1"}
        said = machine.run([partial / "bin" / "pulumi", "version"], env=env, limit_s=60)
        if not said.ok:
            raise WayFailedError(f"its `pulumi version` fails: {said.output or said.stopped}")
        shutil.rmtree(target, ignore_errors=True)
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _complete(folder: Path) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in PROGRAMS)


def _on_path(machine: Machine) -> Path:
    path = machine.env.get("PATH", os.defpath)
    pulumi = shutil.which("pulumi", path=path)
    if pulumi is None:
        raise WayFailedError("no pulumi")
    env = {**machine.env, "PULUMI_SKIP_UPDATE_CHECK": "1"}
    said = machine.run([pulumi, "version"], env=env, limit_s=10)
    version = (said.output.split() or [""])[-1].lstrip("v")
    if not said.ok or not version[:1].isdigit():
        raise WayFailedError(f"{pulumi} does not tell its version: {said.stopped or said.output}")
    if as_numbers(version) < as_numbers(VERSION):
        raise WayFailedError(f"{pulumi} is {version}, older than {VERSION}")
    folder = Path(pulumi).parent
    beside = folder / "pulumi-language-python"
    if not (os.access(beside, os.X_OK) or shutil.which(beside.name, path=path)):
        raise WayFailedError(f"{pulumi} has no pulumi-language-python beside it or on PATH")
    return folder


def _in_cache(machine: Machine) -> Path:
    folder = cached(machine) / "bin"
    if not _complete(folder):
        raise WayFailedError(f"nothing in {folder}")
    return folder


@contextmanager
def _alone(target: Path, progress: Progress) -> Iterator[None]:
    """Hold the lock for `target`: two clones must not build the same engine at once."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.with_name(target.name + ".lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                progress.maybe("waiting for another clone's set-up, which is making the engine")
                time.sleep(0.2)
        yield


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Print the engine's folder; the exit code."""
    parser = argparse.ArgumentParser(prog="infra.cli.engine", description="Prints its folder.")
    parser.add_argument("--ways", default=",".join(WAYS), help="only these, comma separated")
    ways = parser.parse_args(arguments).ways.split(",")
    if unknown := set(ways) - set(WAYS):
        parser.error(f"unknown ways: {', '.join(sorted(unknown))}; there are {', '.join(WAYS)}")
    code = run_command(lambda: _tell(ensure(this_machine(root), Progress("engine"), ways)))
    if code == INTERRUPTED:
        sys.stderr.write("engine: interrupted → the same command goes on with what is cached\n")
    return code


def _tell(found: EngineLocation) -> int:
    sys.stdout.write(f"{found.bin}\n")
    return 0


if __name__ == "__main__":
    # Unwinds, so that no compiler goes on behind our back.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main(sys.argv[1:]))
