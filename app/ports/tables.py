"""A table: rows under a key, changed one at a time, each change whole or not at all.

It offers what DynamoDB, TableStore and SQLite all can, and nothing more: conditional writes of
single rows, counters, sparse indexes that lag. There is no transaction over rows and no scan.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

Scalar = str | int | bool | bytes
"""Text, a signed 64-bit integer, a boolean, bytes. Nested data is JSON text."""

Row = Mapping[str, Scalar]
"""A row's columns by name, those of its key among them; at most 400 KB of names and values."""

Key = Mapping[str, str]
"""The key columns of one row: texts of 1 to 1,024 bytes in UTF-8."""

Comparison = Literal["=", "!=", "<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True)
class Condition:
    """That a column compares so to a constant; never true of a column that the row lacks.

    Nor is it true, `!=` included, of a column that holds another type. Texts and bytes compare by
    their bytes; booleans only by `=` and `!=`.
    """

    column: str
    comparison: Comparison
    value: Scalar


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """Sort keys from `low` to `high`, both included; None leaves that side open."""

    low: str | None = None
    high: str | None = None


@dataclass(frozen=True, slots=True)
class Prefix:
    """Sort keys that begin with this text."""

    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a query in the order of their sort keys; more may follow if there is a cursor.

    A cursor is a text that only the same query takes. It stays good while rows come and go.
    """

    rows: tuple[Row, ...]
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """Which columns are a table's key, and each index's: (partition, sort or None), by its name.

    Rows of an `expiring` table hold `expires_at`, UTC epoch seconds, and are removed some time
    after; they are written whole, and such a table has no index.
    """

    partition: str
    sort: str | None = None
    indexes: Mapping[str, tuple[str, str | None]] = field(default_factory=dict)
    expiring: bool = False


class Table(Protocol):
    """One table.

    Every method raises InvalidValueError for what no store takes, AccessDeniedError without a
    grant, ResourceMissingError when there is no such table, and UnavailableError when the store
    does not answer: the write may then have happened, and the caller reads back.
    """

    def get(self, key: Key) -> Row | None:
        """The row under this key as it is now, or None."""

    def put(self, row: Row, *, if_absent: bool = False) -> None:
        """Write a whole row in place of what is there.

        With `if_absent` raises ConditionFailedError when there is a row.
        """

    def update(
        self,
        key: Key,
        *,
        set: Row | None = None,  # noqa: A002 - what stores call it
        add: Mapping[str, int] | None = None,
        remove: Collection[str] = (),
        when: Sequence[Condition] = (),
    ) -> None:
        """Change columns of a row that is there: set some, add to integers, remove some.

        Raises ConditionFailedError when there is no such row, when one of `when` (at most ten) is
        not true of it, or when it lacks a column that is added to or that holds no integer.
        Raises InvalidValueError when a sum leaves 64 bits, a column is named twice, or is of the
        key. A successful one returns nothing: not every store tells the new values.
        """

    def delete(self, key: Key, *, when: Sequence[Condition] = ()) -> None:
        """Remove a row; without `when` it is no error when there is none.

        With `when` raises ConditionFailedError when there is none or one is not true of it.
        """

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
        """Rows of one partition, of the table or of an index, by their sort keys' bytes.

        At most `limit` (1 to 1,000) rows. The table's own partitions are read as they are now. An
        index has the rows that hold all of its key columns, and is eventually consistent: it may
        show rows as they were a moment ago. Rows of one index key come in an order of the store's.
        """

    def remove_expired(self) -> int:
        """Remove rows whose `expires_at` is past, where the store leaves that to us; how many.

        Stores remove late, or never: whoever reads a row that expires compares for itself.
        """
