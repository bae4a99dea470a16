"""Every file of app/ that some modules need, found by following their imports."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from infra.errors import Problem
from infra.sources import Import, ImportMissingError, Source, SourceCache

PACKAGE = "app"


@dataclass(frozen=True, slots=True, order=True)
class SourceFile:
    """One file of a function's code: its path from the root with `/`, and its bytes."""

    path: str
    content: bytes


def closure(
    root: Path, modules: Iterable[str], cache: SourceCache | None = None
) -> tuple[SourceFile, ...]:
    """The files of app/ that these modules import, sorted. Raises SourceError, ImportMissingError.

    Imports inside functions count; those under `if TYPE_CHECKING` do not. Only Python files are
    found, and only by import statements: a module imported by a computed name is not.
    """
    finder = _Finder(root, cache or SourceCache())
    for module in modules:
        finder.need(Import(module, (), 0, optional=False), importer=module)
    while finder.pending:
        source = finder.pending.pop()
        for wanted in source.imports:
            finder.need(wanted, source.path)
    return tuple(sorted(SourceFile(path, found.content) for path, found in finder.found.items()))


class _Finder:
    """The files found so far, and those whose imports are still to be followed."""

    def __init__(self, root: Path, cache: SourceCache) -> None:
        self.found: dict[str, Source] = {}
        self.pending: list[Source] = []
        self._root = root
        self._cache = cache
        self._modules: dict[str, Source | None] = {}

    def need(self, wanted: Import, importer: str) -> None:
        """Take in what an import statement loads. Raises ImportMissingError."""
        if wanted.module.startswith("."):
            raise _missing(wanted, importer, wanted.module)
        if wanted.module.partition(".")[0] != PACKAGE:
            return
        parts = wanted.module.split(".")
        for depth in range(1, len(parts) + 1):
            name = ".".join(parts[:depth])
            if not self._load(name):
                if wanted.optional:
                    return
                raise _missing(wanted, importer, name)
        source = self._modules[wanted.module]
        for name in wanted.names:
            whole = f"{wanted.module}.{name}"
            # an attribute of the module, unless there is a module of that name below it
            if source is None or source.package:
                loaded = self._load(whole)
                if not (loaded or wanted.optional or source is not None):
                    raise _missing(wanted, importer, whole)

    def _load(self, name: str) -> bool:
        """Whether there is such a module; None stands for a folder without an `__init__.py`."""
        if name in self._modules:
            return True
        path = name.replace(".", "/")
        source = self._cache.read(self._root, f"{path}/__init__.py")
        source = source or self._cache.read(self._root, f"{path}.py")
        if source is not None:
            self.found[source.path] = source
            self.pending.append(source)
        elif not (self._root / path).is_dir():
            return False
        self._modules[name] = source
        return True


def _missing(wanted: Import, importer: str, module: str) -> ImportMissingError:
    where = f"{importer}:{wanted.line}" if wanted.line else importer
    return ImportMissingError(
        Problem(
            where,
            f"imports {module}, which does not exist",
            "every function that loads this file would fail at its start",
            f"create {module.replace('.', '/')}.py or correct the import"
            if not module.startswith(".")
            else "take dots away: they reach above the topmost package",
        )
    )
