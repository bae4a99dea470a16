"""Rows as DynamoDB's items: each value under the letter of its type."""

from collections.abc import Mapping
from typing import Any

from app.ports.tables import Row, Scalar

Item = dict[str, dict[str, Any]]
TYPES: Mapping[type, str] = {str: "S", int: "N", bool: "BOOL", bytes: "B"}


def item_of(row: Row) -> Item:
    """The item of a row, or of a key."""
    return {column: value_of(value) for column, value in row.items()}


def value_of(value: Scalar) -> dict[str, Any]:
    """One value. A boolean is no integer here: its type is looked up, not asked for."""
    letter = TYPES[type(value)]
    return {letter: str(value) if letter == "N" else value}


def row_of(item: Mapping[str, Mapping[str, Any]]) -> Row:
    """The row of an item, a new one."""
    return {column: _scalar(value) for column, value in item.items()}


def _scalar(value: Mapping[str, Any]) -> Scalar:
    ((letter, found),) = value.items()
    scalar: Scalar = int(found) if letter == "N" else found
    return scalar
