"""What an operator sees and does on the machine of a running shop: rows, letters, schedules."""

import sqlite3
import time
from contextlib import closing
from typing import Any

import msgspec

from app.adapters.common.clock import SystemClock
from app.adapters.local.tables import LocalTable
from app.ports.tables import Schema
from infra import shop as declared
from tests.support.project import Project

_SWEPT_AFTER_MS = 3 * 60_000  # more than the sweep leaves an order alone for


def table(shop: Project, name: str) -> LocalTable:
    """A table of a local shop, as an operator has it: whatever is granted."""
    (stated,) = (each for each in declared.TABLES if each.name == name)
    schema = Schema(
        partition=stated.partition,
        sort=stated.sort,
        indexes={index.name: (index.partition, index.sort) for index in stated.indexes},
        expiring=stated.expiring,
    )
    return LocalTable(shop.places.data / "tables" / name, schema, SystemClock(), "full")


def rows(shop: Project, name: str) -> list[dict[str, Any]]:
    """All rows of a table, read beside whoever writes: no port lists them."""
    file = shop.places.data / "tables" / name / "rows.db"
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        found = database.execute("SELECT row FROM rows").fetchall()
    return [msgspec.msgpack.decode(row) for (row,) in found]


def letters(shop: Project, to: str) -> list[Any]:
    """The letters to an address, the oldest first."""
    return list(table(shop, "letters").query(to).rows)


def minutes_pass(shop: Project, placed: Any) -> None:
    """Have an order be on the sweep's list for so long that the sweep sees to it."""
    due = table(shop, "due")
    for row in rows(shop, "due"):
        if row["owner"] == f"order:{placed['order']}":
            earlier = time.time_ns() // 1_000_000 - _SWEPT_AFTER_MS
            due.delete({"shard": row["shard"], "at": row["at"]})
            due.put({**row, "at": f"{earlier:013d}#{row['owner']}"})


def run(shop: Project, schedule: str) -> None:
    """Have a schedule be due now, and wait for its end."""
    shop.run("schedule_look", "--run", schedule).ok()
