"""A copy of the checkout in a folder of its own: its own state, socket and port follow from it."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from infra.local import launch
from infra.local.places import Places
from tests.support import project_processes as processes
from tests.support.steps import Step, read_steps

CHECKOUT = Path(__file__).resolve().parents[2]
FOLDERS = ("app", "infra", "stacks", "tools")
FILES = ("Makefile", "Pulumi.yaml", "pyproject.toml")
LIMIT_S = 150.0
CLIENT = httpx.Client(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))
_SHOWN = 40
QUIET_S = 20.0  # within which whatever an engine started has to be gone


@dataclass(frozen=True, slots=True)
class Ran:
    """One command: its exit code, all that it printed, and the engine's steps."""

    code: int
    output: str
    seconds: float
    steps: tuple[Step, ...] = ()
    drift: tuple[Step, ...] = ()

    @property
    def told(self) -> str:
        """What the engine says at the end, without its indentation."""
        after = self.output.rpartition("Diagnostics:\n")[2] or self.output
        return "\n".join(line.strip() for line in after.splitlines())

    def ok(self) -> "Ran":
        """Itself; fails when the command did: why comes first, then its end, then all of it."""
        assert self.code == 0, self._why()
        return self

    def _why(self) -> str:
        lines = self.output.splitlines()
        told = re.compile("error|fail|refused|denied", re.IGNORECASE)
        errors = [line for line in lines if told.search(line)]
        return "\n".join((
            f"exit code {self.code} after {self.seconds:.0f} s",
            *errors[:_SHOWN],
            f"--- the last of its {len(lines)} lines",
            *lines[-_SHOWN:],
            "--- all of them",
            *lines,
        ))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Project:
    """One copy of the checkout; `extra` is added to the variables of every command."""

    root: Path
    extra: dict[str, str]

    @property
    def places(self) -> Places:
        """Where its local cloud is."""
        return Places(self.root)

    @property
    def url(self) -> str:
        """Its address, if its settings name no port."""
        return f"http://127.0.0.1:{self.places.port}"

    def get(self, path: str = "/health", **options: Any) -> httpx.Response:
        """One request on a connection of its own."""
        return CLIENT.get(self.url + path, **{"timeout": 40, **options})

    def serves(self) -> bool:
        """Whether /health answers."""
        try:
            return self.get(timeout=5).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    # Commands.

    def env(self) -> dict[str, str]:
        """The caller's variables: the test's own, without those that Pulumi would read."""
        kept = {name: v for name, v in os.environ.items() if not name.startswith("PULUMI_")}
        # the engine offers --event-log only so
        return {**kept, "PULUMI_DEBUG_COMMANDS": "1", **self.extra}

    def start(self, module: str, *words: str, out: int | None = subprocess.PIPE) -> "Running":
        """Begin `python -m infra.cli.<module>` in a process group of its own."""
        process = subprocess.Popen(
            [self.root / ".venv" / "bin" / "python", "-m", f"infra.cli.{module}", *words],
            cwd=self.root,
            env=self.env(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        return Running(process, time.monotonic())

    def run(self, module: str, *words: str) -> Ran:
        """Run `python -m infra.cli.<module>` to its end."""
        return self.start(module, *words).finish()

    def up(self, *words: str) -> Ran:
        """`make up`."""
        return self._with_steps("up", *words)

    def preview(self, *words: str) -> Ran:
        """`make preview`."""
        return self._with_steps("preview", *words)

    def down(self) -> Ran:
        """`make down`."""
        return self.run("down")

    def shell(self, command: str) -> Ran:
        """`make shell CMD="…"`."""
        return self.run("shell", "--command", command)

    def _with_steps(self, module: str, *words: str) -> Ran:
        log = self.root.with_name(f"{self.root.name}-events.json")
        log.unlink(missing_ok=True)
        ran = self.run(module, "--event-log", str(log), *words)
        lines = log.read_text().splitlines() if log.exists() else []
        steps, drift = read_steps([json.loads(line) for line in lines if line])
        return Ran(ran.code, ran.output, ran.seconds, steps, drift)

    # Files.

    def write(self, name: str, text: str) -> None:
        """Put a file in place, whole."""
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(file.name + ".draft")
        draft.write_text(text, encoding="utf-8")
        draft.replace(file)

    def edit(self, name: str, old: str, new: str) -> None:
        """Change a text that stands in the file exactly once."""
        text = (self.root / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{name} holds {old!r} {text.count(old)} times"
        self.write(name, text.replace(old, new))

    def settings(self, text: str) -> None:
        """The stack file, with this under `shop:settings`."""
        body = "".join(f"    {line}\n" for line in text.splitlines())
        salt = (CHECKOUT / "stacks" / "Pulumi.local.yaml").read_text().rpartition("encryption")[2]
        self.write("stacks/Pulumi.local.yaml", f"config:\n  shop:settings:\n{body}encryption{salt}")

    def add(self, function: str, route: str) -> None:
        """Put one line for a function and one for its route into infra/shop.py."""
        self.edit("infra/shop.py", "FUNCTIONS = (\n", f"FUNCTIONS = (\n    Function({function}),\n")
        self.edit("infra/shop.py", "ROUTES = (\n", f"ROUTES = (\n    Route({route}),\n")

    def log(self) -> list[dict[str, Any]]:
        """Every line of its log. Raises ValueError for a line that is no JSON."""
        text = self.places.log.read_bytes() if self.places.log.exists() else b""
        return [json.loads(line) for line in text.splitlines()]

    # Processes.

    def processes(self) -> dict[int, str]:
        """All that run for it, by id."""
        return processes.of(self.root)

    def supervisors(self) -> list[int]:
        """Its supervisors: there should be one, or none."""
        return processes.named(self.root, "infra.local.runtime.supervisor")

    def visitors(self) -> dict[int, str]:
        """What runs besides the local cloud: engines, plugins, programs, commands."""
        cloud = ("infra.local.runtime.", "app.adapters.local.files")
        return {
            pid: words
            for pid, words in self.processes().items()
            if not any(each in words for each in cloud)
        }

    def wait_quiet(self) -> None:
        """Fail when something besides the local cloud goes on running."""
        try:
            processes.wait_for(lambda: not self.visitors(), QUIET_S, "no process besides the cloud")
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.visitors()}") from None

    def close(self) -> None:
        """End what it runs by id, and fail when the local cloud does not end by itself."""
        try:
            self.wait_quiet()
            launch.end(self.places)
            processes.wait_for(lambda: not self.processes(), 5, f"an end of {self.processes()}")
        finally:
            processes.kill(list(self.processes()))
            self.places.socket.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Running:
    """A command under way."""

    process: subprocess.Popen[str]
    began: float

    def finish(self, limit_s: float = LIMIT_S) -> Ran:
        """Its end. Kills it, and fails, when it takes longer than the limit."""
        try:
            output = self.process.communicate(timeout=limit_s)[0] or ""
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            output = self.process.communicate()[0] or ""
            raise AssertionError(f"no end within {limit_s:.0f} s:\n{output}") from None
        return Ran(self.process.returncode, output, time.monotonic() - self.began)

    def signal(self, number: int) -> None:
        """Signal the whole group, as a terminal does."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


SMALL = """\
FUNCTIONS = (
    Function(name="health", memory_mb=128, timeout_s=5),
)  # fmt: skip

ROUTES = (
    Route(method="GET", path="/health", function="health"),
)  # fmt: skip

TABLES: tuple[Table, ...] = ()
BUCKETS: tuple[Bucket, ...] = ()
QUEUES: tuple[Queue, ...] = ()
SCHEDULES: tuple[Schedule, ...] = ()
GRANTS: dict[str, tuple[tuple[ResourceKind, str, tuple[Action, ...]], ...]] = {}
EVERY_FUNCTION = FUNCTIONS

"""


def make(folder: Path, extra: dict[str, str] | None = None, *, whole: bool = False) -> Project:
    """Copy the checkout's files into a new folder; its packages are shared, its code is not.

    Without `whole` its shop has `GET /health` alone, for tests that are about how things change.
    """
    folder.mkdir(parents=True)
    caches = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")
    for name in FOLDERS:
        shutil.copytree(CHECKOUT / name, folder / name, ignore=caches)
    for name in FILES:
        shutil.copy2(CHECKOUT / name, folder / name)
    (folder / ".venv").symlink_to(CHECKOUT / ".venv", target_is_directory=True)
    project = Project(folder, extra or {})
    if not whole:
        text = (folder / "infra/shop.py").read_text(encoding="utf-8")
        head, _, rest = text.partition("FUNCTIONS = (\n")
        project.write("infra/shop.py", f"{head}{SMALL}NAMES = {{{rest.partition('NAMES = {')[2]}")
    return project


@contextmanager
def opened(
    folder: Path, extra: dict[str, str] | None = None, *, whole: bool = False
) -> Iterator[Project]:
    """A project that leaves no process behind."""
    project = make(folder, extra, whole=whole)
    try:
        yield project
    finally:
        project.close()
