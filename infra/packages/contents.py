"""Which files of an installed library a function needs."""

from typing import Final

from infra.packages.cuts import left_out

# What only type checkers, compilers, installers and people read.
_ENDINGS: Final = (".pyi", ".h", ".hpp", ".c", ".cpp", ".pyx", ".pxd", ".pyc", "/py.typed")
_FOLDERS: Final = frozenset({"__pycache__", "tests"})
_METADATA: Final = frozenset({"METADATA", "entry_points.txt"})  # for importlib.metadata


def needed(path: str) -> bool:
    """Whether a file that an installer put at `path` is of use when the function runs."""
    folder, _, name = path.rpartition("/")
    parts = folder.split("/")
    if path.startswith(".") or left_out(path):  # with a dot, the installer's own
        return False
    if parts[0].endswith(".dist-info"):
        return len(parts) == 1 and name in _METADATA
    return not (parts[0] == "bin" or _FOLDERS & set(parts) or path.endswith(_ENDINGS))
