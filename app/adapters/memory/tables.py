"""A table in memory."""

import threading
from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Collection, Mapping, Sequence

from app.adapters.common import cursor as cursors
from app.adapters.common.rows import changed, check, entry, place, span
from app.ports.clock import Clock
from app.ports.errors import ConditionFailedError
from app.ports.tables import Between, Condition, Key, Page, Prefix, Row, Schema

_Place = tuple[str, str]


class MemoryTable:
    """One table; any number of threads.

    Its indexes show what they should `lag_ms` later by the clock: rows as they were.
    """

    def __init__(self, schema: Schema, clock: Clock, lag_ms: int = 0) -> None:
        self._schema = schema
        self._clock = clock
        self._lag_ms = lag_ms
        self._lock = threading.Lock()
        self._rows: dict[_Place, Row] = {}
        self._sorted = _Sorted()
        self._indexed: dict[_Place, Row] = {}  # the rows as the indexes have them
        self._indexes = {name: _Sorted() for name in schema.indexes}
        self._late: deque[tuple[int, _Place, Row | None]] = deque()

    def get(self, key: Key) -> Row | None:
        """The row under this key as it is now, or None."""
        row = self._rows.get(place(self._schema, key))
        return None if row is None else dict(row)

    def put(self, row: Row, *, if_absent: bool = False) -> None:
        """Write a whole row."""
        where = place(self._schema, row)
        with self._lock:
            if if_absent and where in self._rows:
                raise ConditionFailedError("there is such a row already")
            self._write(where, dict(row))

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
        with self._lock:
            row = check(self._rows.get(where), when)
            self._write(where, changed(row, set or {}, add or {}, remove))

    def delete(self, key: Key, *, when: Sequence[Condition] = ()) -> None:
        """Remove a row."""
        where = place(self._schema, key)
        with self._lock:
            if when:
                check(self._rows.get(where), when)
            self._write(where, None)

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
        with self._lock:
            self._catch_up()
            searched = self._sorted if index is None else self._indexes[index]
            rows = self._rows if index is None else self._indexed
            found = searched.between(partition, span(sort), after, limit + 1, descending)
            # a position ends with what is left of the row's own key
            page = [
                dict(rows[(partition, each[0]) if index is None else (each[1], each[2])])
                for each in found[:limit]
            ]
        more = len(found) > limit
        return Page(tuple(page), cursors.packed(*found[limit - 1]) if more else None)

    def remove_expired(self) -> int:
        """Remove rows whose time is past; how many."""
        if not self._schema.expiring:
            return 0
        now_s = self._clock.now_ms() // 1000
        with self._lock:
            past = [where for where, row in self._rows.items() if int(row["expires_at"]) < now_s]
            for where in past:
                self._write(where, None)
        return len(past)

    def _write(self, where: _Place, row: Row | None) -> None:
        """Have the row so, and in the indexes when their time has come."""
        if where in self._rows and row is None:
            self._sorted.remove(where[0], (where[1],))
            del self._rows[where]
        elif row is not None:
            if where not in self._rows:
                self._sorted.add(where[0], (where[1],))
            self._rows[where] = row
        if self._indexes:
            self._late.append((self._clock.now_ms() + self._lag_ms, where, row))
            self._catch_up()

    def _catch_up(self) -> None:
        """Bring to the indexes what is due, in the order in which it was written."""
        now_ms = self._clock.now_ms()
        while self._late and self._late[0][0] <= now_ms:
            _, where, row = self._late.popleft()
            old = self._indexed.pop(where, None)
            if row is not None:
                self._indexed[where] = row
            for name, columns in self._schema.indexes.items():
                was = None if old is None else entry(columns, old)
                now = None if row is None else entry(columns, row)
                if was is not None and was != now:
                    self._indexes[name].remove(was[0], (was[1], *where))
                if now is not None and was != now:
                    self._indexes[name].add(now[0], (now[1], *where))


class _Sorted:
    """Positions in order, by partition."""

    def __init__(self) -> None:
        self._positions: dict[str, list[tuple[str, ...]]] = {}

    def add(self, partition: str, position: tuple[str, ...]) -> None:
        insort(self._positions.setdefault(partition, []), position)

    def remove(self, partition: str, position: tuple[str, ...]) -> None:
        positions = self._positions[partition]
        del positions[bisect_left(positions, position)]
        if not positions:
            del self._positions[partition]

    def between(
        self,
        partition: str,
        within: tuple[str, str | None],
        after: tuple[str, ...] | None,
        count: int,
        descending: bool,  # noqa: FBT001 - private
    ) -> list[tuple[str, ...]]:
        """The first positions of those within, and after that one, in the direction asked for."""
        positions = self._positions.get(partition, [])
        first = bisect_left(positions, (within[0],))
        end = len(positions) if within[1] is None else bisect_left(positions, (within[1],))
        if descending:
            end = end if after is None else min(end, bisect_left(positions, after))
            return positions[max(first, end - count) : end][::-1]
        first = first if after is None else max(first, bisect_right(positions, after))
        return positions[first : min(end, first + count)]
