"""The SQLite file of one queue: its tables, and a connection to whatever stands at its path.

A sender needs one statement, and no more than `SCHEMA` says of the rest:
`INSERT INTO messages (id, body, sent_ms, visible_ms) VALUES (…)`, the two times alike, in UTC epoch
milliseconds. All else is the supervisor's.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

WAIT_S = 2.0
SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    id TEXT NOT NULL PRIMARY KEY,
    sent_ms INTEGER NOT NULL,
    visible_ms INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    first_received_ms INTEGER,
    dead_ms INTEGER,
    reason TEXT,
    body TEXT NOT NULL -- last: what stands after it could be read through its pages only
);
CREATE INDEX IF NOT EXISTS by_visible ON messages (visible_ms) WHERE dead_ms IS NULL;
CREATE INDEX IF NOT EXISTS by_dead ON messages (dead_ms) WHERE dead_ms IS NOT NULL;
"""


class StoreError(Exception):
    """The file is locked, broken or gone; says which, and another try may do."""


def make(file: Path) -> None:
    """Make the file, for its owner only; what is there stays. Raises StoreError."""
    try:
        # Never opened where it is there: closing it would drop the locks of this process on it.
        if not file.exists():
            os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
        with closing(_connect(file)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.executescript(SCHEMA)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"{file}: {error}") from error


class QueueFile:
    """A file that was made; used by one thread at a time.

    `durability` is `normal` or `full`. Other writers are waited for `wait_s` seconds.
    """

    def __init__(self, path: Path, durability: str, wait_s: float = WAIT_S) -> None:
        self._path = path
        self._durability = durability
        self._wait_s = wait_s
        self._open: sqlite3.Connection | None = None
        self._inode = 0

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The file as it stands at its path now: a connection outlives what it was opened on.

        Raises StoreError; the next use opens it again.
        """
        try:
            inode = self._path.stat().st_ino
            if self._open is None or inode != self._inode:
                self.close()
                self._open, self._inode = _connect(self._path, self._wait_s), inode
                self._open.execute(f"PRAGMA synchronous={self._durability.upper()}")
            yield self._open
        except (OSError, sqlite3.Error) as error:
            self.close()
            raise StoreError(f"{self._path}: {error}") from error

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The same in a transaction, which commits unless the block raises."""
        with self.reading() as connection, transaction(connection, "IMMEDIATE"):
            yield connection

    def set_durability(self, durability: str) -> None:
        """Have what is written from now on last as this says."""
        self._durability = durability
        self.close()

    def close(self) -> None:
        """Let the file go; the next use opens it again."""
        connection, self._open = self._open, None
        if connection is not None:
            connection.close()


def _connect(file: Path, wait_s: float = WAIT_S) -> sqlite3.Connection:
    """A connection to a file that is there, for whichever thread's turn it is."""
    address = f"{file.absolute().as_uri()}?mode=rw"
    return sqlite3.connect(
        address, timeout=wait_s, isolation_level=None, uri=True, check_same_thread=False
    )


@contextmanager
def transaction(connection: sqlite3.Connection, kind: str) -> Iterator[None]:
    """A transaction, `IMMEDIATE` or `DEFERRED`, that commits unless the block raises."""
    connection.execute(f"BEGIN {kind}")
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
