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


def shop_of(tables: int, indexes: int = 0) -> list[str]:
    """What is wrong with a shop of so many tables, the first of which have an index each."""
    by_user = (Index(name="by_user", partition="user"),)
    made = tuple(
        Table(name=f"table{n}", partition="id", indexes=by_user if n < indexes else ())
        for n in range(tables)
    )
    grants = tuple(grant("orders", "table", table.name, "read") for table in made)
    changed: dict[str, Any] = {"tables": made, "grants": (*SHOP.grants[2:], *grants)}
    return found(**changed)


def test_a_shop_has_64_tables_at_most() -> None:
    """One instance of TableStore holds no more."""
    assert shop_of(64) == []
    assert shop_of(65) == [
        "tables: 65 and 0 indexes → join tables that share their keys, or remove indexes"
    ]


def test_indexes_count_among_the_64_tables() -> None:
    """TableStore keeps an index as a table: help/en/tablestore/general-limits-of-tablestore."""
    assert shop_of(33, indexes=31) == []
    assert shop_of(33, indexes=32) == [
        "tables: 33 and 32 indexes → join tables that share their keys, or remove indexes"
    ]


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


@pytest.mark.parametrize("characters", [2, 3, 64, 65])
def test_an_indexes_name_is_as_long_as_a_tables(characters: int) -> None:
    """DynamoDB takes no shorter one; TableStore takes 255 of an index and its table together."""
    name = "i" * characters
    refused = [f"tables.orders.indexes.{name}: {characters} characters → use 3 to 64 characters"]
    indexes = (Index(name=name, partition="user"),)
    assert found(tables=of_orders(indexes=indexes)) == (refused if characters in (2, 65) else [])


@pytest.mark.parametrize("characters", [1, 64, 65])
def test_a_keys_column_is_no_longer_than_the_port_takes(characters: int) -> None:
    """No row of a table with a longer one could be written."""
    name = "c" * characters
    refused = f"{characters} characters → use 1 to 64 characters"
    indexes = (Index(name="by_user", partition=name),)
    assert found(tables=of_orders(sort=name)) == (
        [f"tables.orders.sort: {refused}"] if characters > 64 else []
    )
    assert found(tables=of_orders(indexes=indexes)) == (
        [f"tables.orders.indexes.by_user.partition: {refused}"] if characters > 64 else []
    )


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
