"""Rows that expire are written whole, and removed some time after."""

import pytest

from app.ports.errors import ConditionFailedError, InvalidValueError
from app.ports.tables import Condition, Row, Scalar, Table
from tests.conftest import Counts
from tests.support.tables_stores import SESSIONS, Store

KEY = {"user": "ann", "session": "s1"}


@pytest.fixture
def sessions(store: Store) -> Table:
    return store.make(SESSIONS)


def needs_removal(store: Store) -> None:
    if not store.removes:
        pytest.skip(
            "the store removes what expires by itself, within days; what plays it never does"
        )


def test_a_store_that_removes_rows_by_itself_leaves_none_to_us(
    sessions: Table, store: Store
) -> None:
    past: Row = {**KEY, "expires_at": store.now_s() - 60}
    sessions.put(past)
    assert sessions.remove_expired() == (1 if store.removes else 0)
    assert sessions.get(KEY) == (None if store.removes else past)


def test_a_row_is_there_until_it_is_removed_even_when_its_time_is_past(
    sessions: Table, store: Store
) -> None:
    needs_removal(store)
    past: Row = {**KEY, "expires_at": store.now_s() - 3600}
    sessions.put(past)
    assert sessions.get(KEY) == past
    assert sessions.query("ann").rows == (past,)
    with pytest.raises(ConditionFailedError):
        sessions.put(past, if_absent=True)
    sessions.remove_expired()
    assert sessions.get(KEY) is None
    assert sessions.query("ann").rows == ()
    sessions.put(past, if_absent=True)


@pytest.mark.busy
def test_only_what_is_past_is_removed_however_much_it_is(
    sessions: Table, store: Store, counts: Counts
) -> None:
    needs_removal(store)
    many = counts(small=600, full=20_000)  # more than goes in one piece
    now_s = store.now_s()
    for number in range(many):
        sessions.put({"user": f"u{number % 7}", "session": f"{number}", "expires_at": number})
    kept: list[dict[str, Scalar]] = [
        {"user": "kept", "session": f"{offset}", "expires_at": now_s + offset}
        for offset in (60, 86_400, 2**40)
    ]
    for row in kept:
        sessions.put(row)
    assert sessions.remove_expired() == many
    assert sessions.remove_expired() == 0
    assert [sessions.get({"user": "kept", "session": str(row["session"])}) for row in kept] == kept
    assert all(not sessions.query(f"u{number}").rows for number in range(7))


def test_a_row_that_was_written_anew_expires_by_its_new_time(sessions: Table, store: Store) -> None:
    needs_removal(store)
    sessions.put({**KEY, "expires_at": 5})
    sessions.put({**KEY, "expires_at": store.now_s() + 3600})
    assert sessions.remove_expired() == 0
    sessions.put({**KEY, "expires_at": -5})
    assert sessions.remove_expired() == 1


@pytest.mark.parametrize("ends", [None, "5", True, b"5"], ids=repr)
def test_a_row_states_when_it_expires_in_an_integer(sessions: Table, ends: Scalar | None) -> None:
    row: dict[str, Scalar] = {**KEY} if ends is None else {**KEY, "expires_at": ends}
    with pytest.raises(InvalidValueError, match="expires_at"):
        sessions.put(row)
    assert sessions.get(KEY) is None


def test_such_a_row_cannot_be_changed_in_part_but_conditionally_deleted(sessions: Table) -> None:
    row: Row = {**KEY, "expires_at": 5, "kind": "a"}
    sessions.put(row)
    with pytest.raises(InvalidValueError, match="whole"):
        sessions.update(KEY, set={"kind": "b"})
    with pytest.raises(ConditionFailedError):
        sessions.delete(KEY, when=[Condition("kind", "=", "b")])
    assert sessions.get(KEY) == row
    sessions.delete(KEY, when=[Condition("kind", "=", "a")])
    assert sessions.get(KEY) is None


def test_in_a_table_that_does_not_expire_the_column_is_one_like_others(notes: Table) -> None:
    row: Row = {"owner": "ann", "note": "one", "expires_at": 5}
    notes.put(row)
    notes.put({"owner": "ann", "note": "two", "expires_at": "never"})
    assert notes.remove_expired() == 0
    assert notes.get({"owner": "ann", "note": "one"}) == row
