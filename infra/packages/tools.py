"""What building takes from the machine: uv, interpreters, and how commands are run."""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.cli.commands import Command, Finished, Progress, Runner, run
from infra.cli.machine import for_installers
from infra.packages.runtime import PackageError

_VERSION = "import platform; print(platform.python_implementation(), platform.python_version())"
_QUICK_S = 60


@dataclass(frozen=True, slots=True)
class Compiler:
    """An interpreter that compiles: its program, and its whole version, as `3.13.1`."""

    program: Path
    version: str


@dataclass(frozen=True, slots=True)
class Tools:
    """The machine that builds; `python` runs this and `uv` stands beside it."""

    env: Mapping[str, str]
    uv: Path
    python: Path
    runner: Runner
    progress: Progress

    @property
    def _environment(self) -> dict[str, str]:
        """The caller's variables, less those that would turn Python or uv elsewhere.

        A seed, since the order of sets in compiled code follows it.
        """
        kept = {k: v for k, v in self.env.items() if k[:6] != "PYTHON" and k != "VIRTUAL_ENV"}
        return for_installers({**kept, "PYTHONHASHSEED": "0"})

    def do(self, what: str, command: Command, cwd: Path, limit_s: float) -> Finished:
        """Run a command, and say that it still runs when it takes long."""
        return self.runner(
            command,
            env=self._environment,
            cwd=cwd,
            limit_s=limit_s,
            on_tick=lambda: self.progress.maybe(f"{what}: still at it"),
        )

    def compiler(self, version: str) -> Compiler:
        """A CPython of this version (`3.13`). Raises PackageError.

        A program on PATH may be a version manager's stand-in for none: each is started.
        """
        for program in self._candidates(version):
            said = self.runner(
                [program, "-I", "-S", "-c", _VERSION], env=self._environment, limit_s=_QUICK_S
            )
            implementation, _, whole = said.output.strip().partition(" ")
            if said.ok and implementation == "CPython" and whole.startswith(f"{version}."):
                return Compiler(program, whole)
        raise PackageError(
            "bytecode",
            f"required, but no Python {version} is on this machine",
            "only that interpreter can compile what it loads, so no package was built",
            f"install it (uv python install {version}, or your system's packages), "
            "or write `bytecode: none`: then each cold start compiles the code itself",
        )

    def _candidates(self, version: str) -> Iterator[Path]:
        name = f"python{version}"
        yield self.python
        for folder in self.env.get("PATH", os.defpath).split(os.pathsep):
            if found := shutil.which(name, path=folder):
                yield Path(found)
        # version managers keep their interpreters side by side
        beside = Path(sys.base_prefix).parent.glob(f"*/bin/{name}")
        yield from sorted(each for each in beside if each.is_file())
        asked = self.runner(
            [self.uv, "python", "find", "--no-project", "--offline", "--managed-python", version],
            env=self._environment,
            limit_s=_QUICK_S,
        )
        if asked.ok:
            yield Path(asked.output.strip().splitlines()[-1])


def this_machine(title: str = "packages") -> Tools:
    """The tools of the environment that runs this."""
    python = Path(sys.executable)
    return Tools(os.environ, python.with_name("uv"), python, run, Progress(title))
