"""A queue's sending end on this machine: one INSERT into the file that the local cloud reads.

The file and its table are the local cloud's to make; all that is known of them here is the INSERT.
"""

import sqlite3
import time
from pathlib import Path

from app.domain.ids import new_id
from app.ports.adapters import Stated
from app.ports.errors import ResourceMissingError, UnavailableError

WAIT_S = 5.0  # for others who write; each takes a moment
_INSERT = "INSERT INTO messages (id, body, sent_ms, visible_ms) VALUES (?, ?, ?, ?)"


class LocalQueue:
    """The queue whose messages stand in `file`, which is opened at the first use: after a fork."""

    def __init__(self, file: Path, durability: str, wait_s: float = WAIT_S) -> None:
        """`durability` is `full`, which survives the machine's death, or `normal`.

        Others who write are waited for `wait_s` seconds.
        """
        self._file = file
        self._wait_s = wait_s
        self._synchronous = durability.upper()
        self._open: sqlite3.Connection | None = None
        self._inode = 0

    def send(self, body: str) -> None:
        """Write one message; it is there, as durably as is stated, when this returns."""
        now = time.time_ns() // 1_000_000
        try:
            self._connection().execute(_INSERT, (new_id(now), body, now, now))
        except sqlite3.Error as error:
            raise UnavailableError(
                f"the queue {self._file.stem} cannot be written now: {error}"
            ) from error

    def close(self) -> None:
        """Let the file go; the next use opens it again."""
        opened, self._open = self._open, None
        if opened is not None:
            opened.close()

    def _connection(self) -> sqlite3.Connection:
        """The file that stands there now: what is written to one that was removed is lost."""
        try:
            inode = self._file.stat().st_ino
        except OSError as error:
            raise ResourceMissingError(
                f"there is no queue {self._file.stem}; `make up` makes it"
            ) from error
        if self._open is None or inode != self._inode:
            self.close()
            address = f"{self._file.absolute().as_uri()}?mode=rw"  # never makes one
            opened = sqlite3.connect(
                address,
                timeout=self._wait_s,
                isolation_level=None,
                uri=True,
                check_same_thread=False,  # a handler may have threads; SQLite takes turns
            )
            opened.execute(f"PRAGMA synchronous={self._synchronous}")
            self._open, self._inode = opened, inode
        return self._open


def open_queue(name: str, stated: Stated) -> LocalQueue:  # noqa: ARG001 - its file bears the name
    """The queue at `stated["at"]`; nothing is opened yet."""
    return LocalQueue(Path(stated["at"]), stated["durability"])
