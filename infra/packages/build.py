"""A function's whole package: its files of app/ and its libraries, in one clean folder.

bundle → imports → pins → libraries → `.shop/packages/<fingerprint>`. The fingerprint is of paths
and contents, and equal inputs give equal ones in any checkout, at any time, under any umask. It is
one flat folder, the first that the runtime looks in for an import.
"""

import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from infra import bundle, folders
from infra.closure import SourceFile
from infra.errors import Problem, Refused
from infra.local.places import Places, private_folder
from infra.packages.bytecode import Bytecode, compile_all
from infra.packages.imports import declared, distributions, foreign
from infra.packages.libraries import Libraries
from infra.packages.pins import CONSTRAINTS, Requirements, pins, requirements
from infra.packages.runtime import PackageError, Runtime
from infra.packages.tools import Tools

_LIBRARIES, _COMPILED = "libraries", "compiled"
_DAY_S: Final = 86_400
_MB: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Package:
    """What one function gets: the folder to deploy, what the runtime calls in it, sizes in bytes.

    `libraries` are the distributions that the function imports.
    """

    function: str
    handler: str
    folder: Path
    fingerprint: str
    libraries: tuple[str, ...]
    app_bytes: int
    library_bytes: int


def packages_folder(root: Path) -> Path:
    """Where the packages of the checkout at `root` are kept."""
    return Places(root).state / "packages"


def build(
    root: Path,
    bundles: Mapping[str, bundle.Bundle],
    runtime: Runtime,
    tools: Tools,
    *,
    bytecode: Bytecode = "none",
    offline: bool = False,
    fetch: str = "make setup",
) -> dict[str, Package]:
    """The package of each function, by its name; those not used for long are removed.

    The first time its libraries are installed, from uv's cache or, unless `offline`, from the
    index; `fetch` is the command that does so beforehand. Raises Refused with every problem.
    """
    private_folder(Places(root).state)
    folder = packages_folder(root)
    try:
        compiler = tools.compiler(runtime.python) if bytecode == "required" else None
    except PackageError as error:
        raise Refused("packages", [error.problem]) from error
    libraries = Libraries(folder / _LIBRARIES, runtime, compiler, tools, offline, fetch)
    known = pins((root / CONSTRAINTS).read_text(encoding="utf-8"))
    names = declared(root / "pyproject.toml", runtime.extra)
    found: dict[str, Package] = {}
    wanted: list[Requirements] = []
    problems: dict[Problem, None] = {}  # what stops two functions is told once
    for name, code in bundles.items():
        try:
            needs = requirements(known, distributions(foreign(code.files), runtime, names))
            own = _compiled(folder / _COMPILED, code.files, libraries)
            package = _staged(folder, name, code.handler, own, needs, libraries)
        except bundle.BundleError as error:
            problems[error.problem] = None
        else:
            wanted.append(needs)
            found[name] = package
            problems |= dict.fromkeys(_too_large(package, runtime))
    if problems:
        raise Refused("packages", problems)
    _prune(folder, found, {libraries.key(each) for each in wanted})
    return found


def _compiled(
    folder: Path, files: tuple[SourceFile, ...], libraries: Libraries
) -> tuple[SourceFile, ...]:
    """The files, with their compiled forms where these are required. Raises BundleError."""
    compiler = libraries.compiler
    if compiler is None:
        return files
    key = sha256(f"{compiler.version} {bundle.fingerprint(files)}".encode()).hexdigest()
    sources = [file.path for file in files if file.path.endswith(".py")]

    def make(draft: Path) -> None:
        folders.write(files, draft)
        compile_all(draft, sources, compiler, libraries.tools)

    try:
        return folders.read(folders.touch(folders.whole(folder / key, make)))
    except OSError as error:
        raise bundle.StagingError(bundle.staging_problem(folder, error, files)) from error


def _staged(
    folder: Path,
    name: str,
    handler: str,
    own: tuple[SourceFile, ...],
    needs: Requirements,
    libraries: Libraries,
) -> Package:
    """The package, put in place. Raises BundleError."""
    theirs = libraries.files(needs)
    if both := {file.path for file in own} & {file.path for file in theirs}:
        raise PackageError(
            min(both),
            f"a library among {', '.join(needs.names)} has such a file too",
            f"one of the two would be missing from the package of {name}",
            "rename ours",
        )
    files = (*own, *theirs)
    _mend(folder / bundle.fingerprint(files))
    staged = folders.touch(bundle.stage(files, folder))
    return Package(name, handler, staged, staged.name, needs.names, _bytes(own), _bytes(theirs))


def _mend(staged: Path) -> None:
    """Take away a package that is no longer what its name says: Python itself writes into it."""
    if not staged.is_dir():
        return
    with suppress(OSError):
        if bundle.fingerprint(folders.read(staged)) == staged.name:
            return
    shutil.rmtree(staged, ignore_errors=True)


def _bytes(files: Iterable[SourceFile]) -> int:
    return sum(len(file.content) for file in files)


def _too_large(package: Package, runtime: Runtime) -> Iterable[Problem]:
    total = package.app_bytes + package.library_bytes
    if total > runtime.limit_mb * _MB:
        yield Problem(
            f"functions.{package.function}",
            f"a package of {total / _MB:.1f} MB, {', '.join(package.libraries) or 'no libraries'}",
            f"{runtime.title} takes {runtime.limit_mb} MB, unpacked, and would refuse it",
            "take a library out, or move what needs it into a function of its own",
        )


def _prune(folder: Path, found: Mapping[str, Package], keys: set[str]) -> None:
    """Remove what was not used for a day; libraries, which cost a download, after a month."""
    keep = {_LIBRARIES, _COMPILED, *(package.fingerprint for package in found.values())}
    for each, kept, days in (
        (folder, keep, 1), (folder / _COMPILED, (), 1), (folder / _LIBRARIES, keys, 30),
    ):  # fmt: skip
        if each.is_dir():
            bundle.prune(each, kept, days * _DAY_S)
