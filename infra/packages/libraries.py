"""The libraries of a function for a runtime: installed once, looked at, and kept.

requirements and runtime → a key → `libraries/<key>`, a folder that appears whole. Where it stands
nothing is run and no network is needed; else uv installs from its cache, then from the index.
"""

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from infra import folders
from infra.bundle import StagingError, staging_problem
from infra.cli.commands import Finished, explain
from infra.closure import SourceFile
from infra.packages import contents
from infra.packages.binaries import mismatch
from infra.packages.bytecode import compile_all
from infra.packages.pins import CONSTRAINTS, Requirements
from infra.packages.runtime import PackageError, Runtime
from infra.packages.tools import Compiler, Tools

_DIRECT, _OTHERS = ".direct.txt", ".others.txt"
_RULES: Final = 2  # counts up when other files of a library are kept, or are kept otherwise
_LIMIT_S: Final = 300
_NO_WHEEL: Final = ("has no usable wheels", "no wheels with", "building from source is disabled")
_NOT_CACHED: Final = ("network was disabled", "network connectivity is disabled")


@dataclass(frozen=True, slots=True)
class Libraries:
    """Where libraries are kept, what they are made for and by; a `compiler` compiles them too."""

    folder: Path
    runtime: Runtime
    compiler: Compiler | None
    tools: Tools
    offline: bool = False
    fetch: str = "make setup"

    def key(self, wanted: Requirements) -> str:
        """The name of the folder that holds these: a digest of all that decides its contents."""
        runtime = self.runtime
        made_for = [runtime.python, runtime.system, runtime.machine, runtime.platform]
        compiled_by = self.compiler.version if self.compiler else None
        decisive = [_RULES, made_for, compiled_by, wanted.direct, wanted.others]
        return sha256(json.dumps(decisive).encode()).hexdigest()

    def files(self, wanted: Requirements) -> tuple[SourceFile, ...]:
        """The files of these libraries, sorted; installs them first if need be.

        Raises PackageError.
        """
        if not wanted.names:
            return ()
        target = self.folder / self.key(wanted)
        try:
            made = folders.whole(target, lambda draft: self._make(wanted, draft))
            return folders.read(folders.touch(made))
        except OSError as error:
            raise StagingError(staging_problem(self.folder, error, ())) from error

    def _make(self, wanted: Requirements, draft: Path) -> None:
        self._install(wanted, draft)
        _clean(draft)
        self._check(wanted, draft)
        if self.compiler:
            sources = [path for path in folders.paths(draft) if path.endswith(".py")]
            compile_all(draft, sources, self.compiler, self.tools)

    def _install(self, wanted: Requirements, draft: Path) -> None:
        (draft / _DIRECT).write_text(wanted.direct, encoding="utf-8")
        (draft / _OTHERS).write_text(wanted.others, encoding="utf-8")
        runtime = self.runtime
        command = [
            *(self.tools.uv, "pip", "install", "--python", self.tools.python),
            *("--target", ".", "--python-version", runtime.python),
            *(("--python-platform", runtime.platform) if runtime.platform else ()),
            *("--only-binary", ":all:", "--require-hashes", "--no-compile-bytecode"),
            # files of the cache must not change with those of a package; relative, since uv takes a
            # blank in -c for the end of a path
            *("--link-mode", "copy", "-r", _DIRECT),
            # what is left out of a library is a requirement that uv would insist on
            *(("--no-deps", "-r", _OTHERS) if wanted.cut else ("-c", _OTHERS)),
        ]
        what = f"{', '.join(wanted.names)} for {runtime.title}"
        ended = self.tools.do(what, [*command, "--offline"], cwd=draft, limit_s=_LIMIT_S)
        if not ended.ok and not self.offline:
            self.tools.progress.say(f"fetching {what}")
            ended = self.tools.do(what, command, cwd=draft, limit_s=_LIMIT_S)
        if not ended.ok:
            raise self._failed(wanted, ended)

    def _failed(self, wanted: Requirements, ended: Finished) -> PackageError:
        names = ", ".join(wanted.names)
        text = " ".join(ended.output.split())
        consequence = f"no function that imports {names} can be packed for {self.runtime.title}"
        if self.offline and any(words in text.lower() for words in _NOT_CACHED):
            value = f"the wheels of {names} are not on this machine, and the network was not asked"
            return PackageError("packages", value, consequence, f"fetch them once by: {self.fetch}")
        if any(words in text for words in _NO_WHEEL):
            hint = next((part for part in text.split("Because ") if _NO_WHEEL[0] in part), text)
            return PackageError(
                CONSTRAINTS,
                f"there is no wheel for {self.runtime.title}: {hint[:300]}",
                f"{consequence}, since nothing is ever built from sources",
                "pin a version that has such a wheel (make lock), or import another library",
            )
        reason = ended.stopped or explain(ended.output)
        remedy = f"mend that, then: {self.fetch}"
        return PackageError("packages", f"uv could not install: {reason}", consequence, remedy)

    def _check(self, wanted: Requirements, made: Path) -> None:
        """Refuse libraries that the runtime cannot load: an installer's word is not enough."""
        for file in folders.read(made):
            if why := mismatch(file.path, file.content, self.runtime):
                raise PackageError(
                    file.path,
                    why,
                    f"{self.runtime.title} cannot load it, so every function that imports "
                    f"{', '.join(wanted.names)} would fail at its start",
                    f"run `{self.tools.uv} cache clean`, then again; if it stays so, pin a version "
                    "whose wheel holds what its name says",
                )


def _clean(made: Path) -> None:
    """Remove what no function needs."""
    for path in folders.paths(made):
        if not contents.needed(path):
            (made / path).unlink()
    for folder in sorted((each for each in made.rglob("*") if each.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()
