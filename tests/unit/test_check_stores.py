"""Tables and buckets are what every provider's store can be."""

from dataclasses import replace
from typing import Any

import pytest

from infra.model import Bucket, Index, Table
from tests.unit.sound_shop import SHOP, found, grant


def of_orders(**changed: Any) -> tuple[Table, ...]:
    """The tables, with something changed about `orders`."""
    return (replace(SHOP.tables[0], **changed), SHOP.tables[1])


def test_an_expiring_table_has_no_index() -> None:
    """TableStore does not let the two stand together."""
    assert found(tables=of_orders(expiring=True)) == [
        "tables.orders.expiring: with indexes → keep rows that expire in a table of their own"
    ]


def test_the_expiry_is_no_part_of_the_key() -> None:
    """It is a number, and keys are text."""
    assert found(tables=of_orders(expiring=True, indexes=(), sort="expires_at")) == [
        "tables.orders: expires_at → choose another column as the key"
    ]


def test_a_table_has_five_indexes_at_most() -> None:
    """TableStore's limit."""
    indexes = tuple(Index(name=f"by_{c}", partition=f"col_{c}") for c in "abcdef")
    assert found(tables=of_orders(indexes=indexes[:5])) == []
    assert found(tables=of_orders(indexes=indexes)) == [
        "tables.orders.indexes: 6 → remove some, or keep a table of your own as an index"
    ]


def test_a_shop_has_64_tables_at_most() -> None:
    """One instance of TableStore holds no more."""
    tables = tuple(Table(name=f"table{n}", partition="id") for n in range(65))
    grants = tuple(grant("orders", "table", table.name, "read") for table in tables)
    changed: dict[str, Any] = {"tables": tables, "grants": (*SHOP.grants[2:], *grants)}
    assert found(**changed) == ["tables: 65 → join tables that share their keys"]


def test_an_index_finds_rows_by_a_key_of_its_own() -> None:
    """One that repeats the table's key, or another index's, only costs."""
    again = (Index(name="again", partition="id"),)
    assert found(tables=of_orders(indexes=again)) == [
        "tables.orders.indexes.again: id → remove it, or choose another key"
    ]
    twice = tuple(Index(name=name, partition="user", sort="made_at") for name in ("one", "two"))
    assert found(tables=of_orders(indexes=twice)) == [
        "tables.orders.indexes.two: user, made_at → remove it, or choose another key"
    ]
    sorted_otherwise = (Index(name="by_time", partition="id", sort="made_at"),)
    assert found(tables=of_orders(indexes=sorted_otherwise)) == []


def test_the_names_of_indexes_and_columns_suit_both_stores() -> None:
    """The rules are those of a table's name."""
    underscores = "use lower-case letters and digits, a letter first, words joined by underscores"
    assert found(tables=of_orders(partition="order-id", indexes=())) == [
        f"tables.orders.partition: order-id → {underscores}"
    ]
    indexes = (Index(name="by-user", partition="user", sort="madeAt"),)
    assert found(tables=of_orders(indexes=indexes)) == [
        f"tables.orders.indexes.by-user: by-user → {underscores}",
        f"tables.orders.indexes.by-user.sort: madeAt → {underscores}",
    ]
    twice = (Index(name="one", partition="user"), Index(name="one", partition="mail"))
    assert found(tables=of_orders(indexes=twice)) == [
        "tables.orders.indexes.one: declared 2 times → keep one, or rename the others"
    ]


def test_one_column_is_not_both_parts_of_a_key() -> None:
    """No store takes it."""
    assert found(tables=of_orders(sort="id")) == [
        "tables.orders.sort: id → choose another column, or none"
    ]


@pytest.mark.parametrize("days", [0, 366])
def test_blobs_that_were_never_attached_are_kept_for_a_day_to_a_year(days: int) -> None:
    """A bucket's rules count whole days."""
    assert found(buckets=(Bucket(name="images", pending_days=days),)) == [
        f"buckets.images.pending_days: {days} → write 1 to 365"
    ]
