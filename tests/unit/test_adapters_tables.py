"""Tables of the local cloud as functions open them, and what stands before every table."""

import shutil
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from app.adapters.common import cursor as cursors
from app.adapters.common.clock import SystemClock
from app.adapters.common.tables import granted, schema_of
from app.adapters.local.tables import LocalTable, open_table
from app.adapters.memory.clock import MemoryClock
from app.adapters.memory.tables import MemoryTable
from app.ports.errors import InvalidValueError, ResourceMissingError
from app.ports.tables import Schema, Table
from tests.support.tables_stores import NOTES, SESSIONS, output, started, stated_of

KEY = {"owner": "ann", "note": "one"}
PLAIN = Schema(partition="owner", sort="note")


def opened(folder: Path, schema: Schema, **more: Any) -> Table:
    stated = stated_of(schema) | {"at": str(folder), "durability": "normal"} | more
    return granted(open_table("notes", stated), "notes", stated, "tests")


def by_state(table: Table, state: str = "new") -> list[Any]:
    return [row["note"] for row in table.query(state, index="by_state").rows]


def test_the_schema_is_the_one_that_the_environment_states() -> None:
    for schema in (NOTES, SESSIONS, PLAIN):
        assert schema_of(stated_of(schema)) == schema
    assert schema_of({"may": [], "partition": "id"}) == Schema(partition="id")


def test_a_table_that_was_never_made_does_not_exist_when_it_is_used(tmp_path: Path) -> None:
    table = opened(tmp_path / "notes", NOTES)
    for act in (lambda: table.get(KEY), lambda: table.put(KEY), lambda: table.query("ann")):
        with pytest.raises(ResourceMissingError, match="notes does not exist"):
            act()
    (tmp_path / "notes").mkdir()
    table.put(KEY)
    assert table.get(KEY) == KEY
    file = tmp_path / "notes" / "rows.db"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_one_opening_wrote_the_next_one_reads(tmp_path: Path) -> None:
    opened(tmp_path, NOTES).put({**KEY, "state": "new", "changed": "1"})
    again = opened(tmp_path, NOTES)
    assert again.get(KEY) == {**KEY, "state": "new", "changed": "1"}
    assert by_state(again) == ["one"]


def test_a_new_index_has_the_rows_that_were_there_before_it(tmp_path: Path) -> None:
    plain = opened(tmp_path, PLAIN)
    for number in range(20):
        plain.put({"owner": "ann", "note": f"{number:02}", "state": "new", "changed": "x"})
    plain.put({"owner": "ann", "note": "wrong type", "state": 5, "changed": "x"})
    plain.put({"owner": "ann", "note": "empty", "state": "new", "changed": ""})
    plain.put({"owner": "ann", "note": "long", "state": "new", "changed": "x" * 1025})
    plain.put({"owner": "ann", "note": "lacks one", "state": "new"})
    assert by_state(opened(tmp_path, NOTES)) == [f"{number:02}" for number in range(20)]


def test_a_process_of_an_older_revision_keeps_a_newer_ones_index(tmp_path: Path) -> None:
    older = opened(tmp_path, PLAIN)
    older.put({**KEY, "state": "new", "changed": "1"})
    newer = opened(tmp_path, NOTES)
    assert by_state(newer) == ["one"]
    older.put({"owner": "ann", "note": "two", "state": "new", "changed": "2"})
    older.put({"owner": "ann", "note": "odd", "state": 7, "changed": "2"})
    older.update(KEY, set={"state": "old"})
    assert by_state(newer) == ["two"]
    assert by_state(newer, "old") == ["one"]
    older.delete(KEY)
    assert by_state(newer, "old") == []


def test_an_index_of_the_same_name_and_other_columns_is_another_one(tmp_path: Path) -> None:
    older = opened(tmp_path, NOTES)
    older.put({**KEY, "state": "new", "changed": "1", "topic": "t"})
    changed = Schema(partition="owner", sort="note", indexes={"by_state": ("topic", None)})
    newer = opened(tmp_path, changed)
    assert by_state(newer, "t") == ["one"]
    assert by_state(newer) == []
    assert by_state(older) == ["one"]
    newer.put({"owner": "ann", "note": "two", "state": "new", "changed": "2", "topic": "t"})
    assert by_state(newer, "t") == ["one", "two"]
    assert by_state(older) == ["one", "two"]


