"""An index has the rows that hold its columns: later perhaps, and then as they are."""

import pytest

from app.ports.tables import Between, Page, Row, Scalar, Schema, Table
from tests.support.tables_stores import Store

KEY = {"owner": "ann", "note": "one"}


def of_state(notes: Table, state: str) -> tuple[Row, ...]:
    return notes.query(state, index="by_state").rows


def test_an_index_shows_whole_rows(notes: Table, store: Store) -> None:
    row: dict[str, Scalar] = {**KEY, "state": "new", "changed": "1", "bytes": b"\0", "yes": True}
    notes.put(row)
    store.settle()
    assert of_state(notes, "new") == (row,)
    assert type(of_state(notes, "new")[0]["yes"]) is bool


def test_an_index_lacks_rows_that_lack_one_of_its_columns(notes: Table, store: Store) -> None:
    notes.put({"owner": "ann", "note": "both", "state": "new", "changed": "1"})
    notes.put({"owner": "ann", "note": "state", "state": "new"})
    notes.put({"owner": "ann", "note": "changed", "changed": "1"})
    notes.put({"owner": "ann", "note": "topic", "topic": "new"})
    store.settle()
    assert [row["note"] for row in of_state(notes, "new")] == ["both"]
    assert [row["note"] for row in notes.query("new", index="by_topic").rows] == ["topic"]


def test_a_row_enters_moves_in_and_leaves_an_index_as_its_columns_change(
    notes: Table, store: Store
) -> None:
    notes.put(KEY)
    store.settle()
    assert of_state(notes, "new") == ()
    notes.update(KEY, set={"state": "new", "changed": "1"})
    store.settle()
    assert of_state(notes, "new") == ({**KEY, "state": "new", "changed": "1"},)
    notes.update(KEY, set={"state": "old", "changed": "2"})
    store.settle()
    assert of_state(notes, "new") == ()
    assert of_state(notes, "old") == ({**KEY, "state": "old", "changed": "2"},)
    notes.update(KEY, remove=["changed"])
    store.settle()
    assert of_state(notes, "old") == ()
    notes.put({**KEY, "state": "new", "changed": "3"})
    notes.delete(KEY)
    store.settle()
    assert of_state(notes, "new") == ()


def test_a_column_that_is_not_of_the_index_changes_there_too(notes: Table, store: Store) -> None:
    notes.put({**KEY, "state": "new", "changed": "1", "count": 1})
    store.settle()
    notes.update(KEY, add={"count": 1})
    store.settle()
    assert of_state(notes, "new") == ({**KEY, "state": "new", "changed": "1", "count": 2},)
    notes.put({**KEY, "state": "new", "changed": "1"})
    store.settle()
    assert of_state(notes, "new") == ({**KEY, "state": "new", "changed": "1"},)


def test_many_rows_have_one_index_key(notes: Table, store: Store) -> None:
    for owner in "cab":
        for note in "zxy":
            notes.put({"owner": owner, "note": note, "state": "new", "changed": "same"})
    store.settle()
    for descending in (False, True):
        rows = notes.query("new", index="by_state", descending=descending).rows
        found = sorted((str(row["owner"]), str(row["note"])) for row in rows)
        assert found == [(owner, note) for owner in "abc" for note in "xyz"]


def test_an_index_may_be_of_the_tables_own_key_columns(store: Store) -> None:
    table = store.make(
        Schema(partition="owner", sort="note", indexes={"turned": ("note", "owner")})
    )
    for owner in "ab":
        for note in "xy":
            table.put({"owner": owner, "note": note})
    store.settle()
    assert table.query("x", index="turned").rows == (
        {"owner": "a", "note": "x"},
        {"owner": "b", "note": "x"},
    )
    assert len(table.query("x", index="turned", sort=Between(low="b")).rows) == 1
    table.delete({"owner": "b", "note": "x"})
    store.settle()
    assert table.query("x", index="turned").rows == ({"owner": "a", "note": "x"},)


def test_an_index_of_a_table_without_sort_key(store: Store) -> None:
    table = store.make(Schema(partition="name", indexes={"by_team": ("team", None)}))
    for name in "cab":
        table.put({"name": name, "team": "red"})
    table.update({"name": "b"}, set={"team": "blue"})
    store.settle()
    pages: list[Page] = [table.query("red", index="by_team", limit=1)]
    while pages[-1].cursor is not None:
        pages.append(table.query("red", index="by_team", limit=1, cursor=pages[-1].cursor))
    assert sorted(str(row["name"]) for page in pages for row in page.rows) == ["a", "c"]


def test_the_table_itself_never_lags(notes: Table) -> None:
    notes.put({**KEY, "state": "new", "changed": "1"})
    assert len(notes.query("ann").rows) == 1
    notes.update(KEY, set={"state": "old"})
    assert notes.query("ann").rows[0]["state"] == "old"
    notes.delete(KEY)
    assert notes.query("ann").rows == ()


def test_a_lagging_index_shows_rows_as_they_were_and_then_as_they_are(
    notes: Table, store: Store
) -> None:
    if store.lags is None:
        pytest.skip("an account's index shows a change when it will, sooner or later")
    first = {**KEY, "state": "new", "changed": "1", "text": "first"}
    second = {**KEY, "state": "new", "changed": "2", "text": "second"}
    notes.put(first)
    before = () if store.lags else (first,)
    assert of_state(notes, "new") == before
    store.settle()
    assert of_state(notes, "new") == (first,)
    notes.put(second)
    assert of_state(notes, "new") == ((first,) if store.lags else (second,))
    store.settle()
    assert of_state(notes, "new") == (second,)
    notes.delete(KEY)
    assert of_state(notes, "new") == ((second,) if store.lags else ())
    store.settle()
    assert of_state(notes, "new") == ()


def test_of_many_changes_at_one_moment_an_index_shows_the_last(notes: Table, store: Store) -> None:
    for number in range(5):
        notes.put({**KEY, "state": "new", "changed": "1", "number": number})
        notes.put({**KEY, "state": f"s{number}", "changed": "1"})
        notes.delete(KEY)
    notes.put({**KEY, "state": "new", "changed": "9", "number": 9})
    store.settle()
    assert of_state(notes, "new") == ({**KEY, "state": "new", "changed": "9", "number": 9},)
    for number in range(5):
        assert of_state(notes, f"s{number}") == ()


@pytest.mark.parametrize("limit", [1, 3])
def test_pages_of_an_index_do_not_count_what_is_not_seen_there(
    notes: Table, store: Store, limit: int
) -> None:
    for number in range(9):
        notes.put({"owner": "ann", "note": f"{number}", "state": "new", "changed": f"{number}"})
    store.settle()
    for number in range(0, 9, 2):
        notes.update({"owner": "ann", "note": f"{number}"}, set={"state": "old"})
    store.settle()
    found, cursor = [], None
    while True:
        page = notes.query("new", index="by_state", limit=limit, cursor=cursor)
        found += [row["note"] for row in page.rows]
        cursor = page.cursor
        if cursor is None:
            break
    assert found == ["1", "3", "5", "7"]
