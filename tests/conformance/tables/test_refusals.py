"""What no store takes is refused before a store is asked, in words that hold no value."""

from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import Any

import pytest

from app.adapters.common.tables import granted
from app.ports.errors import AccessDeniedError, InvalidValueError
from app.ports.tables import Between, Condition, Prefix, Row, Scalar, Table
from tests.support.tables_stores import NOTES, USERS, Store, stated_of

KEY = {"owner": "ann", "note": "one"}
SECRET = "planted"


class Subclass(StrEnum):
    """A text that would come back as another type."""

    VALUE = SECRET


BAD_KEY_TEXTS: dict[str, Any] = {
    "empty": "", "too long": "x" * 1025, "too long in bytes": "é" * 513, "NUL": f"{SECRET}\0",
    "a surrogate": f"{SECRET}\ud800", "an integer": 5, "nothing": None, "bytes": b"planted",
    "a boolean": True, "a subclass": Subclass.VALUE,
}  # fmt: skip
BAD_VALUES: dict[str, Any] = {
    "a float": 1.5, "nothing": None, "a list": [SECRET], "a dict": {SECRET: 1}, "a tuple": (1,),
    "a bytearray": bytearray(b"planted"), "too much": 2**63, "too little": -(2**63) - 1,
    "a surrogate": f"{SECRET}\udfff", "a subclass": Subclass.VALUE, "a set": {1}, "a complex": 1j,
}  # fmt: skip
BAD_COLUMNS: dict[str, Any] = {
    "empty": "", "capital": "Name", "digit first": "1a", "hyphen": "a-b", "dot": "a.b",
    "space": "a b", "underscore first": "_a", "too long": "a" * 65, "accent": "é",
    "newline": "a\n", "integer": 5, "quote": 'a"',
}  # fmt: skip
BAD_KEYS: list[Any] = [
    {}, {"owner": "ann"}, {"note": "one"}, {**KEY, "more": "x"}, {"Owner": "ann"}, [], None, "ann",
]  # fmt: skip

# the checks stand before every store alike: two are enough to see that nothing reached one
pytestmark = pytest.mark.parametrize("store", ["memory", "local-normal"], indirect=True)


@pytest.fixture
def kept(notes: Table) -> Table:
    """A table whose one row no refused write may change."""
    notes.put({**KEY, "count": 1, "text": "as it was"})
    return notes


def refused(kept: Table, act: Callable[[], object], names: str) -> None:
    """Whether this is refused, says so naming the table and what is wrong, and changes nothing."""
    with pytest.raises(InvalidValueError) as caught:
        act()
    said = str(caught.value)
    assert names in said
    assert "things1" in said
    assert SECRET not in said
    assert len(said) < 400
    assert kept.query("ann").rows == ({**KEY, "count": 1, "text": "as it was"},)


@pytest.mark.parametrize("bad", BAD_KEY_TEXTS)
@pytest.mark.parametrize("column", ["owner", "note"])
def test_a_part_of_a_key_is_a_text_of_1_to_1024_bytes(kept: Table, bad: str, column: str) -> None:
    key: Any = {**KEY, column: BAD_KEY_TEXTS[bad]}
    refused(kept, lambda: kept.get(key), column)
    refused(kept, lambda: kept.put(key), column)
    refused(kept, lambda: kept.update(key, set={"text": "t"}), column)
    refused(kept, lambda: kept.delete(key), column)


@pytest.mark.parametrize("bad", BAD_KEY_TEXTS)
def test_so_is_what_a_query_looks_for(kept: Table, bad: str) -> None:
    text: Any = BAD_KEY_TEXTS[bad]
    refused(kept, lambda: kept.query(text), "owner")
    refused(kept, lambda: kept.query(text, index="by_state"), "state")
    refused(kept, lambda: kept.query("ann", sort=Prefix(text)), "note")
    if text is not None:
        refused(kept, lambda: kept.query("ann", sort=Between(low=text)), "note")
        refused(kept, lambda: kept.query("ann", sort=Between(high=text)), "note")


@pytest.mark.parametrize("bad", BAD_KEY_TEXTS)
@pytest.mark.parametrize("column", ["state", "changed", "topic"])
def test_so_is_an_indexs_column_in_a_row(kept: Table, bad: str, column: str) -> None:
    value: Any = BAD_KEY_TEXTS[bad]
    refused(kept, lambda: kept.put({**KEY, column: value}), column)
    refused(kept, lambda: kept.update(KEY, set={column: value}), column)
    refused(kept, lambda: kept.update(KEY, add={column: 1}), column)


@pytest.mark.parametrize("key", BAD_KEYS, ids=repr)
def test_a_key_has_exactly_the_schemas_columns(kept: Table, key: Any) -> None:
    refused(kept, lambda: kept.get(key), "note and owner")
    refused(kept, lambda: kept.update(key, set={"text": "t"}), "note and owner")
    refused(kept, lambda: kept.delete(key), "note and owner")
    if not isinstance(key, dict) or "more" not in key:
        refused(kept, lambda: kept.put(key), "note and owner")


def test_a_table_without_sort_key_takes_no_other_column_in_a_key(store: Store) -> None:
    users = store.make(USERS)
    with pytest.raises(InvalidValueError):
        users.get({"username": "ann", "note": "one"})
    with pytest.raises(InvalidValueError, match="sort key"):
        users.query("ann", sort=Prefix("a"))