def test_a_table_whose_folder_was_made_anew_keeps_its_indexes_there(tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    table = opened(folder, NOTES)
    table.put({**KEY, "state": "new", "changed": "1"})
    assert by_state(table) == ["one"]
    shutil.rmtree(folder)
    with pytest.raises(ResourceMissingError):
        table.query("new", index="by_state")
    folder.mkdir()
    assert by_state(table) == []
    table.put({"owner": "ann", "note": "two", "state": "new", "changed": "1"})
    assert by_state(table) == ["two"]
    assert table.get(KEY) is None


def test_a_table_that_is_declared_expiring_later_forgets_its_old_rows_too(tmp_path: Path) -> None:
    plain = Schema(partition="user", sort="session")
    key = {"user": "ann", "session": "s"}
    opened(tmp_path, plain).put({**key, "expires_at": 5})
    expiring = opened(tmp_path, SESSIONS)
    assert expiring.remove_expired() == 1
    assert expiring.get(key) is None


def test_the_environment_states_how_much_indexes_lag(tmp_path: Path) -> None:
    lagging = opened(tmp_path, NOTES, lag_ms=3_600_000)
    lagging.put({**KEY, "state": "new", "changed": "1"})
    assert by_state(lagging) == []
    assert lagging.get(KEY) is not None
    prompt = opened(tmp_path, NOTES)
    prompt.put({"owner": "ann", "note": "two", "state": "new", "changed": "1"})
    assert by_state(prompt) == ["two"]


def test_a_row_comes_back_into_an_index_whose_lag_was_changed_meanwhile(tmp_path: Path) -> None:
    row = {**KEY, "state": "new", "changed": "1"}
    opened(tmp_path, NOTES).put(row)
    opened(tmp_path, NOTES, lag_ms=1).update(KEY, remove=["state"])
    prompt = opened(tmp_path, NOTES)
    prompt.update(KEY, set={"state": "new"})
    assert by_state(prompt) == ["one"]
    assert prompt.query("new", index="by_state").rows == (row,)
    prompt.delete(KEY)
    assert by_state(prompt) == []


def test_a_table_that_was_opened_before_a_fork_works_on_both_sides(tmp_path: Path) -> None:
    stated = stated_of(NOTES) | {"at": str(tmp_path), "durability": "normal"}
    said = output(started("fork", {"stated": stated, "key": KEY}))
    assert said == "child 2, 6"


@pytest.mark.parametrize(
    "forged", ["", "[]", '["a"', "5", '["a","b"]', "[1]", "{}", '["\\ud800"]', '[["a"]]', "null"]
)
def test_a_forged_cursor_of_another_shape_is_refused(tmp_path: Path, forged: str) -> None:
    table = opened(tmp_path, PLAIN)
    for note in "abc":
        table.put({"owner": "ann", "note": note})
    asked = ("notes", None, None, "ann", (), False)
    right = cursors.bound(cursors.packed("a"), *asked)
    assert [row["note"] for row in table.query("ann", cursor=right).rows] == ["b", "c"]
    with pytest.raises(InvalidValueError, match="cursor"):
        table.query("ann", cursor=cursors.bound(forged, *asked))


def test_a_cursor_of_one_adapter_means_the_same_to_another(tmp_path: Path) -> None:
    memory = MemoryTable(PLAIN, MemoryClock(0))
    local = opened(tmp_path, PLAIN)
    for note in "abcd":
        memory.put({"owner": "ann", "note": note})
        local.put({"owner": "ann", "note": note})
    cursor = granted(memory, "notes", stated_of(PLAIN), "f").query("ann", limit=2).cursor
    assert [row["note"] for row in local.query("ann", cursor=cursor).rows] == ["c", "d"]


def indexed_moments(table: Table, clock: MemoryClock) -> list[list[str]]:
    """What an index shows of a row that is removed and, by a clock set back, written again."""
    table.put({**KEY, "state": "before", "changed": "1"})
    clock.advance(1_000)
    table.delete(KEY)
    clock.advance(-500)
    table.put({**KEY, "state": "after", "changed": "1"})
    moments = []
    for _ in range(20):
        clock.advance(100)
        moments.append([name for name in ("before", "after") if by_state(table, name)])
    return moments


def test_a_clock_that_is_set_back_puts_no_row_twice_into_an_index(tmp_path: Path) -> None:
    seen = []
    clock = MemoryClock(10_000)
    local = LocalTable(tmp_path, NOTES, clock, "normal", lag_ms=700)
    seen.append(indexed_moments(local, clock))
    local.close()
    clock = MemoryClock(10_000)
    seen.append(indexed_moments(MemoryTable(NOTES, clock, lag_ms=700), clock))
    for moments in seen:
        assert all(len(moment) <= 1 for moment in moments)
        assert ["before"] in moments
        assert moments[-1] == ["after"]


def test_a_memory_clock_moves_only_when_it_is_moved() -> None:
    clock = MemoryClock(5)
    assert clock.now_ms() == 5
    clock.advance(10)
    clock.advance(-1)
    assert clock.now_ms() == 14


def test_the_systems_clock_tells_utc_epoch_milliseconds() -> None:
    before = time.time_ns() // 10**6
    assert before <= SystemClock().now_ms() <= time.time_ns() // 10**6
