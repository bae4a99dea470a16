"""Tells what was found on this machine, what is missing, and the next command: `make doctor`.

Standard library only: it has to work before anything is installed. Looks, and changes nothing.
"""

import argparse
import json
import os
import platform
import shutil
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from infra.cli import doctor_local, engine, venv_setup
from infra.cli.environment import LOCAL
from infra.cli.findings import GOOD, LACKING, NOTE, WRONG, Finding, Surroundings
from infra.errors import PlatformError
from infra.local.client import NotRunningError, ask
from infra.local.places import Places

ENOUGH_GB = 4.0  # a build of the engine from nothing: 2 GB of modules, 2 GB of objects
ANSWER_S = 5.0


def python(around: Surroundings) -> Finding:
    """The interpreter that runs this; tools/bootstrap.py has seen to it that it is new enough."""
    version = ".".join(map(str, around.python_version))
    return Finding("python", GOOD, f"{version} at {around.machine.python}")


def environment(around: Surroundings) -> Finding:
    """The virtual environment: there, whole, and made from the files as they are now."""
    checkout = venv_setup.Checkout(around.machine.root)
    if not checkout.python.exists():
        return Finding("packages", LACKING, "there is no .venv", venv_setup.NEXT)
    names = venv_setup.extras(checkout, None)
    version = ".".join(map(str, around.python_version[:2]))
    if not venv_setup.is_current(checkout, names, version):
        text = (
            f".venv is not what tools/constraints.txt says for Python {version},"
            " or its making was interrupted"
        )
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


LOOKS: tuple[Callable[[Surroundings], Finding], ...] = (
    python,
    environment,
    uv,
    pulumi,
    go,
    disk,
    stacks,
    doctor_local.state,
    doctor_local.sockets,
    doctor_local.local_cloud,
    doctor_local.printed,
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


def of_cloud(around: Surroundings, stack: str) -> list[Finding]:
    """What is found of a cloud's stack, by a process in .venv: it takes more than this library."""
    machine = around.machine
    python = venv_setup.Checkout(machine.root).python
    if stack == LOCAL or not python.exists():
        return []
    words = [str(python), "-m", "infra.cli.doctor_cloud", stack]
    ended = machine.run(words, env=machine.env, cwd=machine.root, limit_s=60)
    try:
        return [Finding(**each) for each in json.loads(ended.output.splitlines()[-1])]
    except (ValueError, TypeError, IndexError):
        text = f"nothing can be told of {stack}: {ended.stopped or ended.output.strip()[-200:]}"
        return [Finding("stack", WRONG, text, venv_setup.NEXT)]


def report(findings: Sequence[Finding], stack: str = LOCAL) -> str:
    """The findings as text, the next command last."""
    chosen = "" if stack == LOCAL else f" STACK={stack}"
    lines = [f"{item.state:<8} {item.name:<9} {item.text}" for item in findings]
    bad = [item for item in findings if item.bad]
    runs = stack == LOCAL and any(item.name == "local" and item.runs for item in findings)
    after = "make seed, make tour" if runs else f"make up{chosen}"
    last = f"Next: {bad[0].remedy}" if bad else f"All is well. Next: {after}"
    return "\n".join([*lines, "", last])


def accepts(port: int) -> bool:
    """Whether somebody listens at a port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def answers(places: Places) -> bool:
    """Whether the clone's supervisor does: one that hangs still accepts a connection."""
    try:
        ask(places, "describe", ANSWER_S)
    except NotRunningError:
        return False
    return True


def main(arguments: Sequence[str] = ()) -> int:
    """Print the report; 0 when nothing is missing, else 1. `--stack` names a cloud's stack."""
    made = argparse.ArgumentParser(prog="python -m infra.cli.doctor", description=__doc__)
    made.add_argument("--stack", default=LOCAL, help="the stack (default: local)")
    stack = made.parse_args(list(arguments)).stack
    around = Surroundings(
        machine=engine.this_machine(Path(__file__).resolve().parents[2]),
        python_version=sys.version_info[:3],
        free_gb=lambda folder: shutil.disk_usage(folder).free / 1e9,
        answers=answers,
        in_use=accepts,
        writable=lambda folder: os.access(folder, os.W_OK | os.X_OK),
    )
    findings = [*examine(around), *of_cloud(around, stack)]
    sys.stdout.write(f"{platform.platform()}\n{report(findings, stack)}\n")
    return 1 if any(item.bad for item in findings) else 0


if __name__ == "__main__":
    sys.exit(main())
