"""What every table gets in front of it: the function's grants, and checks of all that it is given.

So an adapter is asked only for what every store can do, with values that every store takes.
"""

from collections.abc import Collection, Mapping, Sequence
from types import TracebackType

from app.adapters.common import cursor as cursors
from app.adapters.common.grants import need
from app.adapters.common.row_checks import Checks
from app.ports.adapters import Stated
from app.ports.errors import InvalidValueError, PortError
from app.ports.tables import Between, Condition, Key, Page, Prefix, Row, Schema, Table

LIMIT = 1000


def schema_of(stated: Stated) -> Schema:
    """The schema that the environment states."""
    return Schema(
        partition=stated["partition"],
        sort=stated.get("sort"),
        indexes={name: (key[0], key[1]) for name, key in stated.get("indexes", {}).items()},
        expiring=stated.get("expiring", False),
    )


def granted(table: Table, name: str, stated: Stated, function: str) -> Table:
    """The table as `function` may use it. `stated` has its schema and what it `may`."""
    return _Granted(table, name, stated, function)


class _Granted:
    """A table behind a function's grants: `read` is get and query, `write` all the others."""

    def __init__(self, table: Table, name: str, stated: Stated, function: str) -> None:
        self._table = table
        self._name = name
        self._may = frozenset(stated["may"])
        self._function = function
        self._schema = schema_of(stated)
        self._checks = Checks(self._schema)
        self._named = _Named(name)

    def get(self, key: Key) -> Row | None:
        """The row under this key as it is now, or None."""
        self._need("read")
        with self._named:
            return self._table.get(self._checks.key(key))

    def put(self, row: Row, *, if_absent: bool = False) -> None:
        """Write a whole row."""
        self._need("write")
        with self._named:
            self._table.put(self._checks.row(row), if_absent=if_absent)

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
        self._need("write")
        with self._named:
            setting, adding = dict(set or {}), dict(add or {})
            self._checks.change(setting, adding, remove)
            self._table.update(
                self._checks.key(key),
                set=setting,
                add=adding,
                remove=tuple(remove),
                when=self._checks.conditions(when),
            )

    def delete(self, key: Key, *, when: Sequence[Condition] = ()) -> None:
        """Remove a row."""
        self._need("write")
        with self._named:
            self._table.delete(self._checks.key(key), when=self._checks.conditions(when))

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
        """Rows of one partition; the cursors of the adapter, bound to this query."""
        self._need("read")
        with self._named:
            self._checks.sorts(partition, sort, index)
            if type(limit) is not int or not 1 <= limit <= LIMIT:
                raise InvalidValueError(f"the limit is no integer of 1 to {LIMIT}")
            columns = None if index is None else self._schema.indexes[index]
            asked = (self._name, index, columns, partition, _plain(sort), bool(descending))
            page = self._table.query(
                partition,
                sort=sort,
                index=index,
                limit=limit,
                cursor=None if cursor is None else cursors.unbound(cursor, *asked),
                descending=bool(descending),
            )
            if page.cursor is None:
                return page
            return Page(page.rows, cursors.bound(page.cursor, *asked))

    def remove_expired(self) -> int:
        """Remove rows whose time is past, where the store leaves that to us; how many."""
        self._need("write")
        with self._named:
            return self._table.remove_expired()

    def _need(self, action: str) -> None:
        need(action, self._may, f"the table {self._name}", self._function)


class _Named:
    """Puts the table's name before what went wrong."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, PortError):
            error.args = (f"the table {self._name}: {error}",)


def _plain(sort: Between | Prefix | None) -> tuple[str | None, ...]:
    if isinstance(sort, Prefix):
        return (sort.text,)
    return () if sort is None else (sort.low, sort.high)
