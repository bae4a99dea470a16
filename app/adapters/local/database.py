"""A SQLite file that several processes write to: short transactions, bounded waits.

Opened on first use, so never before a fork.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from app.ports.errors import ResourceMissingError, UnavailableError

Durability = Literal["normal", "full"]
"""normal survives the death of every process; full also that of the machine, a sync per write."""


class Database:
    """One file; its folder must be there, or the resource does not exist."""

    def __init__(self, file: Path, schema: str, durability: Durability) -> None:
        """`schema` is SQL that can be run again and again."""
        self._file = file
        self._schema = schema
        self._durability = durability
        self._open: sqlite3.Connection | None = None

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction that commits unless the block raises.

        Raises ResourceMissingError, and UnavailableError when others write for too long.
        """
        connection = self._connection()
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise UnavailableError(f"{self._file.name} cannot be written now: {error}") from error

    def read(self) -> sqlite3.Connection:
        """A connection to read from, each statement a view of its own."""
        return self._connection()

    def _connection(self) -> sqlite3.Connection:
        if self._open is None:
            if not self._file.parent.is_dir():
                raise ResourceMissingError(
                    f"{self._file.parent.name} does not exist; `make up` makes it"
                )
            self._open = sqlite3.connect(self._file, timeout=2, isolation_level=None)
            self._open.execute("PRAGMA journal_mode=WAL")
            self._open.execute(f"PRAGMA synchronous={self._durability.upper()}")
            self._open.executescript(self._schema)
        return self._open
