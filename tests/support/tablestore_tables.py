"""Tables of TableStore in memory, as its documentation has them; only what requests here use.

The pages are those below help/en/tablestore: `limits-on-widecolumn-model` for every limit,
`developer-reference/error-codes` for the codes, `developer-reference/python-atomic-counters` for
increments, `developer-reference/python-conditional-updates` for conditions, and `doc-detail/91947`
for secondary indexes. What none of them says is said where it is decided.
"""

import re
from bisect import bisect_left, insort
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from tests.support.tablestore_wire import (
    DELETE_ALL,
    INCREMENT,
    LEAST,
    MOST,
    PUT,
    Ordered,
    filters,
    messages,
    read_value,
)

Place = tuple[Ordered, ...]
Columns = dict[str, Any]
_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}", re.ASCII)
_KEY_BYTES, _VALUE_BYTES = 1024, 2 * 1024 * 1024
_COLUMNS, _CONDITIONS = 1024, 10
_INTEGERS = range(-(2**63), 2**63)
_TYPES = {messages.STRING: str, messages.INTEGER: int, messages.BINARY: bytearray}
_DEFINED = {
    messages.DCT_STRING: str, messages.DCT_INTEGER: int, messages.DCT_BLOB: bytearray,
    messages.DCT_BOOLEAN: bool,
}  # fmt: skip
_COMPARED: Mapping[int, Callable[[Any, Any], bool]] = {
    filters.CT_EQUAL: eq, filters.CT_NOT_EQUAL: ne, filters.CT_LESS_THAN: lt,
    filters.CT_LESS_EQUAL: le, filters.CT_GREATER_THAN: gt, filters.CT_GREATER_EQUAL: ge,
}  # fmt: skip


class RefusedError(Exception):
    """What TableStore answers instead."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status


def invalid(message: str) -> RefusedError:
    """A request that is not valid."""
    return RefusedError("OTSParameterInvalid", message)


@dataclass
class Rows:
    """Rows in the order of their primary keys, of a table or of an index."""

    key: list[str]
    columns: dict[Place, Columns] = field(default_factory=dict)
    places: list[Place] = field(default_factory=list)

    def have(self, place: Place, columns: Columns | None) -> None:
        """Have the row so, or none."""
        if columns is None:
            if self.columns.pop(place, None) is not None:
                del self.places[bisect_left(self.places, place)]
            return
        if place not in self.columns:
            insort(self.places, place)
        self.columns[place] = columns

    def between(self, start: Place, end: Place, *, backward: bool) -> list[Place]:
        """The rows from `start`, included, to `end`, excluded, in that direction."""
        if (start < end) if backward else (end < start):
            raise invalid("the start of the range is after its end")
        if backward:
            first, last = bisect_left(self.places, end), bisect_left(self.places, start)
            first += first < len(self.places) and self.places[first] == end
            last += last < len(self.places) and self.places[last] == start
            return self.places[first:last][::-1]
        return self.places[bisect_left(self.places, start) : bisect_left(self.places, end)]


class StoredTable(Rows):
    """One table with its indexes, which follow it when `catch_up` is called."""

    def __init__(self, asked: Any) -> None:
        """`asked` is a CreateTableRequest."""
        self.asked = asked
        meta = asked.table_meta
        super().__init__([each.name for each in meta.primary_key])
        self._types = [_TYPES[each.type] for each in meta.primary_key]
        self._defined = {each.name: _DEFINED[each.type] for each in meta.defined_column}
        self.indexes = {each.name: Rows(self._index_key(each)) for each in asked.index_metas}
        self._late: list[tuple[Place, Columns | None]] = []
        self._indexed: dict[Place, Columns] = {}  # the rows as the indexes have them
        if not 1 <= len(self.key) <= 4:
            raise invalid("a primary key has one to four columns")
        if len(self._defined) > 32 or len(self.indexes) > 5:
            raise invalid("a table has up to 32 predefined columns and up to five indexes")

    def place(self, key: Sequence[tuple[str, Ordered]], *, ends: bool = False) -> Place:
        """Where a row stands; `ends` lets it be an end of a range."""
        if [name for name, _ in key] != self.key:
            raise RefusedError("OTSInvalidPK", "Primary key schema mismatch.")
        for (name, value), kind in zip(key, self._types, strict=True):
            check_key_part(name, value, kind, ends=ends)
        return tuple(value for _, value in key)

    def put(self, place: Place, cells: Sequence[tuple[str, int, Any]], condition: Any) -> None:
        """PutRow."""
        self._check(place, condition)
        self._check_cells(cells)
        self._have(place, {name: value for name, _, value in cells})

    def update(self, place: Place, cells: Sequence[tuple[str, int, Any]], condition: Any) -> None:
        """UpdateRow. A row that loses its last column stays (`basic-data-operations`)."""
        self._check(place, condition)
        self._check_cells(cells)
        columns = dict(self.columns.get(place, {}))
        for name, kind, value in cells:
            if kind == PUT:
                columns[name] = value
            elif kind == DELETE_ALL:
                columns.pop(name, None)
            elif kind == INCREMENT:
                columns[name] = _sum(columns.get(name, 0), value)
            else:
                raise invalid("versions of columns are not deleted one by one here")
        self._have(place, columns)

    def delete(self, place: Place, condition: Any) -> None:
        """DeleteRow."""
        self._check(place, condition)
        self._have(place, None)

    def catch_up(self) -> None:
        """Bring to the indexes what was written, in its order."""
        for place, columns in self._late:
            old = self._indexed.pop(place, None)
            if columns is not None:
                self._indexed[place] = columns
            for index in self.indexes.values():
                for whole, now in ((old, None), (columns, {})):
                    where = None if whole is None else self._entry(index, place, whole)
                    if where is not None:
                        index.have(where, now)
        self._late.clear()

    def _have(self, place: Place, columns: Columns | None) -> None:
        self.have(place, columns)
        self._late.append((place, columns))

    def _entry(self, index: Rows, place: Place, columns: Columns) -> Place | None:
        """Where an index has the row; None when it lacks one of the index's columns."""
        own = dict(zip(self.key, place, strict=True))
        whole = {**{name: (1, value) for name, value in columns.items()}, **own}
        found = [whole.get(name) for name in index.key]
        return None if None in found else tuple(each for each in found if each is not None)

    def _index_key(self, meta: Any) -> list[str]:
        """An index's primary key ends with what is left of the table's."""
        key = list(dict.fromkeys([*meta.primary_key, *self.key]))
        options = self.asked.table_options
        if options.max_versions != 1 or (options.time_to_live != -1 and options.allow_update):
            raise invalid("a table with indexes has one version, and rows that do not expire")
        if len(key) > 4 or not set(key) <= {*self.key, *self._defined}:
            raise invalid("an index has up to four key columns, of the key or predefined")
        if meta.index_type != messages.IT_GLOBAL_INDEX:
            raise invalid("an index here is a global one")
        return key

    def _check(self, place: Place, condition: Any) -> None:
        """Raise unless the row is as the request has it."""
        row = self.columns.get(place)
        wanted = {messages.EXPECT_EXIST: True, messages.EXPECT_NOT_EXIST: False}
        if wanted.get(condition.row_existence, row is not None) is not (row is not None):
            raise _unmet()
        if condition.HasField("column_condition"):
            whole = {**(row or {}), **dict(zip(self.key, (v for _, v in place), strict=True))}
            found = filters.Filter.FromString(condition.column_condition)
            comparisons = _comparisons(found)
            if len(comparisons) > _CONDITIONS:
                raise invalid(f"there are more than {_CONDITIONS} conditions")
            if not all(_true_of(whole, each) for each in comparisons):
                raise _unmet()

    def _check_cells(self, cells: Sequence[tuple[str, int, Any]]) -> None:
        names = [name for name, _, _ in cells]
        if len(names) > _COLUMNS:
            raise RefusedError("OTSOutOfColumnCountLimit", "The number of columns is too large.")
        if len(set(names)) < len(names):
            raise invalid("a column is changed twice")
        for name, _, value in cells:
            if not _COLUMN.fullmatch(name) or name in self.key:
                raise invalid("that is no name of an attribute")
            if value is None:
                continue
            if isinstance(value, str | bytearray) and _size(value) > _VALUE_BYTES:
                raise invalid("an attribute is larger than 2 MB")
            # what becomes of another type than the declared one, no page says
            if name in self._defined and type(value) is not self._defined[name]:
                raise invalid("a predefined column has another type")


