"""Every file of app/ that some modules need: by their imports, and by two rules beside these.

A port (`app/ports/tables.py`) brings its adapter of the kind that is asked for
(`app/adapters/local/tables.py`) and what is common to all kinds (`app/adapters/common/tables.py`),
where there are such files: `app/bootstrap.py` imports adapters by computed names, so that a
function carries those of the ports it imports and no other. And a module brings the files that bear
its name with another ending: `app/handlers/docs.py` brings `docs.html`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from infra.errors import Problem
from infra.sources import Import, ImportMissingError, Source, SourceCache, file_names

PACKAGE = "app"
_PYTHON = frozenset({"py", "pyc", "pyd", "pyi", "pyo", "so"})


@dataclass(frozen=True, slots=True, order=True)
class SourceFile:
    """One file of a function's code: its path from the root with `/`, and its bytes."""

    path: str
    content: bytes


def closure(
    root: Path,
    modules: Iterable[str],
    cache: SourceCache | None = None,
    adapters: str = "local",
) -> tuple[SourceFile, ...]:
    """The files of app/ that these modules need, sorted. Raises SourceError, ImportMissingError.

    Imports inside functions count; those under `if TYPE_CHECKING` do not, nor does a module that
    is imported by a computed name, except for the `adapters` of a port.
    """
    finder = _Finder(root, cache or SourceCache())
    for module in modules:
        finder.need(Import(module, (), 0, optional=False), importer=module)
    while finder.pending:
        source = finder.pending.pop()
        for wanted in source.imports:
            finder.need(wanted, source.path)
        for module in _adapters(source.path, adapters):
            if finder.stands(module):
                finder.need(Import(module, (), 0, optional=False), source.path)
        finder.beside(source.path)
    return tuple(sorted(SourceFile(path, found.content) for path, found in finder.found.items()))


def _adapters(path: str, kind: str) -> Iterator[str]:
    """The modules that carry out the port at `path`, if it is one; they need not exist."""
    folder, _, file = path.rpartition("/")
    if folder == f"{PACKAGE}/ports" and file != "__init__.py":
        for of in (kind, "common"):
            yield f"{PACKAGE}.adapters.{of}.{file.removesuffix('.py')}"


class _Finder:
    """The files found so far, and those whose imports are still to be followed."""

    def __init__(self, root: Path, cache: SourceCache) -> None:
        self.found: dict[str, Source] = {}
        self.pending: list[Source] = []
        self._root = root
        self._cache = cache
        self._modules: dict[str, Source | None] = {}
        self._folders: dict[str, list[str]] = {}

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

    def stands(self, module: str) -> bool:
        """Whether a module has a file. Raises SourceError."""
        return self._read(module.replace(".", "/")) is not None

    def beside(self, path: str) -> None:
        """Take in the files that bear a module's name with another ending. Raises SourceError."""
        folder, _, file = path.rpartition("/")
        if folder not in self._folders:
            self._folders[folder] = file_names(self._root, folder)
        stem = file.removesuffix(".py")
        for name in self._folders[folder]:
            found, _, ending = name.rpartition(".")
            if found == stem and ending.isalnum() and ending not in _PYTHON:
                source = self._cache.read(self._root, f"{folder}/{name}")
                if source is not None:  # it may have gone since
                    self.found[source.path] = source

    def _load(self, name: str) -> bool:
        """Whether there is such a module; None stands for a folder without an `__init__.py`."""
        if name in self._modules:
            return True
        path = name.replace(".", "/")
        source = self._read(path)
        if source is not None:
            self.found[source.path] = source
            self.pending.append(source)
        elif not (self._root / path).is_dir():
            return False
        self._modules[name] = source
        return True

    def _read(self, path: str) -> Source | None:
        """The file of a module, which a package of its name goes before, as in Python."""
        found = self._cache.read(self._root, f"{path}/__init__.py")
        return found or self._cache.read(self._root, f"{path}.py")


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
