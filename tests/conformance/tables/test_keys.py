"""Keys are any text, told apart by their bytes and put in order by them."""

import random
from itertools import pairwise

import pytest

from app.ports.tables import Between, Prefix, Table
from tests.support.tables_stores import USERS, Store

UNICODE = [
    "🙂", "\U0001f469\u200d\U0001f469\u200d\U0001f466", "e\u0301", "é", "שלום", "العربية",
    "Ελληνικά", "ὀδύσσεια", "中文", "ß", "ẞ", "ss", "SS", "a", "A", "\uff41", "Å", "\u212b",
    "'", '"', "''; DROP TABLE rows; --", "\\", "%", "_", "*", "?", "a b", " a", "a ", " ", "\t",
    "\n", "\u200b", "\u202eabc", "\ufeffa", "\x01", "\x7f", "\ud7ff", "\ue000", "\uffff",
    "\U00010000", "\U0010ffff", "NULL", "null", "0", "00", "1e3",
    "x" * 1024, "é" * 512, "🙂" * 256,
]  # fmt: skip


@pytest.mark.busy
def test_no_text_is_taken_for_another(notes: Table, store: Store) -> None:
    users = store.make(USERS)
    for number, text in enumerate(UNICODE):
        users.put({"username": text, "number": number}, if_absent=True)
        notes.put({"owner": "ann", "note": text, "number": number}, if_absent=True)
        notes.put({"owner": text, "note": "same", "number": number}, if_absent=True)
    for number, text in enumerate(UNICODE):
        assert users.get({"username": text}) == {"username": text, "number": number}
        assert (notes.get({"owner": "ann", "note": text}) or {})["number"] == number
        assert [row["number"] for row in notes.query(text).rows] == [number]


def test_sort_keys_are_in_the_order_of_their_bytes_which_is_that_of_code_points(
    notes: Table,
) -> None:
    shuffled = random.Random(1).sample(UNICODE, len(UNICODE))
    for text in shuffled:
        notes.put({"owner": "ann", "note": text})
    found = [str(row["note"]) for row in notes.query("ann").rows]
    assert found == sorted(UNICODE) == sorted(UNICODE, key=str.encode)
    assert [row["note"] for row in notes.query("ann", descending=True).rows] == found[::-1]


@pytest.mark.busy
def test_index_keys_are_in_the_same_order(notes: Table, store: Store) -> None:
    for number, text in enumerate(UNICODE):
        notes.put({"owner": "ann", "note": f"{number}", "state": text, "changed": text})
        notes.put({"owner": "bob", "note": f"{number}", "state": "all", "changed": text})
    store.settle()
    found = [row["changed"] for row in notes.query("all", index="by_state").rows]
    assert found == sorted(UNICODE)
    for number, text in enumerate(UNICODE):
        rows = notes.query(text, index="by_state").rows
        assert [row["note"] for row in rows] == [f"{number}"]


@pytest.mark.busy
def test_a_range_has_both_its_ends(notes: Table) -> None:
    texts = sorted(UNICODE)
    for text in texts:
        notes.put({"owner": "ann", "note": text})
    for low, high in pairwise(texts):
        found = notes.query("ann", sort=Between(low=low, high=high)).rows
        assert [row["note"] for row in found] == [low, high]
    middle = texts[20]
    first = notes.query("ann", sort=Between(high=middle)).rows
    rest = notes.query("ann", sort=Between(low=middle)).rows
    assert [row["note"] for row in first] == texts[:21]
    assert [row["note"] for row in rest] == texts[20:]


@pytest.mark.busy
@pytest.mark.parametrize(
    "prefix", ["a", "é", "e", "🙂", "\ud7ff", "\uffff", "\U0010ffff", "x" * 1024, "%", "\x7f", "ab"]
)
def test_a_prefix_finds_all_that_begin_so_and_nothing_else(notes: Table, prefix: str) -> None:
    beside = ["\U0010ffff", "\uffff", "\ue000", "a", "\x01", "b\U0010ffff", "🙂", "é"]
    texts = {*UNICODE, prefix, *(prefix[:300] + each for each in beside), "\ud7fe\U0010ffff"}
    texts |= {"`", "`\U0010ffff", "b", "aa", "a\U0010ffff\U0010ffff", "\U0010ffff" * 3}
    for text in texts:
        notes.put({"owner": "ann", "note": text})
    found = [str(row["note"]) for row in notes.query("ann", sort=Prefix(prefix)).rows]
    assert found == sorted(text for text in texts if text.startswith(prefix))
    assert found


@pytest.mark.parametrize("last", ["\x7f", "\u07ff", "\uffff", "\ud7ff", "\U0010ffff"], ids=ascii)
def test_a_key_of_all_the_bytes_is_found_whatever_its_last_character_is(
    notes: Table, store: Store, last: str
) -> None:
    """What follows some characters has a byte more, and a range would end in no key."""
    longest = "x" * (1024 - len(last.encode())) + last
    beside = ["x", longest[:-1], longest[:-1] + "!", "y"]
    for note in (longest, *beside):
        row = {"owner": "ann", "note": note, "state": "new", "changed": note}
        notes.put(row)
    store.settle()
    for index, partition in ((None, "ann"), ("by_state", "new")):
        for descending in (False, True):
            for sort in (Prefix(longest), Between(low=longest, high=longest)):
                page = notes.query(partition, sort=sort, index=index, descending=descending)
                assert [row["note"] for row in page.rows] == [longest]
            page = notes.query(
                partition, sort=Between(high=longest), index=index, descending=descending
            )
            upwards = ["x", longest[:-1], longest[:-1] + "!", longest]
            assert [row["note"] for row in page.rows] == (upwards[::-1] if descending else upwards)


@pytest.mark.parametrize("character", ["x", "\x01"], ids=ascii)
def test_keys_of_all_the_bytes_that_are_allowed_work_in_pages_and_indexes(
    notes: Table, store: Store, character: str
) -> None:
    """A cursor over an index has four of them; JSON writes six characters for some."""
    long = [character * 1023 + end for end in "abc"]
    for text in long:
        notes.put({"owner": long[0], "note": text, "state": long[1], "changed": text})
    store.settle()
    for index, partition in ((None, long[0]), ("by_state", long[1])):
        cursor, found = None, []
        while True:
            page = notes.query(partition, index=index, limit=1, cursor=cursor)
            found += [row["note"] for row in page.rows]
            cursor = page.cursor
            if cursor is None:
                break
        assert found == long
