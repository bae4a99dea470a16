"""A SQLite file that several processes write to: short transactions, bounded waits.

Opened on first use by each thread, never before a fork. Whoever finds another writing tries again
after a short random sleep: SQLite's own waiting backs off, so that late comers overtake and the
unlucky wait for seconds.
"""

import os
import random
import sqlite3
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from app.ports.errors import ResourceMissingError, UnavailableError

Durability = Literal["normal", "full"]
"""normal survives the death of every process; full also that of the machine, a sync per write."""

WAIT_S = 5.0
_NAP_S = 0.01
_FIRST_NAP_S = 0.0005

_SAID = {
    sqlite3.SQLITE_BUSY: "others have been writing to it all the time; try again",
    sqlite3.SQLITE_FULL: "the disk is full; make room and try again",
    sqlite3.SQLITE_CORRUPT: "it is damaged; put a copy back, or remove it with all it holds",
    sqlite3.SQLITE_NOTADB: "it is no SQLite file; put a copy back, or remove it",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; look at the rights of the file and its folder",
    sqlite3.SQLITE_READONLY: "it cannot be written to; look at the rights of the file",
}

_abandoned: list[sqlite3.Connection] = []  # a parent's: closing one here would drop its locks


class _Opened(threading.local):
    """A thread's connection, the process that opened it, and the file that it is to."""

    connection: sqlite3.Connection | None = None
    pid = 0
    inode = 0


class Database:
    """One file, of mode 0600; its folder must be there, or the resource does not exist."""

    def __init__(
        self,
        file: Path,
        schema: str,
        durability: Durability,
        *,
        wait_s: float = WAIT_S,
        opened: Callable[[], None] = lambda: None,
    ) -> None:
        """`schema` is SQL that can be run again and again; `wait_s` bounds every wait.

        `opened` is called whenever the file was opened, before anything else is done with it.
        """
        self._file = file
        self._schema = schema
        self._durability = durability
        self._wait_s = wait_s
        self._tell_opened = opened
        self._opened = _Opened()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction that commits unless the block raises.

        Raises ResourceMissingError, and UnavailableError when others write for too long or the
        file cannot be written.
        """
        with self._translated():
            connection = self._connection()
            self._patiently(connection, "BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                if connection.in_transaction:  # it is past helping: start anew next time
                    self.close()
                raise

    def fetch(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        """All that one statement reads, from one view of the file. Raises as `write` does."""
        with self._translated():
            return self._patiently(self._connection(), statement, values).fetchall()

    def close(self) -> None:
        """Let go of this thread's connection; the next use opens another."""
        connection, self._opened.connection = self._opened.connection, None
        if connection is None:
            return
        if self._opened.pid == os.getpid():
            connection.close()
        else:
            _abandoned.append(connection)

    def _connection(self) -> sqlite3.Connection:
        opened = self._opened
        if (
            opened.connection is not None
            and opened.pid == os.getpid()
            and opened.inode == self._inode()  # what is written to one that was removed is lost
        ):
            return opened.connection
        self.close()
        self._make()
        connection = sqlite3.connect(self._file, timeout=0, isolation_level=None)
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        opened.connection, opened.pid, opened.inode = connection, os.getpid(), self._inode()
        try:
            self._tell_opened()
        except BaseException:
            self.close()
            raise
        return connection

    def _inode(self) -> int:
        try:
            return self._file.stat().st_ino
        except OSError:
            return 0

    def _make(self) -> None:
        if not self._file.parent.is_dir():
            raise ResourceMissingError(
                f"{self._file.parent.name} does not exist here; `make up` makes what is declared"
            )
        # only one that is not there: closing a file drops the locks that this process has on it
        with suppress(OSError):
            os.close(os.open(self._file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))

    def _prepare(self, connection: sqlite3.Connection) -> None:
        self._patiently(connection, "PRAGMA journal_mode=WAL").fetchall()
        connection.execute(f"PRAGMA synchronous={self._durability.upper()}")
        if self._durability == "full":
            connection.execute("PRAGMA fullfsync=1")  # macOS: through the disk's own memory too
        number = zlib.crc32(self._schema.encode()) & 0x7FFFFFFF
        if self._patiently(connection, "PRAGMA application_id").fetchone()[0] == number:
            return
        self._patiently(connection, "BEGIN IMMEDIATE")
        for statement in _statements(self._schema):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id={number}")
        connection.execute("COMMIT")

    def _patiently(
        self, connection: sqlite3.Connection, statement: str, values: Sequence[Any] = ()
    ) -> sqlite3.Cursor:
        """Run it as soon as nobody is in the way."""
        nap_s = _FIRST_NAP_S
        deadline = time.monotonic() + self._wait_s
        while True:
            try:
                return connection.execute(statement, values)
            except sqlite3.OperationalError as error:
                if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                    raise
                time.sleep(random.random() * nap_s)  # noqa: S311 - who goes first is no secret
                nap_s = min(_NAP_S, nap_s * 2)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            raise
        except sqlite3.DatabaseError as error:
            code = _code(error)
            if code != sqlite3.SQLITE_BUSY:
                with suppress(sqlite3.Error):
                    self.close()
            said = _SAID.get(code, str(error))
            name = f"{self._file.parent.name}/{self._file.name}"
            raise UnavailableError(f"{name} cannot be used now: {said}") from error


def _statements(schema: str) -> Iterator[str]:
    """One by one, since `executescript` would commit the transaction first."""
    text = ""
    for part in schema.split(";"):
        text += f"{part};"
        if sqlite3.complete_statement(text):
            if text.strip(" \n;"):
                yield text
            text = ""


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary code; 0 when the error is not SQLite's own."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
