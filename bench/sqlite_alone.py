"""What SQLite does here by itself, in one process, on rows like ours."""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

_ROWS = 10_000

Synchronous = Literal["FULL", "NORMAL"]


def rate(
    file: Path,
    seconds: int,
    once: Callable[[sqlite3.Connection, int], object],
    synchronous: Synchronous = "FULL",
) -> float:
    """How often a second it does that `once`."""
    database = sqlite3.connect(file, isolation_level=None)
    try:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute(f"PRAGMA synchronous={synchronous}")
        database.execute("CREATE TABLE rows (key TEXT PRIMARY KEY, row BLOB) WITHOUT ROWID")
        filler = bytes(300)
        database.execute("BEGIN")
        database.executemany(
            "INSERT INTO rows VALUES (?, ?)", [(f"key-{n}", filler) for n in range(_ROWS)]
        )
        database.execute("COMMIT")
        done, began = 0, time.monotonic()
        while time.monotonic() - began < seconds:
            once(database, done)
            done += 1
        return done / (time.monotonic() - began)
    finally:
        database.close()


def write(database: sqlite3.Connection, number: int) -> None:
    """One row more."""
    database.execute("INSERT INTO rows VALUES (?, ?)", (f"new-{number}", bytes(300)))


def read(database: sqlite3.Connection, number: int) -> None:
    """One row by its key."""
    key = f"key-{number * 7919 % _ROWS}"
    database.execute("SELECT row FROM rows WHERE key = ?", (key,)).fetchone()
