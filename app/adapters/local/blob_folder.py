"""A bucket's folder: bytes in files that never change, and a database that says which are blobs.

A blob is written to a file of its own, which is nobody's until one transaction puts its name under
the key. So a blob is there whole or not at all, and whoever dies leaves at most a file that `tidy`
removes.
"""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from app.adapters.local.database import Database, Durability
from app.adapters.local.drafts import Draft, sync_folder, translated
from app.domain.ids import is_id, new_id
from app.ports.blobs import Blob
from app.ports.errors import (
    BlobMissingError,
    ConditionFailedError,
    ResourceMissingError,
    UnavailableError,
)

# files may be shared by keys (see copy): one goes when no row has it any more
_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    key TEXT PRIMARY KEY,
    file TEXT NOT NULL,
    size INTEGER NOT NULL,
    content_type TEXT NOT NULL,
    etag TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS objects_by_file ON objects (file);
"""
_STALE_S = 24 * 3600
_TIDIED_AT_ONCE = 100  # while no blob is written
_CHANGES = 20  # of a blob that is replaced while it is opened


class BlobFolder:
    """The blobs of one bucket. Nothing is opened before it is needed."""

    def __init__(self, at: Path, durability: Durability) -> None:
        self._at = at
        self._files = at / "files"
        self._full = durability == "full"
        self._database = Database(at / "objects.db", _SCHEMA, durability)

    @contextmanager
    def storing(self, key: str, content_type: str) -> Iterator[Draft]:
        """A new file to write to, which becomes the blob of this key unless the block raises."""
        draft = self.draft()
        try:
            yield draft
            self.finish(draft)
        except BaseException:
            self.discard(draft)
            raise
        self.commit(draft, key, content_type)

    def draft(self) -> Draft:
        """A new file to write to: `finish` and `commit` it, or `discard` it."""
        with translated(self._at.name):
            if not self._at.is_dir():
                raise ResourceMissingError(
                    f"the bucket {self._at.name} does not exist here; "
                    "`make up` makes what is declared"
                )
            if not self._files.is_dir():
                self._files.mkdir(mode=0o700, exist_ok=True)
                if self._full:
                    sync_folder(self._at)
            return Draft(self._files / new_id(time.time_ns() // 1_000_000), self._at.name)

    def finish(self, draft: Draft) -> None:
        """Have what was written survive what the durability says. Raises UnavailableError."""
        with translated(self._at.name):
            draft.close(sync=self._full)
            if self._full:
                sync_folder(self._files)

    def discard(self, draft: Draft) -> None:
        """Remove a draft that was not committed."""
        draft.close()
        self._remove(draft.path.name)

    def commit(self, draft: Draft, key: str, content_type: str) -> None:
        """Make a finished draft the blob of this key, in place of what is there.

        After UnavailableError it may be that all the same, so its file is left to `tidy`.
        """
        with self._database.write() as connection:
            if not draft.path.exists():  # a day passed since it was written: see tidy
                raise UnavailableError("what was written is gone; write it again")
            unused = _put(connection, key, draft.path.name, draft.size, content_type, draft.etag)
        self._remove(unused)

    def find(self, key: str) -> Blob | None:
        """What is under this key, or None."""
        found = self._row(key)
        return found[0] if found else None

    def open(self, key: str) -> tuple[Blob, BinaryIO]:
        """What is under this key, and its bytes, which stay readable whatever happens to the key.

        Raises BlobMissingError.
        """
        for _ in range(_CHANGES):
            found = self._row(key)
            if found is None:
                raise BlobMissingError("there is no blob under this key")
            blob, name = found
            with translated(self._at.name), suppress(FileNotFoundError):  # replaced just now
                file = (self._files / name).open("rb")
                if os.fstat(file.fileno()).st_size == blob.size:
                    return blob, file
                file.close()
                raise UnavailableError("the blob's file is damaged; store it again")
        raise UnavailableError("the blob is replaced all the time, or its file is gone; try again")

    def copy(self, source: str, target: str, etag: str) -> None:
        """Put the blob of `source`, if it has this etag, under `target` too; they share the file.

        Raises BlobMissingError and ConditionFailedError.
        """
        with self._database.write() as connection:
            row = connection.execute(
                "SELECT file, size, content_type, etag FROM objects WHERE key = ?", (source,)
            ).fetchone()
            if row is None:
                raise BlobMissingError("there is no blob under the key that was to be copied")
            if row[3] != etag:
                raise ConditionFailedError("the blob is not the one that was to be copied")
            unused = _put(connection, target, *row)
        self._remove(unused)

    def delete(self, key: str) -> None:
        """Remove what is under this key; no error when there is nothing."""
        with self._database.write() as connection:
            file = _file_of(connection, key)
            connection.execute("DELETE FROM objects WHERE key = ?", (key,))
            unused = _unused(connection, file)
        self._remove(unused)

    def tidy(self) -> int:
        """Remove the files of those who died while they wrote, after a day; how many."""
        with translated(self._at.name):
            stale = [each.name for each in _entries(self._files) if _is_stale(each)]
        removed = 0
        for start in range(0, len(stale), _TIDIED_AT_ONCE):
            # within a transaction: nobody can make one of them a blob in between
            with self._database.write() as connection:
                for name in stale[start : start + _TIDIED_AT_ONCE]:
                    if (unused := _unused(connection, name)) is not None:
                        self._remove(unused)
                        removed += 1
        return removed

    def close(self) -> None:
        """Let go of this thread's connection; the next use opens another."""
        self._database.close()

    def _row(self, key: str) -> tuple[Blob, str] | None:
        rows = self._database.fetch(
            "SELECT size, content_type, etag, file FROM objects WHERE key = ?", (key,)
        )
        return (Blob(key, *rows[0][:3]), rows[0][3]) if rows else None

    def _remove(self, file: str | None) -> None:
        if file is not None:
            with suppress(OSError):  # tidy comes by again
                (self._files / file).unlink(missing_ok=True)


def _put(
    connection: sqlite3.Connection, key: str, file: str, size: int, content_type: str, etag: str
) -> str | None:
    """Put a row in place of another; the file that no row has any more, if there is one."""
    replaced = _file_of(connection, key)
    connection.execute(
        "INSERT OR REPLACE INTO objects (key, file, size, content_type, etag) "
        "VALUES (?, ?, ?, ?, ?)",
        (key, file, size, content_type, etag),
    )
    return _unused(connection, replaced)


def _file_of(connection: sqlite3.Connection, key: str) -> str | None:
    row = connection.execute("SELECT file FROM objects WHERE key = ?", (key,)).fetchone()
    return row[0] if row else None


def _unused(connection: sqlite3.Connection, file: str | None) -> str | None:
    """The file, if no row has it."""
    if file is None:
        return None
    used = connection.execute("SELECT 1 FROM objects WHERE file = ? LIMIT 1", (file,)).fetchone()
    return None if used else file


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except FileNotFoundError:
        return []


def _is_stale(entry: os.DirEntry[str]) -> bool:
    """Whether a file of ours was not written to for a day."""
    try:
        age_s = time.time() - entry.stat(follow_symlinks=False).st_mtime
    except FileNotFoundError:
        return False
    return is_id(entry.name) and age_s > _STALE_S
