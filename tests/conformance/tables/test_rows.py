"""Rows are read as they were last written, and written whole or not at all."""

import pytest

from app.ports.errors import ConditionFailedError, InvalidValueError
from app.ports.tables import Condition, Scalar, Table
from tests.support.tables_stores import USERS, Store

KEY = {"owner": "ann", "note": "one"}
MOST, LEAST = 2**63 - 1, -(2**63)


def test_a_row_that_was_never_written_is_none(notes: Table) -> None:
    assert notes.get(KEY) is None


def test_every_kind_of_value_comes_back_exactly_as_it_was(notes: Table) -> None:
    values: dict[str, Scalar] = {
        "text": "Ünïcödé 🙂\n", "empty": "", "nothing": b"", "bytes": bytes(range(256)),
        "zero": 0, "most": MOST, "least": LEAST, "yes": True, "no": False,
        "json": '{"a": [1, null]}',
    }  # fmt: skip
    notes.put({**KEY, **values})
    row = notes.get(KEY)
    assert row == {**KEY, **values}
    assert {name: type(value) for name, value in row.items()} == {
        name: type(value) for name, value in {**KEY, **values}.items()
    }


def test_a_put_replaces_the_whole_row(notes: Table) -> None:
    notes.put({**KEY, "old": 1})
    notes.put({**KEY, "new": 2})
    assert notes.get(KEY) == {**KEY, "new": 2}


def test_rows_differ_by_each_part_of_their_key(notes: Table) -> None:
    keys = [
        {"owner": owner, "note": note} for owner in ("a", "ab", "b") for note in ("b", "bc", "c")
    ]
    for number, key in enumerate(keys):
        notes.put({**key, "number": number})
    assert [(notes.get(key) or {})["number"] for key in keys] == list(range(9))


def test_a_table_without_sort_key_has_one_row_a_key(store: Store) -> None:
    users = store.make(USERS)
    users.put({"username": "ann", "age": 1})
    users.put({"username": "ann", "age": 2})
    assert users.get({"username": "ann"}) == {"username": "ann", "age": 2}
    assert users.query("ann").rows == ({"username": "ann", "age": 2},)
    assert users.query("bob").rows == ()
    users.delete({"username": "ann"})
    assert users.get({"username": "ann"}) is None


def test_put_if_absent_leaves_the_row_that_is_there(notes: Table) -> None:
    notes.put({**KEY, "by": "first"}, if_absent=True)
    with pytest.raises(ConditionFailedError):
        notes.put({**KEY, "by": "second"}, if_absent=True)
    assert notes.get(KEY) == {**KEY, "by": "first"}
    notes.delete(KEY)
    notes.put({**KEY, "by": "third"}, if_absent=True)
    assert notes.get(KEY) == {**KEY, "by": "third"}


def test_what_a_caller_does_to_its_own_row_later_changes_nothing(notes: Table) -> None:
    mine: dict[str, Scalar] = {**KEY, "text": "as written"}
    notes.put(mine)
    mine["text"] = "changed"
    read = notes.get(KEY)
    assert isinstance(read, dict)
    read["text"] = "changed"
    queried = notes.query("ann").rows[0]
    assert isinstance(queried, dict)
    queried["text"] = "changed"
    assert notes.get(KEY) == {**KEY, "text": "as written"}


def test_an_update_sets_adds_and_removes_at_once_and_leaves_the_rest(notes: Table) -> None:
    notes.put({**KEY, "kept": b"k", "count": 5, "gone": True, "kind": "text"})
    notes.update(KEY, set={"kind": 7, "fresh": "f"}, add={"count": -7}, remove=["gone", "never"])
    assert notes.get(KEY) == {**KEY, "kept": b"k", "count": -2, "kind": 7, "fresh": "f"}


def test_an_update_of_an_absent_row_fails_and_makes_none(notes: Table) -> None:
    with pytest.raises(ConditionFailedError):
        notes.update(KEY, set={"text": "t"})
    with pytest.raises(ConditionFailedError):
        notes.update(KEY, remove=["text"])
    assert notes.get(KEY) is None


@pytest.mark.parametrize("value", ["5", True, b"5", None], ids=repr)
def test_only_an_integer_that_is_there_is_added_to(notes: Table, value: Scalar | None) -> None:
    row = {**KEY} if value is None else {**KEY, "count": value}
    notes.put(row)
    with pytest.raises(ConditionFailedError, match="count"):
        notes.update(KEY, add={"count": 1}, set={"text": "t"})
    assert notes.get(KEY) == row


def test_a_sum_beyond_64_bits_is_refused_and_one_at_the_edge_is_not(notes: Table) -> None:
    notes.put({**KEY, "up": MOST - 1, "down": LEAST + 1})
    notes.update(KEY, add={"up": 1, "down": -1})
    for adding in ({"up": 1}, {"down": -1}, {"up": MOST}, {"down": LEAST}):
        with pytest.raises(InvalidValueError, match="64 bits"):
            notes.update(KEY, add=adding, set={"text": "t"})
    assert notes.get(KEY) == {**KEY, "up": MOST, "down": LEAST}
    notes.update(KEY, add={"up": LEAST})
    assert (notes.get(KEY) or {})["up"] == -1


def test_an_update_that_would_make_the_row_too_large_changes_nothing(notes: Table) -> None:
    notes.put({**KEY, "first": "x" * 300_000})
    with pytest.raises(InvalidValueError, match="bucket"):
        notes.update(KEY, set={"second": b"y" * 110_000})
    assert notes.get(KEY) == {**KEY, "first": "x" * 300_000}
    notes.update(KEY, set={"second": b"y" * 110_000}, remove=["first"])
    assert notes.get(KEY) == {**KEY, "second": b"y" * 110_000}


def test_a_row_of_almost_400_kb_is_kept(notes: Table) -> None:
    row = {**KEY, "large": "ä" * 200_000}
    notes.put(row)
    assert notes.get(KEY) == row


def test_a_delete_removes_the_row_and_does_not_mind_when_there_is_none(notes: Table) -> None:
    notes.put(KEY)
    notes.delete(KEY)
    notes.delete(KEY)
    assert notes.get(KEY) is None
    assert notes.query("ann").rows == ()


def test_a_conditional_delete_minds(notes: Table) -> None:
    when = [Condition("state", "=", "done")]
    with pytest.raises(ConditionFailedError):
        notes.delete(KEY, when=when)
    notes.put({**KEY, "state": "new"})
    with pytest.raises(ConditionFailedError):
        notes.delete(KEY, when=when)
    notes.update(KEY, set={"state": "done"})
    notes.delete(KEY, when=when)
    assert notes.get(KEY) is None
