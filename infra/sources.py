"""What one source file of app/ imports and defines, read without running it.

BundleError              the code of a function cannot be put together (problem says how to mend it)
├── SourceError          a file that Python cannot read: syntax, encoding, permissions
├── HandlerMissingError  the function's module, or what it needs in it, does not exist
├── ImportMissingError   a file imports a module of the project that does not exist
└── StagingError         the folder for the code cannot be written
"""

import ast
import gc
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from infra.errors import PlatformError, Problem

# Two edits within one tick of the file system's clock leave the same time behind.
_CLOCK_TICK_NS = 20_000_000


class BundleError(PlatformError):
    """The code of a function cannot be put together; nothing was changed."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem).strip())


class SourceError(BundleError):
    """A source file that Python cannot read."""


class HandlerMissingError(BundleError):
    """The function's module does not exist, or lacks what the function needs in it."""


class ImportMissingError(BundleError):
    """A source file imports a module of the project that does not exist."""


class StagingError(BundleError):
    """The folder for the code cannot be written."""


@dataclass(frozen=True, slots=True)
class Import:
    """One import statement: `import module`, or `from module import names` (both absolute).

    An `optional` one stands in a try block, so that its module need not exist.
    """

    module: str
    names: tuple[str, ...]
    line: int
    optional: bool


@dataclass(frozen=True, slots=True)
class Source:
    """One file: its path from the root with `/`, its bytes, its imports, its top-level names.

    `names` is None when they cannot be told from the text: a star import or a `__getattr__`.
    """

    path: str
    content: bytes
    imports: tuple[Import, ...]
    names: frozenset[str] | None

    @property
    def package(self) -> bool:
        """Whether modules may stand below this one."""
        return self.path.endswith("/__init__.py")


class SourceCache:
    """Files already parsed, kept as long as their time, size and inode stay the same."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[tuple[int, int, int], Source]] = {}

    def read(self, root: Path, path: str) -> Source | None:
        """The file at `path` below `root`, or None when there is none. Raises SourceError."""
        file = root / path
        try:
            state = file.stat()
            stamp = (state.st_mtime_ns, state.st_size, state.st_ino)
            known = self._known.get(file)
            if known is not None and known[0] == stamp:
                return known[1]
            content = file.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _refused(path, error, "make it a file that this user may read") from error
        # what is no Python comes along as it is
        source = parse(path, content) if path.endswith(".py") else Source(path, content, (), None)
        if time.time_ns() - state.st_mtime_ns > _CLOCK_TICK_NS:
            self._known[file] = (stamp, source)
        return source


def file_names(root: Path, folder: str) -> list[str]:
    """The names of the files in a folder below `root`. Raises SourceError."""
    try:
        return [each.name for each in (root / folder).iterdir() if each.is_file()]
    except OSError as error:
        raise _refused(folder, error, "make it a folder that this user may list") from error


def _refused(path: str, error: OSError, remedy: str) -> SourceError:
    consequence = "the functions that need this file cannot be put together"
    return SourceError(Problem(path, error.strerror or str(error), consequence, remedy))


def parse(path: str, content: bytes) -> Source:
    """The file's imports and names. Raises SourceError with the line and Python's own words."""
    try:
        tree = syntax_tree(path, content)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise SourceError(_unreadable(path, content, error)) from error
    module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    is_package = path.endswith("/__init__.py")
    base = module if is_package else module.rpartition(".")[0]
    imports: list[Import] = []
    names: set[str] = set()
    for statement, top, optional in _statements(tree.body):
        if isinstance(statement, ast.Import | ast.ImportFrom):
            imports.extend(_imports(statement, base, optional=optional))
        if top:
            names.update(_defined(statement))
    unknown = "*" in names or "__getattr__" in names
    return Source(path, content, tuple(imports), None if unknown else frozenset(names))


def syntax_tree(path: str, content: bytes) -> ast.Module:
    """Python's syntax tree of the file. Raises what `ast.parse` raises."""
    # Before 3.11.8 a parse breaks when the collection of garbage in its midst parses, too, as the
    # traceback of a forgotten exception does (python/cpython#106905).
    collecting = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(content, path)
    finally:
        if collecting:
            gc.enable()


def _unreadable(path: str, content: bytes, error: BaseException) -> Problem:
    consequence = "no function that needs this file can be put together"
    if isinstance(error, SyntaxError):
        line = f":{error.lineno}" if error.lineno else ""
        words = error.msg
    else:
        line, words = "", str(error) or type(error).__name__
    try:
        content.decode()
    except UnicodeDecodeError as undecodable:
        if "unicode" in words or "decode" in words or "codec" in words:
            row = content[: undecodable.start].count(b"\n") + 1
            line = f":{row}"
            return Problem(path + line, f"not UTF-8: {words}", consequence, "save it as UTF-8")
    python = f"Python {sys.version_info.major}.{sys.version_info.minor}"
    return Problem(path + line, words, consequence, f"correct it so that {python} can read it")


def _statements(
    body: Iterable[ast.stmt], *, top: bool = True, optional: bool = False
) -> Iterator[tuple[ast.stmt, bool, bool]]:
    """Every statement that may run, whether at module level, and whether inside a try block."""
    for node in body:
        yield node, top, optional
        inner = top and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        tries = isinstance(node, ast.Try | ast.TryStar) and bool(node.handlers)
        if not (isinstance(node, ast.If) and _is_type_checking(node.test)):
            yield from _statements(getattr(node, "body", ()), top=inner, optional=optional or tries)
        for part in ("orelse", "finalbody"):
            yield from _statements(getattr(node, part, ()), top=inner, optional=optional)
        for part in ("handlers", "cases"):
            for arm in getattr(node, part, ()):
                yield from _statements(arm.body, top=inner, optional=optional)


def _is_type_checking(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    return name == "TYPE_CHECKING"


def _imports(node: ast.Import | ast.ImportFrom, base: str, *, optional: bool) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(alias.name, (), node.lineno, optional)
        return
    module = node.module or ""
    if node.level:
        above = base.split(".")
        kept = above[: len(above) - node.level + 1]
        # a package above the topmost one does not exist, and its name says how that came about
        module = ".".join([*kept, *filter(None, [module])]) if kept else "." * node.level + module
    yield Import(module, tuple(alias.name for alias in node.names), node.lineno, optional)


def _defined(node: ast.stmt) -> Iterator[str]:
    """The names that a statement of the module's level defines."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.Import():
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        case ast.ImportFrom():
            yield from (alias.asname or alias.name for alias in node.names)
        case ast.Assign():
            yield from _targets(node.targets)
        case ast.AnnAssign() if node.value is not None:
            yield from _targets([node.target])


def _targets(targets: Iterable[ast.expr]) -> Iterator[str]:
    for target in targets:
        yield from (
            found.id
            for found in ast.walk(target)
            if isinstance(found, ast.Name) and isinstance(found.ctx, ast.Store)
        )
