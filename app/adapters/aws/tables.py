"""A table of DynamoDB, through its own API: what it can do is all that the port asks for.

A write is sent again only where it surely was not done. After a lost answer it may have been: a
second one would fail by its own condition, or add twice, and say so of a write that went well.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from app.adapters.aws import clients, expressions
from app.adapters.aws.items import item_of, row_of
from app.adapters.common import cursor as cursors
from app.adapters.common.rows import changed, check
from app.adapters.common.tables import schema_of
from app.ports.adapters import Stated
from app.ports.errors import ConditionFailedError, InvalidValueError
from app.ports.tables import Between, Condition, Key, Page, Prefix, Row, Schema, Table


def open_table(name: str, stated: Stated) -> Table:  # noqa: ARG001 - `at` is its name on AWS
    """The table that AWS calls `stated["at"]`; no client is made before it is used."""
    return DynamoTable(stated["at"], schema_of(stated), lambda: clients.client("dynamodb"))


class DynamoTable:
    """One table; rows are items, each column an attribute of its own type."""

    def __init__(
        self,
        at: str,
        schema: Schema,
        client: Callable[[], Any],
        pauses_s: Sequence[float] = clients.PAUSES_S,
    ) -> None:
        """`pauses_s` are between the attempts of what is sent again, at most, in seconds."""
        self._pauses_s = pauses_s
        self._at = at
        self._schema = schema
        self._made = client

    @cached_property
    def _client(self) -> Any:
        return self._made()

    def get(self, key: Key) -> Row | None:
        """The row under this key as it is now, or None."""
        found = self._read("get_item", {"Key": item_of(key), "ConsistentRead": True})
        return row_of(found["Item"]) if "Item" in found else None

    def put(self, row: Row, *, if_absent: bool = False) -> None:
        """Write a whole row."""
        expression = expressions.absent(self._schema) if if_absent else {}
        asked = {"Item": item_of(row), **expression}
        if self._write("put_item", asked) is not None:
            raise ConditionFailedError("there is such a row already")

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
        expression = expressions.update(self._schema, setting, adding, remove, when)
        failed = self._write("update_item", {"Key": item_of(key), **expression})
        if failed is not None:
            changed(check(failed.row, when), setting, adding, remove)  # says why
            raise ConditionFailedError("the row is not as the update needs it")

    def delete(self, key: Key, *, when: Sequence[Condition] = ()) -> None:
        """Remove a row."""
        expression = expressions.delete(self._schema, when) if when else {}
        failed = self._write("delete_item", {"Key": item_of(key), **expression})
        if failed is not None:
            check(failed.row, when)  # says why
            raise ConditionFailedError("the row is not as the conditions have it")

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
        """Rows of one partition; DynamoDB gives a megabyte at a time."""
        key = (self._schema.partition, self._schema.sort)
        asked: dict[str, Any] = {"ScanIndexForward": not descending}
        if index is None:
            asked["ConsistentRead"] = True
        else:
            key = self._schema.indexes[index]
            asked["IndexName"] = index
        asked |= expressions.query(key, partition, sort)
        columns = self._position(key)
        if cursor is not None:
            position = cursors.unpacked(cursor, len(columns))
            asked["ExclusiveStartKey"] = item_of(dict(zip(columns, position, strict=True)))
        rows: list[Row] = []
        while True:
            # one more than is asked for: where a page ends, DynamoDB does not say if more follows
            answer = self._read("query", {**asked, "Limit": limit + 1 - len(rows)})
            rows += map(row_of, answer["Items"])
            if len(rows) > limit:
                last = rows[limit - 1]
                place = cursors.packed(*(str(last[column]) for column in columns))
                return Page(tuple(rows[:limit]), place)
            if not answer.get("LastEvaluatedKey"):
                return Page(tuple(rows))
            asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def remove_expired(self) -> int:
        """Nothing: DynamoDB removes them itself, by the table's time to live."""
        return 0

    def _position(self, key: tuple[str, str | None]) -> list[str]:
        """The columns that say where a row stands: the table's key, and the index's."""
        columns = (self._schema.partition, self._schema.sort, *key)
        return list(dict.fromkeys(column for column in columns if column is not None))

    def _read(self, operation: str, asked: Mapping[str, Any]) -> Any:
        with clients.translated():
            return self._ask(operation, asked, clients.unavailable)

    def _write(self, operation: str, asked: Mapping[str, Any]) -> "_Failed | None":
        """None when it is done, else what was there when a condition failed. Raises PortError."""
        with clients.translated():
            try:
                self._ask(operation, asked, clients.never_happened)
            except clients.client_error() as error:
                if clients.code(error) == "ConditionalCheckFailedException":
                    item = error.response.get("Item")
                    return _Failed(row_of(item) if item else None)
                if _too_large(error):
                    raise InvalidValueError(
                        "the row would have more than DynamoDB's 400 KB of names and values: "
                        "keep what is large in a bucket"
                    ) from error
                raise
        return None

    def _ask(
        self, operation: str, asked: Mapping[str, Any], again: Callable[[Exception], bool]
    ) -> Any:
        whole = {"TableName": self._at, **asked}
        return clients.ask(self._client, operation, whole, again=again, pauses_s=self._pauses_s)


@dataclass(frozen=True, slots=True)
class _Failed:
    """A condition failed of this row, or of none."""

    row: Row | None


def _too_large(error: Any) -> bool:
    """Of the many requests that are not valid, only this one tells by its words."""
    said = str(error.response.get("Error", {}).get("Message", ""))
    return clients.code(error) == "ValidationException" and "maximum allowed size" in said
