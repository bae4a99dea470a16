"""A table of TableStore, each row one of its own.

A write is sent again only where it surely was not done. After a lost answer it may have been: a
second one would fail by its own condition, or add twice, and say so of a write that went well.

TableStore differs from the port, and this makes up for it:

- Why a condition failed it does not say. The row is read once more, so that the error can tell; a
  function that may only write, or a row that has changed since, gets the error without the reason.
- A row may be of any size there. Where an update sets more than 64 KB, the row is read before, and
  the update refused if it would exceed the port's 400 KB; many small ones can.
- Rows expire by a time that is the table's, counted from their writing: at least a day, and to be
  longer than any row lives. TableStore removes them itself.
"""

import json
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from app.adapters.alicloud import clients, conditions
from app.adapters.alicloud.items import attributes_of, key_of
from app.adapters.alicloud.reads import Reads
from app.adapters.alicloud.sdk import sdk
from app.adapters.common.rows import changed, check
from app.adapters.common.tables import schema_of
from app.ports.adapters import Stated
from app.ports.errors import ConditionFailedError, InvalidValueError, PortError
from app.ports.tables import Between, Condition, Key, Page, Prefix, Row, Schema, Table

INSTANCE = "SHOP_TABLESTORE"
"""The variable that says for all tables of a function where they are: JSON of `endpoint` and
`instance`."""

_LOOKED_AT = 64 * 1024  # an update of less is not worth a look at the row
_MOST_COLUMNS = 1024  # of one write; help/en/tablestore/limits-on-widecolumn-model


def open_table(name: str, stated: Stated) -> Table:  # noqa: ARG001 - `at` is its name there
    """The table that TableStore calls `stated["at"]`; no client is made before it is used."""
    where = {**json.loads(os.environ.get(INSTANCE) or "{}"), **stated}
    return TableStoreTable(
        stated["at"],
        schema_of(stated),
        lambda: clients.client(where["endpoint"], where["instance"]),
    )


class TableStoreTable:
    """One table; a column is an attribute of its own type, or of the primary key."""

    def __init__(
        self,
        at: str,
        schema: Schema,
        client: Callable[[], Any],
        pauses_s: Sequence[float] = clients.PAUSES_S,
    ) -> None:
        """`pauses_s` are between the attempts of what is sent again, at most, in seconds."""
        self._at = at
        self._pauses_s = pauses_s
        self._reads = Reads(at, schema, client, pauses_s)
        self._key = self._reads.key

    def get(self, key: Key) -> Row | None:
        """The row under this key as it is now, or None."""
        return self._reads.get(key)

    def put(self, row: Row, *, if_absent: bool = False) -> None:
        """Write a whole row."""
        found = sdk().Row(key_of(self._key, row), attributes_of(row, self._key))
        _check_columns(len(row))
        condition = conditions.absent() if if_absent else conditions.anything()
        failed = self._write(lambda: self._reads.client.put_row(self._at, found, condition))
        if failed == clients.CONDITION_FAILED:
            raise ConditionFailedError("there is such a row already")
        _raise_unless_done(failed)

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
        setting, adding = set or {}, add or {}
        _check_columns(len(setting) + len(adding) + len(remove))
        condition = conditions.there(when, adding)
        if _large(setting):
            self._explain(key, when, setting, adding, remove)
        change = {
            "PUT": attributes_of(setting),
            "INCREMENT": list(adding.items()),
            # without a value beside it the SDK takes the name's first two letters for both
            "DELETE_ALL": [(column, None) for column in remove],
        }
        row = sdk().Row(
            key_of(self._key, key), {kind: part for kind, part in change.items() if part}
        )
        failed = self._write(lambda: self._reads.client.update_row(self._at, row, condition))
        if failed is not None:
            self._explain(key, when, setting, adding, remove)
        if failed == clients.CONDITION_FAILED:
            raise ConditionFailedError("the row is not as the update needs it")
        _raise_unless_done(failed)

    def delete(self, key: Key, *, when: Sequence[Condition] = ()) -> None:
        """Remove a row."""
        asked = key_of(self._key, key)
        condition = conditions.there(when) if when else conditions.anything()
        failed = self._write(lambda: self._reads.client.delete_row(self._at, asked, condition))
        if failed == clients.CONDITION_FAILED:
            self._explain(key, when)
            raise ConditionFailedError("the row is not as the conditions have it")
        _raise_unless_done(failed)

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
        """Rows of one partition; TableStore gives 5,000 rows or 4 MB at a time."""
        return self._reads.query(partition, sort, index, limit, cursor, descending=descending)

    def remove_expired(self) -> int:
        """Nothing: TableStore removes them itself, by the table's time to live."""
        return 0

    def _explain(
        self,
        key: Key,
        when: Sequence[Condition],
        setting: Row | None = None,
        adding: Mapping[str, int] | None = None,
        removing: Collection[str] = (),
    ) -> None:
        """Raise what the row as it is now makes of the change, if it can be read."""
        try:
            row = self.get(key)
        except PortError:
            return  # what is done matters, not that nobody can say why
        changed(check(row, when), setting or {}, adding or {}, removing)

    def _write(self, question: Callable[[], Any]) -> str | None:
        """None when it is done, else what TableStore calls the reason. Raises PortError."""
        with clients.translated():
            try:
                clients.ask(question, clients.never_happened, self._pauses_s)
            except clients.errors() as error:
                if clients.code(error) not in {clients.CONDITION_FAILED, clients.NOT_VALID}:
                    raise
                return clients.code(error)
        return None


def _large(setting: Row) -> bool:
    sizes = (len(value) for value in setting.values() if isinstance(value, str | bytes))
    return sum(sizes) > _LOOKED_AT


def _check_columns(count: int) -> None:
    if count > _MOST_COLUMNS:
        raise InvalidValueError(
            f"the write has {count} columns, {_MOST_COLUMNS} is the most: write fewer at once"
        )


def _raise_unless_done(failed: str | None) -> None:
    if failed is not None:
        raise PortError(f"TableStore answered with {failed}")
