"""Folders that appear whole or not at all, whoever else makes the same, and that go when old."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from pathlib import Path

from infra.closure import SourceFile


def whole(target: Path, make: Callable[[Path], None]) -> Path:
    """The folder `target`; where it does not stand, `make` fills a draft that becomes it.

    A standing one is left as it is, and nobody may edit it: its name is a promise of what it holds.
    Raises OSError, and whatever `make` raises.
    """
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=target.parent))
    try:
        make(draft)
        draft.rename(target)
    except OSError:
        if not target.is_dir():  # else somebody was faster, with the same files
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target


def write(files: Iterable[SourceFile], folder: Path) -> None:
    """Put these files into a folder, with the same modes whatever the umask. Raises OSError."""
    for file in files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
        path.chmod(0o644)
    for above, _, _ in os.walk(folder):
        Path(above).chmod(0o755)


def paths(folder: Path) -> list[str]:
    """The paths of all files below a folder, with `/`, sorted."""
    found = (
        Path(above, name).relative_to(folder).as_posix()
        for above, _, names in os.walk(folder)
        for name in names
    )
    return sorted(found)


def read(folder: Path) -> tuple[SourceFile, ...]:
    """All files below a folder, sorted by path. Raises OSError."""
    return tuple(SourceFile(path, (folder / path).read_bytes()) for path in paths(folder))


def touch(folder: Path) -> Path:
    """Note that a folder is in use now, so that it is not pruned soon."""
    with suppress(OSError):  # it is somebody else's
        os.utime(folder)
    return folder


def prune(destination: Path, keep: Collection[str], older_than_s: float) -> None:
    """Remove what was last used longer ago than this and does not bear one of the names to keep."""
    for folder in destination.iterdir():
        with suppress(OSError):  # somebody else was faster
            if folder.name not in keep and time.time() - folder.stat().st_mtime > older_than_s:
                shutil.rmtree(folder)
