"""A stack on AWS that the real engine runs with the provider's plugin on PATH, against moto.

The plugin on PATH is a stand-in that drives the provider against any endpoint; its `moto_server`,
beside it, knows the calls that the provider waits for and plain moto does not.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
import yaml

from infra.cli.commands import Progress
from infra.cli.engine import ensure, this_machine
from infra.cli.environment import AWS_PLUGIN, BACKEND, PASSPHRASE, pulumi_environment
from tests.support.moto import Moto, serving
from tests.support.project import CHECKOUT, CLIENT, Project, Ran, Running, opened
from tests.support.steps import read_steps
from tests.support.wire_http import free_port

START_S = 180.0  # the stand-ins' packages are installed on first use
LIMIT_S = 400.0
PROVIDER = {
    "aws:maxRetries": "3",
    "aws:skipCredentialsValidation": "true",
    "aws:skipMetadataApiCheck": "true",
    "aws:s3UsePathStyle": "true",
}
"""What makes the provider speak to moto; all else stands in the stack's own file."""
UNTAGGED = ("--exclude", "**::budget", "--exclude", "**::function-*-ready-target")
"""moto tells no tags of these and can set none later: each update would try to, and fail."""

_MORE = Path(__file__).with_name("moto_more")
# Ends the server with its standard input, so that it does not outlive a run that is killed.
_SERVE = '"$0" -H 127.0.0.1 -p "$1" & cat; kill $!; wait $!'


@dataclass(frozen=True, slots=True)
class CloudStack:
    """One stack of a copy of the checkout, and the cloud that it is brought up in."""

    project: Project
    name: str
    moto: Moto
    env: Mapping[str, str]

    @property
    def file(self) -> str:
        """The stack's file."""
        return f"stacks/Pulumi.{self.name}.yaml"

    def pulumi(self, *words: str) -> Ran:
        """Run `pulumi … --stack <name>` to its end, with the engine's steps."""
        log = self.project.root.with_name(f"{self.project.root.name}-events.json")
        log.unlink(missing_ok=True)
        began = time.monotonic()
        process = subprocess.Popen(
            ["pulumi", *words, "--stack", self.name, "--non-interactive", "--event-log", log],
            cwd=self.project.root,
            env=dict(self.env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        ran = Running(process, began).finish(LIMIT_S)
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        steps, drift = read_steps([json.loads(line) for line in lines if line])
        return Ran(ran.code, ran.output, ran.seconds, steps, drift)

    def up(self, *words: str) -> Ran:
        """Change the cloud to what the program says."""
        return self.pulumi("up", "--yes", "--skip-preview", *words)

    def preview(self, *words: str) -> Ran:
        """What that would change."""
        return self.pulumi("preview", *words)

    def command(self, module: str, *words: str) -> Ran:
        """One of the commands that `make` has, on this stack."""
        process = subprocess.Popen(
            [sys.executable, "-m", f"infra.cli.{module}", "--stack", self.name, *words],
            cwd=self.project.root,
            env=dict(self.env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        return Running(process, time.monotonic()).finish(LIMIT_S)

    def resources(self) -> list[dict[str, Any]]:
        """All that the state holds."""
        ran = subprocess.run(
            ["pulumi", "stack", "export", "--stack", self.name],
            cwd=self.project.root,
            env=dict(self.env),
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
        found: list[dict[str, Any]] = json.loads(ran.stdout)["deployment"].get("resources", [])
        return found

    def counted(self) -> Counter[str]:
        """How many resources of each of AWS's types the state holds."""
        kinds = (str(each["type"]) for each in self.resources())
        return Counter(kind for kind in kinds if kind.startswith("aws:"))

    def settings(self, **changed: Any) -> None:
        """Replace some of what the stack states under `shop:settings`."""
        path = self.project.root / self.file
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        content["config"]["shop:settings"] |= changed
        self.project.write(self.file, yaml.safe_dump(content, sort_keys=False))

    def stated(self) -> Any:
        """What the stack states under `shop:settings`."""
        path = self.project.root / self.file
        return yaml.safe_load(path.read_text(encoding="utf-8"))["config"]["shop:settings"]

    def client(self, service: str) -> Any:
        """A client of the cloud that it is in."""
        return boto3.client(service, **self.moto.connection())


def plugin() -> Path:
    """Where the provider's plugin is; skips the test where PATH has none."""
    found = shutil.which(AWS_PLUGIN)
    if found is None:
        pytest.skip(f"there is no {AWS_PLUGIN} on PATH that a test could lead to moto")
    return Path(found)


@contextmanager
def cloud(beside: Path, log: Path) -> Iterator[Moto]:
    """A moto of its own: the one beside the plugin, which fits it, or else the plain one.

    `log` is where it tells of its own failures.
    """
    server = beside.with_name("moto_server")
    if not server.exists():
        with serving() as plain:
            yield plain
        return
    port = free_port()
    foreign = ("MOTO_", "AWS_", "PYTHON", "COV_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    with log.open("wb") as told:
        process = subprocess.Popen(
            ["sh", "-c", _SERVE, str(server), str(port)],
            env=kept | {"PYTHONPATH": str(_MORE)},
            stdin=subprocess.PIPE,
            stdout=told,
            stderr=subprocess.STDOUT,
        )
    assert process.stdin is not None
    try:
        found = Moto(f"http://127.0.0.1:{port}", process.pid)
        _wait_for(found, process)
        yield found
    finally:
        process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


def _wait_for(moto: Moto, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        with suppress(httpx.HTTPError):
            CLIENT.get(f"{moto.url}/moto-api/", timeout=5)
            return
        time.sleep(0.1)
    raise AssertionError(f"{moto.url} does not serve after {START_S:.0f} s at most")


@contextmanager
def stack(folder: Path, name: str) -> Iterator[CloudStack]:
    """The stack `name` of a whole copy of the checkout, made and not up, in a cloud of its own."""
    beside = plugin()
    log = folder / "moto.log"
    with cloud(beside, log) as moto, opened(folder / "shop", whole=True) as project:
        engine = ensure(this_machine(CHECKOUT), Progress("engine"))
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PULUMI_", "AWS_"))}
        state, home, scratch = (folder / each for each in ("state", "home", "tmp"))
        for each in (state, home, scratch):
            each.mkdir()
        base = kept | moto.environment()
        env = pulumi_environment(project.root, name, base, engine.bin) | {
            BACKEND: state.as_uri(),
            PASSPHRASE: "",
            "PULUMI_HOME": str(home),
            "TMPDIR": str(scratch),  # where plugins keep what they were given
            "PULUMI_DEBUG_COMMANDS": "1",  # the engine offers --event-log only so
        }
        made = CloudStack(project, name, moto, env)
        settings = "".join(f"  {key}: {json.dumps(value)}\n" for key, value in PROVIDER.items())
        project.edit(made.file, "\nconfig:\n", f"\nconfig:\n{settings}")
        subprocess.run(
            ["pulumi", "stack", "init", name, "--non-interactive"],
            cwd=project.root,
            env=env,
            check=True,
            capture_output=True,
            timeout=60,
        )
        yield made