def check_key_part(name: str, value: Ordered, kind: type, *, ends: bool) -> None:
    """Raise unless it can be a part of a primary key."""
    if value in (LEAST, MOST):
        if not ends:
            raise invalid(f"{name} is no value")
    elif type(value[1]) is not kind:
        raise RefusedError("OTSInvalidPK", "Primary key schema mismatch.")
    elif isinstance(value[1], str | bytearray) and _size(value[1]) > _KEY_BYTES:
        raise invalid(f"{name} is larger than 1 KB")


def _comparisons(found: Any) -> list[Any]:
    """The comparisons that a condition joins by AND."""
    if found.type == filters.FT_SINGLE_COLUMN_VALUE:
        return [filters.SingleColumnValueFilter.FromString(found.filter)]
    joined = filters.CompositeColumnValueFilter.FromString(found.filter)
    if joined.combinator != filters.LO_AND:
        raise invalid("conditions here are joined by AND")
    return [each for part in joined.sub_filters for each in _comparisons(part)]


def _true_of(row: Columns, asked: Any) -> bool:
    """Whether a comparison is true; of two types it never is, which no page says."""
    if asked.column_name not in row:
        return not asked.filter_if_missing
    found, value = row[asked.column_name], read_value(asked.column_value)
    return type(found) is type(value) and _COMPARED[asked.comparator](found, value)


def _sum(old: Any, amount: Any) -> int:
    """A column that is not there counts as 0."""
    if type(old) is not int or type(amount) is not int:
        raise invalid("what is incremented is no integer")
    if old + amount not in _INTEGERS:
        raise invalid("the sum does not fit into 64 bits")
    return old + amount


def _unmet() -> RefusedError:
    return RefusedError("OTSConditionCheckFail", "Condition check failed.", 403)


def _size(value: str | bytearray) -> int:
    return len(value.encode() if isinstance(value, str) else value)
