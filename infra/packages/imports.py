"""Which pinned distributions a function's files import."""

import inspect
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import metadata
from pathlib import Path

from infra.closure import PACKAGE, SourceFile
from infra.packages.runtime import PackageError, Runtime
from infra.sources import Import, parse

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# distribution → the topmost modules in it; empty where it is not installed
Provided = Callable[[str], frozenset[str]]


@dataclass(frozen=True, slots=True, order=True)
class Foreign:
    """An import of a topmost `module` that is not app/'s own; an `optional` one may be missing."""

    module: str
    path: str
    line: int
    optional: bool


def foreign(files: Iterable[SourceFile]) -> tuple[Foreign, ...]:
    """All that these files import from outside of app/, sorted. Raises SourceError."""
    found = {
        Foreign(each.module.partition(".")[0], file.path, each.line, each.optional)
        for file in files
        if file.path.endswith(".py")
        for each in _imports(file.path, file.content)
    }
    return tuple(sorted(each for each in found if each.module not in {PACKAGE, ""}))


@lru_cache(maxsize=1024)  # functions share most of their files
def _imports(path: str, content: bytes) -> tuple[Import, ...]:
    return parse(path, content).imports


def normal(name: str) -> str:
    """A distribution's name in the one spelling by which names are compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(pyproject: Path, extra: str = "") -> tuple[str, ...]:
    """The distributions that pyproject.toml names as dependencies, and those of one extra.

    The tools that drive the clouds are no libraries: those of Pulumi are left out.
    """
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    stated = [*project["dependencies"], *project["optional-dependencies"].get(extra, ())]
    names = (normal(found.group()) for each in stated if (found := _NAME.match(each)))
    return tuple(name for name in names if name.partition("-")[0] != "pulumi")


@cache
def provided(distribution: str) -> frozenset[str]:
    """The topmost modules of a distribution that is installed here; empty where it is not."""
    try:
        found = metadata.distribution(distribution)
    except metadata.PackageNotFoundError:
        return frozenset()
    stated = (found.read_text("top_level.txt") or "").split()
    if stated:
        return frozenset(stated)
    tops = (
        file.parts[0] if len(file.parts) > 1 else inspect.getmodulename(file.name) or ""
        for file in found.files or ()
    )
    return frozenset(top for top in tops if top.isidentifier())


def distributions(
    imports: Iterable[Foreign],
    runtime: Runtime,
    names: Iterable[str],
    provides: Provided = provided,
) -> tuple[str, ...]:
    """The distributions among `names` that these imports need, sorted. Raises PackageError."""
    owners: dict[str, set[str]] = {}
    for name in names:
        for module in provides(name):
            owners.setdefault(module, set()).add(name)
    return tuple(sorted(set(_owned(imports, runtime, owners))))


def _owned(
    imports: Iterable[Foreign], runtime: Runtime, owners: Mapping[str, Iterable[str]]
) -> Iterator[str]:
    for each in imports:
        if each.module in runtime.stdlib or each.module in runtime.ships:
            continue
        if each.module in owners:
            yield from owners[each.module]
        elif not each.optional:
            raise PackageError(
                f"{each.path}:{each.line}",
                f"imports {each.module}",
                f"{runtime.title} does not have it and no dependency in pyproject.toml brings it, "
                "so every function that loads this file would fail at its start",
                "add its package to `dependencies` in pyproject.toml, then: make lock setup; "
                "or take the import out",
            )