@pytest.mark.parametrize("bad", BAD_VALUES)
def test_a_value_is_a_text_an_integer_of_64_bits_a_boolean_or_bytes(kept: Table, bad: str) -> None:
    value: Any = BAD_VALUES[bad]
    when = [Condition("note_text", "=", value)]
    refused(kept, lambda: kept.put({**KEY, "note_text": value}), "note_text")
    refused(kept, lambda: kept.update(KEY, set={"note_text": value}), "note_text")
    refused(kept, lambda: kept.update(KEY, set={"a": "b"}, when=when), "note_text")
    refused(kept, lambda: kept.delete(KEY, when=when), "note_text")


@pytest.mark.parametrize("value", [1.5, "1", True, None, 2**63, -(2**63) - 1], ids=repr)
def test_only_integers_of_64_bits_are_added(kept: Table, value: Any) -> None:
    refused(kept, lambda: kept.update(KEY, add={"count": value}), "count")


@pytest.mark.parametrize("bad", BAD_COLUMNS)
def test_a_column_is_named_in_small_letters_digits_and_underscores(kept: Table, bad: str) -> None:
    name: Any = BAD_COLUMNS[bad]
    refused(kept, lambda: kept.put({**KEY, name: 1}), "column")
    refused(kept, lambda: kept.update(KEY, set={name: 1}), "column")
    refused(kept, lambda: kept.update(KEY, add={name: 1}), "column")
    refused(kept, lambda: kept.update(KEY, remove=[name]), "column")
    refused(kept, lambda: kept.delete(KEY, when=[Condition(name, "=", 1)]), "column")


def test_the_longest_column_name_is_taken(notes: Table) -> None:
    row: Row = {**KEY, "a" * 64: 1}
    notes.put(row)
    assert notes.get(KEY) == row


def test_a_row_has_at_most_400_kb(kept: Table) -> None:
    for large in ("x" * 409_600, b"x" * 409_600, "é" * 204_800):
        refused(kept, partial(kept.put, {**KEY, "large": large}), "409600")
        refused(kept, partial(kept.update, KEY, set={"large": large}), "409600")
    names: dict[str, Scalar] = {f"a{number:063}": True for number in range(6_400)}
    refused(kept, lambda: kept.put({**KEY, **names}), "409600")


def test_an_update_names_each_column_once_and_none_of_the_key(kept: Table) -> None:
    refused(kept, lambda: kept.update(KEY), "nothing")
    refused(kept, lambda: kept.update(KEY, set={}, add={}, remove=[]), "nothing")
    refused(kept, lambda: kept.update(KEY, set={"count": 1}, add={"count": 1}), "count")
    refused(kept, lambda: kept.update(KEY, set={"count": 1}, remove=["count"]), "count")
    refused(kept, lambda: kept.update(KEY, add={"count": 1}, remove=["count"]), "count")
    refused(kept, lambda: kept.update(KEY, remove=["count", "count"]), "count")
    refused(kept, lambda: kept.update(KEY, remove="text"), "text")
    for column in KEY:
        refused(kept, partial(kept.update, KEY, set={column: "x"}), column)
        refused(kept, partial(kept.update, KEY, add={column: 1}), column)
        refused(kept, partial(kept.update, KEY, remove=[column]), column)


def test_there_are_at_most_ten_conditions_and_none_on_the_key(kept: Table) -> None:
    eleven = [Condition("count", ">=", number) for number in range(-10, 1)]
    refused(kept, lambda: kept.update(KEY, set={"text": "t"}, when=eleven), "11")
    refused(kept, lambda: kept.delete(KEY, when=eleven), "11")
    strange: Any = "~"
    for bad in (Condition("note", "=", "one"), Condition("count", strange, 1), ("count", "=", 1)):
        when: Any = [bad]
        refused(kept, partial(kept.delete, KEY, when=when), "")


@pytest.mark.parametrize("limit", [0, -1, 1001, True, "5", 5.0, None], ids=repr)
def test_a_page_has_1_to_1000_rows(kept: Table, limit: Any) -> None:
    refused(kept, lambda: kept.query("ann", limit=limit), "limit")


def test_a_query_names_an_index_that_there_is_and_a_range_that_can_be(kept: Table) -> None:
    strange: Any = ("a", "b")
    refused(kept, lambda: kept.query("ann", index="by_nothing"), "by_nothing")
    refused(kept, lambda: kept.query("ann", index=""), "index")
    refused(kept, lambda: kept.query("ann", sort=Between(low="b", high="a")), "note")
    refused(kept, lambda: kept.query("ann", sort=strange), "Between")
    refused(kept, lambda: kept.query("ann", index="by_topic", sort=Prefix("a")), "by_topic")


ACTIONS: dict[str, tuple[str, Callable[[Table], object]]] = {
    "get": ("read", lambda table: table.get(KEY)),
    "query": ("read", lambda table: table.query("ann")),
    "put": ("write", lambda table: table.put({**KEY, "text": "new"})),
    "put if absent": ("write", lambda table: table.put(KEY, if_absent=True)),
    "update": ("write", lambda table: table.update(KEY, set={"text": "new"})),
    "delete": ("write", lambda table: table.delete(KEY)),
    "remove_expired": ("write", lambda table: table.remove_expired()),
}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("may", [(), ("read",), ("write",), ("read", "write")], ids="+".join)
def test_only_what_is_granted_is_done(store: Store, action: str, may: tuple[str, ...]) -> None:
    bare = store.bare("notes", NOTES)
    bare.put({**KEY, "text": "as it was"})
    table = granted(bare, "notes", stated_of(NOTES, may), "shelf")
    needed, act = ACTIONS[action]
    if action == "put if absent":
        bare.delete(KEY)
    if needed in may:
        act(table)
        return
    before = bare.get(KEY)
    with pytest.raises(AccessDeniedError, match=f"shelf.*{needed}.*notes"):
        act(table)
    assert bare.get(KEY) == before
