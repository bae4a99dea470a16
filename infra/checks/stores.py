"""Tables and buckets are what every provider's store can be."""

from collections import Counter
from collections.abc import Iterator

from infra import limits
from infra.checks.names import column_name, length
from infra.errors import Problem
from infra.model import Index, Platform, Table

_EXPIRY = "expires_at"


def problems(platform: Platform) -> Iterator[Problem]:
    """What is wrong with the tables, their indexes, and the buckets."""
    tables, indexes = len(platform.tables), sum(len(each.indexes) for each in platform.tables)
    if tables + indexes > limits.TABLES:
        yield Problem(
            "tables",
            f"{tables} and {indexes} indexes",
            f"one instance of TableStore holds {limits.TABLES} tables, and an index is one there",
            "join tables that share their keys, or remove indexes",
        )
    for table in platform.tables:
        yield from _table(table)
    for bucket in platform.buckets:
        if bucket.pending_days not in limits.PENDING_DAYS:
            yield Problem(
                f"buckets.{bucket.name}.pending_days",
                str(bucket.pending_days),
                "a bucket's rules count whole days",
                f"write {limits.PENDING_DAYS.start} to {limits.PENDING_DAYS[-1]}",
            )


def _table(table: Table) -> Iterator[Problem]:
    path = f"tables.{table.name}"
    yield from _keys(path, table)
    if table.expiring and table.indexes:
        yield Problem(
            f"{path}.expiring",
            "with indexes",
            "TableStore does not let expiry and indexes stand together",
            "keep rows that expire in a table of their own",
        )
    if table.expiring and _EXPIRY in (table.partition, table.sort):
        yield Problem(
            path,
            _EXPIRY,
            "it holds a number, and key parts are text",
            "choose another column as the key",
        )
    if len(table.indexes) > limits.INDEXES:
        yield Problem(
            f"{path}.indexes",
            str(len(table.indexes)),
            f"a table of TableStore takes {limits.INDEXES} indexes",
            "remove some, or keep a table of your own as an index",
        )
    owners: dict[tuple[str, str | None], str] = {(table.partition, table.sort): "the table itself"}
    for name, count in Counter(index.name for index in table.indexes).items():
        if count > 1:
            yield Problem(
                f"{path}.indexes.{name}",
                f"declared {count} times",
                "which of them is meant cannot be told",
                "keep one, or rename the others",
            )
    for index in table.indexes:
        here = f"{path}.indexes.{index.name}"
        yield from column_name(here, index.name)
        yield from length(here, index.name, limits.TABLE_NAME)
        yield from _keys(here, index)
        key = (index.partition, index.sort)
        if key in owners:
            yield Problem(
                here,
                index.partition if index.sort is None else f"{index.partition}, {index.sort}",
                f"{owners[key]} already finds rows by this key",
                "remove it, or choose another key",
            )
        owners.setdefault(key, f"index {index.name}")


def _keys(path: str, keyed: Table | Index) -> Iterator[Problem]:
    for part, column in (("partition", keyed.partition), ("sort", keyed.sort)):
        if column is not None:
            yield from column_name(f"{path}.{part}", column)
            yield from length(f"{path}.{part}", column, limits.COLUMN_NAME)
    if keyed.sort == keyed.partition:
        yield Problem(
            f"{path}.sort",
            keyed.sort,
            "one column cannot be both parts of a key",
            "choose another column, or none",
        )
