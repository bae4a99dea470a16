"""A table in a SQLite file: rows under their key, each whole, beside the entries of its indexes."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from app.adapters.common import cursor as cursors
from app.adapters.common.clock import SystemClock
from app.adapters.common.rows import changed, check, place, span
from app.adapters.common.tables import schema_of
from app.adapters.local import table_indexes
from app.adapters.local.database import Database, Durability
from app.adapters.local.table_queries import selection
from app.ports.adapters import Stated
from app.ports.clock import Clock
from app.ports.errors import ConditionFailedError
from app.ports.tables import Between, Condition, Key, Page, Prefix, Row, Schema, Table

SCHEMA = f"""
CREATE TABLE IF NOT EXISTS rows (
    partition TEXT NOT NULL,
    sort TEXT NOT NULL,
    expires_at INTEGER,
    row BLOB NOT NULL,
    PRIMARY KEY (partition, sort)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS rows_expiring ON rows (expires_at) WHERE expires_at IS NOT NULL;
{table_indexes.SCHEMA}
"""
_AT_ONCE = 500  # expired rows: others write in between
_GET = "SELECT row FROM rows WHERE partition = ? AND sort = ?"
_PUT = "INSERT OR REPLACE INTO rows (partition, sort, expires_at, row) VALUES (?, ?, ?, ?)"
_DELETE = "DELETE FROM rows WHERE partition = ? AND sort = ?"
_EXPIRED = "SELECT partition, sort, row FROM rows WHERE expires_at < ? LIMIT ?"
_encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(dict[str, Any]).decode


def open_table(name: str, stated: Stated) -> Table:  # noqa: ARG001 - its folder says where it is
    """The table in the folder `stated["at"]`; nothing is opened before it is used."""
    durability: Durability = stated.get("durability", "full")
    schema, lag_ms = schema_of(stated), stated.get("lag_ms", 0)
    return LocalTable(Path(stated["at"]), schema, SystemClock(), durability, lag_ms)


class LocalTable:
    """One table in one file; any number of processes and threads."""

    def __init__(
        self, folder: Path, schema: Schema, clock: Clock, durability: Durability, lag_ms: int = 0
    ) -> None:
        """Its indexes show a change `lag_ms` later by the clock."""
        self._schema = schema
        self._clock = clock
        self._indexes = table_indexes.Indexes(clock, lag_ms)
        self._database = Database(folder / "rows.db", SCHEMA, durability, opened=self._adopt)

    def close(self) -> None:
        """Let this thread's connection go; the next use opens another."""
        self._database.close()

    def get(self, key: Key) -> Row | None:
        """The row under this key as it is now, or None."""
        return _row(self._database.fetch(_GET, place(self._schema, key)))

    def put(self, row: Row, *, if_absent: bool = False) -> None:
        """Write a whole row."""
        where = place(self._schema, row)
        with self._database.write() as connection:
            kept = self._indexes.known(connection)
            old = None
            if if_absent or kept:
                old = _row(connection.execute(_GET, where).fetchall())
                if if_absent and old is not None:
                    raise ConditionFailedError("there is such a row already")
            self._write(connection, kept, where, old, row)

    def update(
        self,
        key: Key,
        *,
        set: Row | None = None,  # noqa: A002 - the port's name for it
        add: Mapping[str, int] | None = None,
        remove: Collection[str] = (),
        when: Sequence[Condition] = (),
    ) -> None:
        """Change columns of a row that is there."""
        where = place(self._schema, key)
        with self._database.write() as connection:
            old = check(_row(connection.execute(_GET, where).fetchall()), when)
            new = changed(old, set or {}, add or {}, remove)
            self._write(connection, self._indexes.known(connection), where, old, new)

    def delete(self, key: Key, *, when: Sequence[Condition] = ()) -> None:
        """Remove a row."""
        where = place(self._schema, key)
        with self._database.write() as connection:
            old = _row(connection.execute(_GET, where).fetchall())
            if when:
                check(old, when)
            if old is not None:
                self._remove(connection, self._indexes.known(connection), where, old)

    def query(
        self,
        partition: str,
        *,
        sort: Between | Prefix | None = None,
        index: str | None = None,
        limit: int = 100,
        cursor: str | None = None,
        descending: bool = False,
    ) -> Page:
        """Rows of one partition."""
        parts = 1 if index is None else 3
        after = None if cursor is None else cursors.unpacked(cursor, parts)
        seen = None
        if index is not None:
            seen = (index, self._schema.indexes[index], self._clock.now_ms())
        statement, values = selection(partition, span(sort), seen, after, descending=descending)
        found = self._database.fetch(f"{statement} LIMIT {limit + 1}", values)
        page = found[:limit]
        more = cursors.packed(*page[-1][:-1]) if len(found) > limit else None
        return Page(tuple(decode(each[-1]) for each in page), more)

    def remove_expired(self) -> int:
        """Remove rows whose time is past, some at a time; how many."""
        if not self._schema.expiring:
            return 0
        now_s = self._clock.now_ms() // 1000
        removed = 0
        while True:
            with self._database.write() as connection:
                kept = self._indexes.known(connection)
                found = connection.execute(_EXPIRED, (now_s, _AT_ONCE)).fetchall()
                for partition, rest, blob in found:
                    self._remove(connection, kept, (partition, rest), decode(blob))
            removed += len(found)
            if len(found) < _AT_ONCE:
                return removed

    def _write(
        self,
        connection: sqlite3.Connection,
        kept: Sequence[table_indexes.Index],
        where: tuple[str, str],
        old: Row | None,
        new: Row,
    ) -> None:
        blob = _encode(new)
        ends = new.get("expires_at")  # of any row: the table may be declared expiring later
        connection.execute(_PUT, (*where, ends if type(ends) is int else None, blob))
        self._indexes.follow(connection, kept, where, (old, new), blob)

    def _remove(
        self,
        connection: sqlite3.Connection,
        kept: Sequence[table_indexes.Index],
        where: tuple[str, str],
        old: Row,
    ) -> None:
        connection.execute(_DELETE, where)
        self._indexes.follow(connection, kept, where, (old, None), b"")

    def _adopt(self) -> None:
        """See that the file keeps this table's indexes."""
        self._indexes.forget()
        declared = self._schema.indexes
        if table_indexes.missing(self._database.fetch(table_indexes.LIST), declared):
            with self._database.write() as connection:
                self._indexes.adopt(connection, declared)


def _row(found: Sequence[tuple[bytes]]) -> Row | None:
    return decode(found[0][0]) if found else None
