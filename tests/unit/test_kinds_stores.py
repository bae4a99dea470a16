"""Tables and buckets stay, whatever becomes of the stack that declared them."""

from pathlib import Path
from typing import Any

import pytest

from infra.errors import PlatformError
from infra.local.kinds.stores import Bucket, Table, standing_key
from infra.local.places import Places
from infra.local.runtime.specs import invalid

USERS: dict[str, Any] = {
    "name": "users",
    "partition": "username",
    "sort": "",
    "indexes": {"by_outbox": ["outbox", "outbox_at"]},
    "expiring": False,
    "allow_replace": False,
}


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """A clone that holds nothing yet."""
    return Places(tmp_path)


def filled(places: Places) -> Path:
    """The users' table, made and with rows in it."""
    Table().create(places, USERS)
    rows = places.data / "tables" / "users" / "rows.db"
    rows.write_bytes(b"rows")
    return rows


def test_a_table_is_found_as_it_was_declared(places: Places) -> None:
    table = Table()
    assert table.find(places, USERS) is None
    table.create(places, USERS)
    assert table.find(places, USERS) == USERS
    assert table.identify(places, USERS) == f"{places.key}-users"


def test_a_tables_folder_is_its_owners_alone(places: Places) -> None:
    Table().create(places, USERS)
    for folder in (places.data, places.data / "tables", places.data / "tables" / "users"):
        assert folder.stat().st_mode & 0o077 == 0


def test_deleting_a_table_keeps_its_rows_and_declaring_it_again_finds_them(places: Places) -> None:
    rows = filled(places)
    Table().delete(places, USERS)
    Table().create(places, USERS)
    assert rows.read_bytes() == b"rows"


def test_an_index_comes_and_goes_without_touching_a_row(places: Places) -> None:
    rows = filled(places)
    more = {**USERS, "indexes": {"by_email": ["email"]}}
    Table().change(places, more)
    assert Table().find(places, USERS) == more
    assert rows.read_bytes() == b"rows"


def test_rows_are_not_given_another_key(places: Places) -> None:
    rows = filled(places)
    with pytest.raises(PlatformError, match=r"kept by username.*kept by user_id and day"):
        Table().change(places, {**USERS, "partition": "user_id", "sort": "day"})
    assert rows.read_bytes() == b"rows"
    assert Table().find(places, USERS) == USERS
    assert standing_key(places, "users") == ("username", "")


def test_rows_go_for_another_key_where_the_settings_allow_it(places: Places) -> None:
    rows = filled(places)
    changed = {**USERS, "partition": "user_id", "allow_replace": True}
    Table().change(places, changed)
    assert not rows.exists()
    assert Table().find(places, changed) == changed


def test_a_table_without_rows_takes_any_key(places: Places) -> None:
    Table().create(places, USERS)
    Table().change(places, {**USERS, "partition": "user_id"})
    assert standing_key(places, "users") is None


def test_a_declaration_that_cannot_be_read_is_drift(places: Places) -> None:
    filled(places)
    (places.data / "tables" / "users" / "declared.json").write_text("{")
    assert Table().find(places, USERS) is None
    Table().create(places, USERS)
    assert Table().find(places, USERS) == USERS


def test_a_bucket_is_a_folder_that_stays(places: Places) -> None:
    bucket = Bucket()
    assert bucket.find(places, {"name": "uploads"}) is None
    bucket.create(places, {"name": "uploads"})
    bucket.delete(places, {"name": "uploads"})
    assert bucket.find(places, {"name": "uploads"}) == {"name": "uploads"}


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({}, []),
        ({"partition": ""}, ["partition"]),
        ({"sort": None}, ["sort"]),
        ({"indexes": {"by_outbox": "outbox"}}, ["indexes"]),
        ({"expiring": "yes"}, ["expiring"]),
        ({"more": 1}, ["more"]),
    ],
)
def test_a_tables_properties_are_checked_by_name(changed: Any, wrong: list[str]) -> None:
    assert [each.property for each in invalid(Table.rules, {**USERS, **changed})] == wrong
