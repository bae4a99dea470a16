"""Which keys, values and conditions every store takes. Errors name columns, never their values."""

import re
from collections.abc import Collection, Mapping, Sequence

from app.adapters.common.rows import INTEGERS, KEY_BYTES, check_size, is_key_text
from app.ports.errors import InvalidValueError
from app.ports.tables import Between, Condition, Key, Prefix, Row, Scalar, Schema

EXPIRY = "expires_at"
CONDITIONS = 10
_COLUMN = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
_SCALARS = "text, a signed 64-bit integer, a boolean or bytes"


class Checks:
    """The checks of one table."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._key = {schema.partition} | ({schema.sort} if schema.sort else set())
        self._indexed = {
            column for columns in schema.indexes.values() for column in columns if column
        } - self._key

    def key(self, key: object) -> Key:
        """A key, to be kept. Raises InvalidValueError."""
        if not isinstance(key, Mapping) or set(key) != self._key:
            raise InvalidValueError(f"a key is of {self._key_named()}, no more and no less")
        for column, value in key.items():
            key_text(column, value)
        return dict(key)

    def row(self, row: object) -> Row:
        """A whole row, to be kept. Raises InvalidValueError."""
        if not isinstance(row, Mapping) or not self._key <= set(row):
            raise InvalidValueError(f"a row holds its key: {self._key_named()}")
        new = dict(row)
        for column, value in new.items():
            _column(column)
            if column in self._key:
                key_text(column, value)
            else:
                self._value(column, value)
        if self._schema.expiring and type(new.get(EXPIRY)) is not int:
            raise InvalidValueError(
                f"{EXPIRY} must be an integer, UTC epoch seconds: rows of this table expire"
            )
        check_size(new)
        return new

    def change(self, setting: Row, adding: Mapping[str, int], removing: Collection[str]) -> None:
        """What an update does. Raises InvalidValueError."""
        if self._schema.expiring:
            raise InvalidValueError("rows that expire are written whole: put the row instead")
        if isinstance(removing, str):
            raise InvalidValueError("the columns to remove are a text; give them in a tuple")
        self._columns_once([*setting, *adding, *removing])
        for column, value in setting.items():
            self._value(column, value)
        for column, amount in adding.items():
            if column in self._indexed:
                raise InvalidValueError(f"{column} is of an index, so it is text: set it instead")
            if type(amount) is not int or amount not in INTEGERS:
                raise InvalidValueError(f"what is added to {column} is no signed 64-bit integer")
        check_size(setting)

    def conditions(self, when: Sequence[Condition]) -> tuple[Condition, ...]:
        """The conditions of a write, to be kept. Raises InvalidValueError."""
        found = tuple(when)
        if len(found) > CONDITIONS:
            raise InvalidValueError(f"{len(found)} conditions; stores take at most {CONDITIONS}")
        for each in found:
            if not isinstance(each, Condition):
                raise InvalidValueError("a condition is a Condition, of a column and a constant")
            _column(each.column)
            if each.column in self._key:
                raise InvalidValueError(f"{each.column} is of the key: it needs no condition")
            if each.comparison not in _COMPARISONS:
                raise InvalidValueError(
                    f"the condition on {each.column} compares by none of {' '.join(_COMPARISONS)}"
                )
            _scalar(each.column, each.value)
            if type(each.value) is bool and each.comparison not in ("=", "!="):
                raise InvalidValueError(
                    f"{each.column} is compared to a boolean: that goes by = and != only"
                )
        return found

    def sorts(self, partition: str, sort: Between | Prefix | None, index: str | None) -> None:
        """What a query asks for. Raises InvalidValueError."""
        key = (self._schema.partition, self._schema.sort)
        if index is not None:
            if index not in self._schema.indexes:
                raise InvalidValueError(f"there is no index {index!r:.80}: declare it first")
            key = self._schema.indexes[index]
        key_text(key[0], partition)
        if sort is None:
            return
        if key[1] is None:
            raise InvalidValueError(f"{index or 'the table'} has no sort key to choose by")
        if isinstance(sort, Prefix):
            key_text(key[1], sort.text)
        elif isinstance(sort, Between):
            for side in (sort.low, sort.high):
                if side is not None:
                    key_text(key[1], side)
            if sort.low is not None and sort.high is not None and sort.low > sort.high:
                raise InvalidValueError(f"the range of {key[1]} ends before it begins")
        else:
            raise InvalidValueError("sort keys are chosen by Between or Prefix")

    def _columns_once(self, columns: Sequence[str]) -> None:
        if not columns:
            raise InvalidValueError("the update changes nothing: set, add or remove a column")
        for column in columns:
            _column(column)
            if column in self._key:
                raise InvalidValueError(f"{column} is of the key, which never changes")
        if len(set(columns)) < len(columns):
            twice = next(each for each in columns if columns.count(each) > 1)
            raise InvalidValueError(f"{twice} is changed twice in one update")

    def _value(self, column: str, value: Scalar) -> None:
        if column in self._indexed:
            key_text(column, value)
        else:
            _scalar(column, value)

    def _key_named(self) -> str:
        return " and ".join(sorted(self._key))


def key_text(column: str, value: object) -> None:
    """Raises InvalidValueError unless it can be a part of a key."""
    if not is_key_text(value):
        raise InvalidValueError(
            f"{column} is of a key: a text of 1 to {KEY_BYTES} bytes in UTF-8, without NUL"
        )


def _column(name: object) -> None:
    if not isinstance(name, str) or _COLUMN.fullmatch(name) is None:
        raise InvalidValueError(
            f"{name!r:.80} is no column: a to z, then up to 63 of a to z, 0 to 9 and _"
        )


def _scalar(column: str, value: object) -> None:
    kind = type(value)  # no subclass: what comes back would not be what went in
    if kind is str:
        try:
            str(value).encode()
        except UnicodeEncodeError:
            raise InvalidValueError(f"{column} holds half of a surrogate pair") from None
    elif kind is int:
        if value not in INTEGERS:
            raise InvalidValueError(f"{column} holds an integer beyond 64 bits")
    elif kind is not bool and kind is not bytes:
        raise InvalidValueError(f"{column} holds a {kind.__name__}; a column is {_SCALARS}")
