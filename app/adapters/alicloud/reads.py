"""What is read of a table of TableStore: one row, or a partition of the table or of an index.

An index holds no other columns than its key and the table's, unless they were declared with it. So
what it finds is read from the table, and left out if it has moved on since: a row that is moving
within an index is seen at its new place only, a moment later.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from app.adapters.alicloud import clients
from app.adapters.alicloud.items import PrimaryKey, key_of, row_of
from app.adapters.alicloud.ranges import Span
from app.adapters.alicloud.sdk import sdk
from app.adapters.common import cursor as cursors
from app.adapters.common.rows import is_key_text
from app.ports.errors import InvalidValueError
from app.ports.tables import Between, Key, Page, Prefix, Row, Schema

_AT_ONCE = 100  # rows of one BatchGetRow


def index_name(table: str, index: str) -> str:
    """What an index is called: its name is one of the instance's, among those of the tables."""
    return f"{table}_{index}"


def index_columns(schema: Schema, index: str) -> list[str]:
    """The primary key of an index: its own columns, then those of the table that are not yet."""
    columns = (*schema.indexes[index], schema.partition, schema.sort)
    return list(dict.fromkeys(column for column in columns if column is not None))


class Reads:
    """Reads of one table; each is tried again as long as there are pauses."""

    def __init__(
        self, at: str, schema: Schema, client: Callable[[], Any], pauses_s: Sequence[float]
    ) -> None:
        self._at = at
        self._schema = schema
        self._made = client
        self._pauses_s = pauses_s
        self.key = [column for column in (schema.partition, schema.sort) if column is not None]

    @cached_property
    def client(self) -> Any:
        """What asks."""
        return self._made()

    def get(self, key: Key) -> Row | None:
        """The row under this key as it is now, or None."""
        asked = key_of(self.key, key)
        _, found, _ = self._read(lambda: self.client.get_row(self._at, asked, max_version=1))
        return None if found is None else row_of(found.primary_key, found.attribute_columns)

    def query(
        self,
        partition: str,
        sort: Between | Prefix | None,
        index: str | None,
        limit: int,
        cursor: str | None,
        *,
        descending: bool,
    ) -> Page:
        """Rows of one partition; TableStore gives 5,000 rows or 4 MB at a time."""
        columns, chosen = self.key, self._schema.sort
        if index is not None:
            columns, chosen = index_columns(self._schema, index), self._schema.indexes[index][1]
        elif chosen is None:
            row = self.get({self._schema.partition: partition})
            return Page(() if row is None or cursor is not None else (row,))
        span = Span(columns, partition, chosen, sort)
        after = None if cursor is None else _after(cursor, span)
        rows: list[Row] = []
        for found in self._found(span, index, after, limit + 1, descending=descending):
            rows += found
            if len(rows) > limit:
                last = rows[limit - 1]
                place = cursors.packed(*(str(last[column]) for column in columns))
                return Page(tuple(rows[:limit]), place)
        return Page(tuple(rows))

    def _found(
        self,
        span: Span,
        index: str | None,
        after: tuple[str, ...] | None,
        count: int,
        *,
        descending: bool,
    ) -> Iterator[list[Row]]:
        """The rows of a span, some at a time; `count` is how many are wanted in all."""
        at = self._at if index is None else index_name(self._at, index)
        direction = "BACKWARD" if descending else "FORWARD"
        start: PrimaryKey | None
        start, end = span.keys(after, descending=descending)
        while start:
            more = count + (after is not None)
            start, found = self._range(at, direction, start, end, more)
            rows = [row_of(each.primary_key, each.attribute_columns) for each in found]
            ended = descending and bool(rows) and span.before(rows[-1])
            rows = [row for row in rows if span.has(row) and _position(span, row) != after]
            rows = rows if index is None else self._whole(rows, span.columns)
            yield rows
            count = max(count - len(rows), 1)
            if ended:
                return

    def _range(
        self, at: str, direction: str, start: PrimaryKey, end: PrimaryKey, limit: int
    ) -> tuple[PrimaryKey | None, Sequence[Any]]:
        """Where to go on, or None, and rows as the SDK has them."""
        _, following, rows, _ = self._read(
            lambda: self.client.get_range(at, direction, start, end, limit=limit, max_version=1)
        )
        return following, rows

    def _whole(self, entries: Sequence[Row], columns: Sequence[str]) -> list[Row]:
        """The rows as the table has them of those entries of an index that are still true."""
        whole: list[Row] = []
        for first in range(0, len(entries), _AT_ONCE):
            some = entries[first : first + _AT_ONCE]
            rows = self._together(
                [{column: entry[column] for column in self.key} for entry in some]
            )
            whole += [
                row
                for entry, row in zip(some, rows, strict=True)
                if row is not None and all(row.get(column) == entry[column] for column in columns)
            ]
        return whole

    def _together(self, keys: Sequence[Mapping[str, Any]]) -> list[Row | None]:
        """The rows under these keys, each as `get` has it.

        Of a row that is moving within an index the old entry and the new may be there at once, and
        TableStore refuses all of a request that has a key twice.
        """
        loaded = sdk()
        request = loaded.BatchGetRowRequest()
        places = [tuple(key.values()) for key in keys]
        once = dict(zip(places, keys, strict=True))
        asked = [key_of(self.key, key) for key in once.values()]
        request.add(loaded.TableInBatchGetRowItem(self._at, asked, max_version=1))
        answer = self._read(lambda: self.client.batch_get_row(request))
        rows: dict[tuple[Any, ...], Row | None] = {}
        found = answer.get_result_by_table(self._at)
        for (place, key), each in zip(once.items(), found, strict=True):
            if not each.is_ok:  # one may fail alone, as when all together are too large
                rows[place] = self.get(key)
            elif each.row is None:
                rows[place] = None
            else:
                rows[place] = row_of(each.row.primary_key, each.row.attribute_columns)
        return [rows[place] for place in places]

    def _read(self, question: Callable[[], Any]) -> Any:
        with clients.translated():
            return clients.ask(question, clients.unavailable, self._pauses_s)


def _after(cursor: str, span: Span) -> tuple[str, ...]:
    """The position that a cursor tells. Raises InvalidValueError for one outside of the span.

    TableStore would begin there: at the start of the whole table, where somebody made it up.
    """
    position = cursors.unpacked(cursor, len(span.columns))
    row = dict(zip(span.columns, position, strict=True))
    if not (all(map(is_key_text, position)) and span.has(row)):
        raise InvalidValueError("the cursor is of no row of this query")
    return position


def _position(span: Span, row: Row) -> tuple[str, ...]:
    return tuple(str(row[column]) for column in span.columns)
