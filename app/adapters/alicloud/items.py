"""Rows as TableStore's: a primary key in its order, and attributes, bytes as bytearrays.

The SDK writes `bytes` as text.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.ports.tables import Row, Scalar

PrimaryKey = list[tuple[str, Any]]
Attribute = tuple[str, Any]


def key_of(columns: Sequence[str], row: Mapping[str, Any]) -> PrimaryKey:
    """The primary key of these columns."""
    return [(column, row[column]) for column in columns]


def attributes_of(row: Row, key: Iterable[str] = ()) -> list[Attribute]:
    """The columns that are not of the key."""
    apart = frozenset(key)
    return [(column, value_of(value)) for column, value in row.items() if column not in apart]


def value_of(value: Scalar) -> Any:
    """One value as the SDK takes it."""
    return bytearray(value) if isinstance(value, bytes) else value


def row_of(primary_key: Iterable[Sequence[Any]], attributes: Iterable[Sequence[Any]]) -> Row:
    """The row, a new one. Attributes come with the time of their writing, which is dropped."""
    row: dict[str, Scalar] = {name: value for name, value in primary_key}  # noqa: C416 - not typed
    for name, value, *_ in attributes:
        row[name] = bytes(value) if isinstance(value, bytearray) else value
    return row
