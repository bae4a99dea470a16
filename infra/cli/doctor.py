"""Tells what was found on this machine, what is missing, and the next command: `make doctor`.

Standard library only: it has to work before anything is installed. Looks, and changes nothing.
"""

import os
import platform
import shutil
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.cli import engine, venv_setup
from infra.cli.machine import Machine
from infra.errors import PlatformError
from infra.local.places import Places

ENOUGH_GB = 4.0  # a build of the engine from nothing: 2 GB of modules, 2 GB of objects
OLDEST_PYTHON = (3, 11)
GOOD, LACKING, NOTE = "ok", "MISSING", "-"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. A lacking one names the command that mends it."""

    name: str
    state: str
    text: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What cannot be told from the checkout itself; tests make one up."""

    machine: Machine
    python_version: tuple[int, ...]
    free_gb: Callable[[Path], float]
    answers: Callable[[Path], bool]
    in_use: Callable[[int], bool]


def python(around: Surroundings) -> Finding:
    """The interpreter that runs this."""
    version = ".".join(map(str, around.python_version))
    if around.python_version >= OLDEST_PYTHON:
        return Finding("python", GOOD, f"{version} at {around.machine.python}")
    return Finding(
        "python", LACKING, f"{version} is older than 3.11", "make setup PYTHON=<3.11 or newer>"
    )


def environment(around: Surroundings) -> Finding:
    """The virtual environment: there, whole, and made from the files as they are now."""
    checkout = venv_setup.Checkout(around.machine.root)
    if not checkout.python.exists():
        return Finding("packages", LACKING, "there is no .venv", venv_setup.NEXT)
    names = venv_setup.extras(checkout, None)
    if not venv_setup.is_current(checkout, names):
        text = ".venv is not what tools/constraints.txt says, or its making was interrupted"
        return Finding("packages", LACKING, text, venv_setup.NEXT)
    clouds = f"with {', '.join(names)}" if names else "for the local stack"
    return Finding("packages", GOOD, f".venv is current, {clouds}")


def uv(around: Surroundings) -> Finding:
    """The installer, which stands in the environment."""
    found = around.machine.root / ".venv" / "bin" / "uv"
    text = str(found) if found.exists() else "none yet; comes with the packages"
    return Finding("uv", NOTE, text)


def pulumi(around: Surroundings) -> Finding:
    """The engine and its Python language host, wherever they come from."""
    found, said = engine.find(around.machine)
    if found is None:
        text = (
            f"no engine {engine.VERSION} or newer: {'; '.join(' '.join(s.split()) for s in said)}"
        )
        return Finding("engine", LACKING, text, "make engine")
    return Finding("engine", GOOD, f"{found.bin / 'pulumi'}, with its language host ({found.way})")


def go(around: Surroundings) -> Finding:
    """Go, which only a build of the engine needs; never missing, since a package brings it."""
    found = shutil.which("go", path=around.machine.env.get("PATH", os.defpath))
    if not found:
        return Finding("go", NOTE, "none; fetched for a build of the engine where one is needed")
    said = around.machine.run([found, "env", "GOVERSION"], env=around.machine.env, limit_s=20)
    return Finding("go", NOTE, f"{said.output.strip() or 'it does not answer'} at {found}")


def disk(around: Surroundings) -> Finding:
    """Room in the checkout and in our cache; only a build of the engine needs much."""
    free = around.free_gb(around.machine.root)
    cache = around.machine.cache
    while not cache.exists():
        cache = cache.parent
    free = min(free, around.free_gb(cache))
    text = f"{free:.1f} GB free"
    if free >= ENOUGH_GB:
        return Finding("disk", GOOD, text)
    if engine.find(around.machine)[0] and free > 1:
        return Finding("disk", NOTE, f"{text}: enough, since the engine is there")
    text += f" for {around.machine.root} and {around.machine.cache}"
    return Finding("disk", LACKING, text, f"make room: {ENOUGH_GB:.0f} GB, then make setup")


def stacks(around: Surroundings) -> Finding:
    """The stacks that there are files for."""
    files = sorted((around.machine.root / "stacks").glob("Pulumi.*.yaml"))
    names = [file.name.removeprefix("Pulumi.").removesuffix(".yaml") for file in files]
    if "local" not in names:
        text = "stacks/Pulumi.local.yaml is not there"
        return Finding("stacks", LACKING, text, "git checkout stacks/Pulumi.local.yaml")
    return Finding("stacks", GOOD, ", ".join(names))


def local_cloud(around: Surroundings) -> Finding:
    """Whether this checkout's local cloud runs; it need not."""
    places = Places(around.machine.root)
    if around.answers(places.socket):
        return Finding("local", NOTE, f"running; its log is {places.log}")
    port = places.port
    if around.in_use(port):
        text = f"not running, and port {port}, which it would take, is in use by another program"
        remedy = "stop that program, or set local.port in stacks/Pulumi.local.yaml, then make up"
        return Finding("local", NOTE, f"{text}: {remedy}")
    return Finding("local", NOTE, f"not running; make up starts it, on port {port} by default")


LOOKS: tuple[Callable[[Surroundings], Finding], ...] = (
    python,
    environment,
    uv,
    pulumi,
    go,
    disk,
    stacks,
    local_cloud,
)


def examine(around: Surroundings) -> list[Finding]:
    """Every finding; a look that fails is a finding too."""
    found = []
    for look in LOOKS:
        try:
            found.append(look(around))
        except (OSError, PlatformError) as error:
            found.append(Finding(look.__name__, LACKING, str(error), venv_setup.NEXT))
    return found


def report(findings: Sequence[Finding]) -> str:
    """The findings as text, the next command last."""
    lines = [f"{item.state:<8} {item.name:<9} {item.text}" for item in findings]
    lacking = [item for item in findings if item.state == LACKING]
    last = f"Next: {lacking[0].remedy}" if lacking else "All is well. Next: make up"
    return "\n".join([*lines, "", last])


def accepts(address: Path | int) -> bool:
    """Whether somebody listens at a Unix socket, or at a port of this machine."""
    kind = socket.AF_INET if isinstance(address, int) else socket.AF_UNIX
    with socket.socket(kind) as probe:
        probe.settimeout(2)
        try:
            probe.connect(("127.0.0.1", address) if isinstance(address, int) else str(address))
        except OSError:
            return False
        return True


def main(_arguments: Sequence[str] = ()) -> int:
    """Print the report; 0 when nothing is missing, else 1."""
    around = Surroundings(
        machine=engine.this_machine(Path(__file__).resolve().parents[2]),
        python_version=sys.version_info[:3],
        free_gb=lambda folder: shutil.disk_usage(folder).free / 1e9,
        answers=accepts,
        in_use=accepts,
    )
    findings = examine(around)
    sys.stdout.write(f"{platform.platform()}\n{report(findings)}\n")
    return 1 if any(item.state == LACKING for item in findings) else 0


if __name__ == "__main__":
    sys.exit(main())
