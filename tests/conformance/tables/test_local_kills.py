"""A local table whose writers are killed again and again holds all that was acknowledged."""

import random
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.adapters.local.tables import open_table
from app.ports.tables import Table
from tests.conftest import Counts
from tests.support.tables_stores import NOTES, started, stated_of

WRITERS = 2


def last_said(lines: list[str]) -> int:
    """The last number that a writer said whole."""
    whole = [int(line) for line in lines if line.endswith("\n")]
    return whole[-1] if whole else -1


@pytest.mark.long
@pytest.mark.parametrize("durability", ["normal", "full"])
def test_what_was_acknowledged_outlives_any_number_of_kills(
    tmp_path: Path, counts: Counts, durability: str
) -> None:
    stated = stated_of(NOTES) | {"at": str(tmp_path), "durability": durability}
    seeded = random.Random(3)
    table = open_table("things", stated)
    for turn in range(counts(small=3, full=60)):
        writers = {
            f"{turn}-{number}": started("write", {"stated": stated, "writer": f"{turn}-{number}"})
            for number in range(WRITERS)
        }
        said: dict[str, list[str]] = {}
        for name, process in writers.items():
            assert process.stdout is not None
            said[name] = [process.stdout.readline()]  # it is in the middle of writing from here
        time.sleep(seeded.random() * 0.1)
        for process in writers.values():
            process.kill()
        for name, process in writers.items():
            assert process.stdout is not None
            said[name] += process.stdout.readlines()
            process.stdout.close()
            process.wait()
        for name, lines in said.items():
            check(table, name, last_said(lines))
        check_file(tmp_path / "rows.db")


def check(table: Table, writer: str, acknowledged: int) -> None:
    assert acknowledged >= 0
    row: Any = table.get({"owner": "counter", "note": writer})
    # at most one more was done and not yet told
    assert row["count"] in (acknowledged + 1, acknowledged + 2)
    for number in range(acknowledged + 1):
        found = table.get({"owner": "rows", "note": f"{writer}-{number:06}"})
        assert found is not None
        assert found["text"] == "x" * 2000


def check_file(file: Path) -> None:
    """SQLite finds it whole, and the entries of its index are those of its rows."""
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        here = (
            "SELECT rows.partition, rows.sort, rows.row FROM rows"
            " WHERE rows.partition IN ('rows', 'counter')"
        )
        rows = {(one, two): blob for one, two, blob in connection.execute(here)}
        entries = {
            (one, two): blob
            for one, two, blob in connection.execute(
                "SELECT row_partition, row_sort, row FROM entries"
            )
        }
    # a counter that was just made is in no index yet
    fresh = {key for key in rows.keys() - entries.keys() if key[0] == "counter"}
    assert {key: blob for key, blob in rows.items() if key not in fresh} == entries
