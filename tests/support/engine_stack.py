"""A cloud's stack that the real engine runs, in a copy of the checkout, on plugins from PATH."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.cli.commands import Progress
from infra.cli.engine import ensure, this_machine
from infra.cli.environment import BACKEND, PASSPHRASE, pulumi_environment
from tests.support.project import CHECKOUT, Project, Ran, Running, opened
from tests.support.steps import read_steps

LIMIT_S = 400.0


@dataclass(frozen=True, slots=True)
class EngineStack:
    """One stack of a copy of the checkout; `provider` is whose resources are counted."""

    project: Project
    name: str
    env: Mapping[str, str]
    provider: str

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
        """How many resources of each of the provider's types the state holds."""
        kinds = (str(each["type"]) for each in self.resources())
        return Counter(kind for kind in kinds if kind.startswith(f"{self.provider}:"))

    def rename_table(self, old: str, new: str) -> None:
        """Have a table be called otherwise in the copy, wherever its name stands."""
        root = self.project.root
        for file in (root / "infra" / "shop.py", *(root / "app" / "handlers").glob("*.py")):
            text = file.read_text(encoding="utf-8")
            if f'"{old}"' in text:
                renamed = text.replace(f'"{old}"', f'"{new}"')
                self.project.write(file.relative_to(root).as_posix(), renamed)

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


def plugin(provider: str) -> Path:
    """Where the provider's plugin is; skips the test where PATH has none."""
    called = f"pulumi-resource-{provider}"
    found = shutil.which(called)
    if found is None:
        pytest.skip(f"there is no {called} on PATH that a test could use")
    return Path(found)


@contextmanager
def made(
    folder: Path, name: str, provider: str, variables: Mapping[str, str]
) -> Iterator[EngineStack]:
    """The stack `name` of a whole copy of the checkout, made and not up.

    `variables` are what it has of the cloud's; those of the caller are not handed on.
    """
    with opened(folder / "shop", whole=True) as project:
        engine = ensure(this_machine(CHECKOUT), Progress("engine"))
        theirs = ("PULUMI_", "AWS_", "ALICLOUD_", "ALIBABA_CLOUD_")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(theirs)}
        state, home, scratch = (folder / each for each in ("state", "home", "tmp"))
        for each in (state, home, scratch):
            each.mkdir()
        env = pulumi_environment(project.root, name, {**kept, **variables}, engine.bin) | {
            BACKEND: state.as_uri(),
            PASSPHRASE: "",
            "PULUMI_HOME": str(home),
            "PULUMI_DEBUG_COMMANDS": "1",  # the engine offers --event-log only so
        }
        subprocess.run(
            ["pulumi", "stack", "init", name, "--non-interactive"],
            cwd=project.root,
            env=env,
            check=True,
            capture_output=True,
            timeout=60,
        )
        yield EngineStack(project, name, env, provider)
