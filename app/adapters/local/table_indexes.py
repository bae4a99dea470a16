"""The indexes of a local table, kept in the transactions that write its rows.

Which indexes there are stands in the file, where the set only grows: a process of an older revision
keeps those of a newer one too, which finds them current. An entry holds its row as it was. Entries
that lag carry from when, and until when, they are seen.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from app.adapters.common.rows import entry
from app.ports.clock import Clock
from app.ports.tables import Row

SCHEMA = """
CREATE TABLE IF NOT EXISTS indexes (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    partition_column TEXT NOT NULL,
    sort_column TEXT NOT NULL,
    UNIQUE (name, partition_column, sort_column)
);
CREATE TABLE IF NOT EXISTS entries (
    number INTEGER NOT NULL,
    partition TEXT NOT NULL,
    sort TEXT NOT NULL,
    row_partition TEXT NOT NULL,
    row_sort TEXT NOT NULL,
    from_ms INTEGER NOT NULL,
    until_ms INTEGER,
    row BLOB NOT NULL,
    PRIMARY KEY (number, partition, sort, row_partition, row_sort, from_ms)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS entries_past ON entries (until_ms) WHERE until_ms IS NOT NULL;
CREATE TABLE IF NOT EXISTS lag (latest_ms INTEGER NOT NULL);
"""

LIST = "SELECT number, name, partition_column, sort_column FROM indexes"
Columns = tuple[str, str | None]
_PAST = 100  # entries that a write may clear away beside its own


@dataclass(frozen=True, slots=True)
class Index:
    """An index in the file."""

    number: int
    columns: Columns


def missing(
    listed: Iterable[tuple[int, str, str, str]], declared: Mapping[str, Columns]
) -> list[tuple[str, Columns]]:
    """Which of the indexes that are declared the file has not, from what `LIST` selects."""
    kept = {(name, (one, two or None)) for _, name, one, two in listed}
    return [each for each in declared.items() if each not in kept]


class Indexes:
    """What writes the entries of one table. Every method is called within a transaction."""

    def __init__(self, clock: Clock, lag_ms: int) -> None:
        """`lag_ms`: how much later than the rows the entries are seen."""
        self._clock = clock
        self._lag_ms = lag_ms
        self._known: tuple[int, tuple[Index, ...]] = (-1, ())

    def known(self, connection: sqlite3.Connection) -> tuple[Index, ...]:
        """Those in the file now."""
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version != self._known[0]:
            listed = connection.execute(LIST).fetchall()
            self._known = (
                version,
                tuple(Index(number, (one, two or None)) for number, _, one, two in listed),
            )
        return self._known[1]

    def forget(self) -> None:
        """The file may be another one now."""
        self._known = (-1, ())

    def adopt(self, connection: sqlite3.Connection, declared: Mapping[str, Columns]) -> None:
        """Have the file keep these too, with an entry for each row that is there."""
        # past the memory of `known`: this transaction may yet come to nothing
        for name, columns in missing(connection.execute(LIST).fetchall(), declared):
            _fill(connection, name, columns)
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        connection.execute(f"PRAGMA user_version={version + 1}")

    def follow(
        self,
        connection: sqlite3.Connection,
        kept: Sequence[Index],
        where: tuple[str, str],
        change: tuple[Row | None, Row | None],
        blob: bytes,
    ) -> None:
        """Have the entries of a row follow its change, from a row to another, which is `blob`.

        `kept` is what `known` says in the same transaction.
        """
        if not kept:
            return
        at_ms = self._seen_ms(connection) if self._lag_ms else 0
        for index in kept:
            was, now = (None if row is None else entry(index.columns, row) for row in change)
            if was is not None:
                self._end(connection, (index.number, *was, *where), at_ms)
            if now is not None:
                _insert(connection, (index.number, *now, *where, at_ms, blob))

    def _seen_ms(self, connection: sqlite3.Connection) -> int:
        """From when a change is seen: never before an earlier one, even if the clock was set."""
        now_ms = self._clock.now_ms()
        connection.execute(
            "DELETE FROM entries WHERE (number, partition, sort, row_partition, row_sort, from_ms)"
            " IN (SELECT number, partition, sort, row_partition, row_sort, from_ms FROM entries"
            " WHERE until_ms <= ? LIMIT ?)",
            (now_ms, _PAST),
        )
        latest = connection.execute("SELECT latest_ms FROM lag").fetchone()
        if latest is None:
            connection.execute("INSERT INTO lag VALUES (0)")
        at_ms = max(now_ms + self._lag_ms, latest[0] if latest else 0)
        connection.execute("UPDATE lag SET latest_ms = ?", (at_ms,))
        return at_ms

    def _end(self, connection: sqlite3.Connection, place: Iterable[int | str], at_ms: int) -> None:
        here = (
            "WHERE number = ? AND partition = ? AND sort = ? AND row_partition = ? AND row_sort = ?"
        )
        if self._lag_ms:
            # what would begin when it ends was never to be seen
            connection.execute(
                f"DELETE FROM entries {here} AND from_ms = ?",  # noqa: S608 - no value in it
                (*place, at_ms),
            )
            connection.execute(
                f"UPDATE entries SET until_ms = ? {here} AND until_ms IS NULL",  # noqa: S608
                (at_ms, *place),
            )
        else:
            connection.execute(f"DELETE FROM entries {here}", tuple(place))  # noqa: S608


def _fill(connection: sqlite3.Connection, name: str, columns: Columns) -> None:
    number = connection.execute(
        "INSERT INTO indexes (name, partition_column, sort_column) VALUES (?, ?, ?)",
        (name, columns[0], columns[1] or ""),
    ).lastrowid
    for partition, sort, blob in connection.execute("SELECT partition, sort, row FROM rows"):
        found = entry(columns, msgspec.msgpack.decode(blob))
        if found is not None:
            _insert(connection, (number, *found, partition, sort, 0, blob))


def _insert(connection: sqlite3.Connection, values: tuple[object, ...]) -> None:
    # one that ended may stand there still, if the lag was changed since
    connection.execute(
        "INSERT OR REPLACE INTO entries"
        " (number, partition, sort, row_partition, row_sort, from_ms, row)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        values,
    )
