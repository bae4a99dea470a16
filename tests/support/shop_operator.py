"""What an operator sees and does on the machine of a running shop: rows, letters, schedules."""

import sqlite3
import time
from collections.abc import Collection
from contextlib import closing
from typing import Any

import msgspec

from app.adapters.common.clock import SystemClock
from app.adapters.common.tables import schema_of
from app.adapters.local.tables import LocalTable
from app.services.due_rows import order_of
from infra import shop as declared
from infra import shop_payments
from infra.granted import keys
from tests.support.project import Project

_SWEPT_AFTER_MS = 3 * 60_000  # more than the sweep leaves an order alone for


def table(shop: Project, name: str) -> LocalTable:
    """A table of a local shop, as an operator has it: whatever is granted."""
    every = (*declared.TABLES, *shop_payments.EVERY.tables)
    (stated,) = (each for each in every if each.name == name)
    schema = schema_of(keys(stated))
    return LocalTable(shop.places.data / "tables" / name, schema, SystemClock(), "full")


def rows(shop: Project, name: str) -> list[dict[str, Any]]:
    """All rows of a table, read beside whoever writes: no port lists them."""
    file = shop.places.data / "tables" / name / "rows.db"
    if not file.exists():
        return []  # nobody has used it yet
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        found = database.execute("SELECT row FROM rows").fetchall()
    return [msgspec.msgpack.decode(row) for (row,) in found]


def letters(shop: Project, to: str) -> list[Any]:
    """The letters to an address, the oldest first."""
    return list(table(shop, "letters").query(to).rows)


def minutes_pass(shop: Project, placed: Any) -> None:
    """Have an order, and its refunds, be on the sweep's list for so long that it sees to them."""
    owners = {str(row["owner"]) for row in rows(shop, "due")}
    _minutes_pass(shop, {each for each in owners if order_of(each) == placed["order"]})


def minutes_pass_for_all(shop: Project) -> None:
    """The same for all that is on the list."""
    _minutes_pass(shop, {str(row["owner"]) for row in rows(shop, "due")})


def _minutes_pass(shop: Project, owners: Collection[str]) -> None:
    with closing(table(shop, "due")) as due:
        for row in rows(shop, "due"):
            if row["owner"] in owners:
                earlier = time.time_ns() // 1_000_000 - _SWEPT_AFTER_MS
                due.put({**row, "at": f"{earlier:013d}#{row['owner']}"})
                due.delete({"shard": row["shard"], "at": row["at"]})


def run(shop: Project, schedule: str) -> None:
    """Have a schedule be due now, and wait for its end."""
    shop.run("schedule_look", "--run", schedule).ok()
