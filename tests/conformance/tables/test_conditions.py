"""A write whose conditions are not all true of the row changes nothing."""

from itertools import product
from operator import eq, ge, gt, le, lt, ne
from typing import get_args

import pytest

from app.ports.errors import ConditionFailedError, InvalidValueError
from app.ports.tables import Comparison, Condition, Scalar, Table

KEY = {"owner": "ann", "note": "one"}
COMPARISONS: tuple[Comparison, ...] = get_args(Comparison)
MEANING = dict(zip(COMPARISONS, (eq, ne, lt, le, gt, ge), strict=True))

# each list in its order, by which its values compare
ORDERED: dict[str, list[Scalar]] = {
    "integers": [-(2**63), -10, -9, -1, 0, 1, 9, 10, 2**53, 2**53 + 1, 2**63 - 1],
    "texts": ["", "\n", "1", "10", "9", "A", "Z", "a", "aa", "é", "中", "\uff5e", "🙂"],
    "bytes": [b"", b"\0", b"\0\0", b"1", b"\x7f", b"\x80", b"\xff", b"\xff\0"],
}
BOOLEANS: list[Scalar] = [False, True]
OF_EACH: list[Scalar] = ["1", 1, True, b"1"]


def holds(notes: Table, condition: Condition) -> bool:
    """Whether a write goes through on this condition; seen in the row too."""
    before = notes.get(KEY)
    assert before is not None
    tries = int(before["tries"])
    try:
        notes.update(KEY, add={"tries": 1}, when=[condition])
    except ConditionFailedError:
        assert notes.get(KEY) == before
        return False
    assert notes.get(KEY) == {**before, "tries": tries + 1}
    return True


@pytest.mark.busy
@pytest.mark.parametrize("kind", ORDERED)
def test_values_of_one_type_compare_in_their_order(notes: Table, kind: str) -> None:
    values = ORDERED[kind]
    for here, stored in enumerate(values):
        notes.put({**KEY, "tries": 0, "value": stored})
        # all neighbours, and both ends
        for there in {0, max(here - 1, 0), here, min(here + 1, len(values) - 1), len(values) - 1}:
            for comparison in COMPARISONS:
                right = MEANING[comparison](here, there)
                condition = Condition("value", comparison, values[there])
                assert holds(notes, condition) is right, (comparison, here, there)


def test_booleans_are_the_same_or_not(notes: Table) -> None:
    for stored, asked in product(BOOLEANS, BOOLEANS):
        notes.put({**KEY, "tries": 0, "value": stored})
        assert holds(notes, Condition("value", "=", asked)) is (stored == asked)
        assert holds(notes, Condition("value", "!=", asked)) is (stored != asked)


def test_booleans_have_no_order(notes: Table) -> None:
    notes.put({**KEY, "tries": 0, "value": True})
    for comparison in ("<", "<=", ">", ">="):
        with pytest.raises(InvalidValueError, match="value"):
            notes.update(KEY, add={"tries": 1}, when=[Condition("value", comparison, False)])
    assert notes.get(KEY) == {**KEY, "tries": 0, "value": True}


def test_nothing_is_true_of_a_column_that_holds_another_type(notes: Table) -> None:
    for stored, asked in product(OF_EACH, OF_EACH):
        if type(stored) is type(asked):
            continue
        notes.put({**KEY, "tries": 0, "value": stored})
        for comparison in ("=", "!=") if type(asked) is bool else COMPARISONS:
            assert not holds(notes, Condition("value", comparison, asked)), (stored, asked)


def test_nothing_is_true_of_a_column_that_the_row_lacks(notes: Table) -> None:
    notes.put({**KEY, "tries": 0})
    for asked in OF_EACH:
        for comparison in ("=", "!=") if type(asked) is bool else COMPARISONS:
            assert not holds(notes, Condition("value", comparison, asked)), (comparison, asked)


def test_all_conditions_must_be_true_and_ten_may_be(notes: Table) -> None:
    columns = {f"c{number}": number for number in range(10)}
    notes.put({**KEY, **columns})
    when = [Condition(column, "=", value) for column, value in columns.items()]
    notes.update(KEY, set={"c0": 100}, when=when)
    for wrong in range(1, 10):
        others = [*when[1:wrong], Condition(f"c{wrong}", "!=", wrong), *when[wrong + 1 :]]
        with pytest.raises(ConditionFailedError):
            notes.update(KEY, set={"c0": 200}, when=others)
        with pytest.raises(ConditionFailedError):
            notes.delete(KEY, when=others)
    assert notes.get(KEY) == {**KEY, **columns, "c0": 100}
    notes.delete(KEY, when=when[1:])
    assert notes.get(KEY) is None


def test_one_column_may_have_two_conditions(notes: Table) -> None:
    notes.put({**KEY, "count": 5})
    between = [Condition("count", ">=", 3), Condition("count", "<", 6)]
    notes.update(KEY, add={"count": 1}, when=between)
    with pytest.raises(ConditionFailedError):
        notes.update(KEY, add={"count": 1}, when=between)
    assert (notes.get(KEY) or {})["count"] == 6


def test_a_condition_is_asked_of_the_row_before_the_change(notes: Table) -> None:
    notes.put({**KEY, "state": "new", "available": 3})
    when = [Condition("state", "=", "new"), Condition("available", ">=", 3)]
    notes.update(KEY, set={"state": "taken"}, add={"available": -3}, when=when)
    assert notes.get(KEY) == {**KEY, "state": "taken", "available": 0}
    with pytest.raises(ConditionFailedError):
        notes.update(KEY, remove=["state"], when=when)


def test_a_failed_condition_says_no_value(notes: Table) -> None:
    notes.put({**KEY, "word": "planted-stored"})
    with pytest.raises(ConditionFailedError) as caught:
        notes.update(KEY, set={"a": "b"}, when=[Condition("word", "=", "planted-asked")])
    assert "planted" not in str(caught.value)
    assert "word" in str(caught.value)
    assert "things1" in str(caught.value)
