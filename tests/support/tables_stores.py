"""The stores that the conformance suite of tables runs on, each behind the same few methods.

Another adapter joins as one more class here and one more parameter in
`tests/conformance/tables/conftest.py`.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from app.adapters.common.clock import SystemClock
from app.adapters.common.metered import MeteredTable
from app.adapters.common.tables import granted
from app.adapters.local.database import Durability
from app.adapters.local.tables import LocalTable
from app.adapters.memory.clock import MemoryClock
from app.adapters.memory.tables import MemoryTable
from app.metering import Meter
from app.ports.clock import Clock
from app.ports.tables import Key, Schema, Table
from tests.support.tables_work import take_all

ROOT = Path(__file__).parents[2]
START_MS = 1_800_000_000_000

NOTES = Schema(
    partition="owner",
    sort="note",
    indexes={"by_state": ("state", "changed"), "by_topic": ("topic", None)},
)
USERS = Schema(partition="username")
SESSIONS = Schema(partition="user", sort="session", expiring=True)


def stated_of(schema: Schema, may: Collection[str] = ("read", "write")) -> dict[str, Any]:
    """What a function's environment says of a table."""
    return {
        "may": list(may),
        "partition": schema.partition,
        "sort": schema.sort,
        "indexes": {name: list(columns) for name, columns in schema.indexes.items()},
        "expiring": schema.expiring,
    }


class Store:
    """Makes tables of one adapter, as functions with every grant get them."""

    lags: bool | None = False
    """Whether indexes show a change later only; None where that cannot be told."""
    removes = True
    """Whether what expires is removed when we say so, rather than by the store's own clock."""

    def __init__(self) -> None:
        self._made = 0

    def make(self, schema: Schema) -> Table:
        """A new and empty table."""
        self._made += 1
        name = f"things{self._made}"
        return granted(self.bare(name, schema), name, stated_of(schema), "tests")

    def bare(self, name: str, schema: Schema) -> Table:
        """The adapter's own table."""
        raise NotImplementedError

    def settle(self) -> None:
        """Come back when the indexes show all that was written before."""

    def now_s(self) -> int:
        """UTC epoch seconds, as the store's clock has them."""
        return time.time_ns() // 10**9

    def take_all(self, table: Table, key: Key, amount: int, writers: int) -> int:
        """Have many at once take `amount` until nothing is left; how often that went well."""
        with ThreadPoolExecutor(writers) as pool:
            return sum(pool.map(lambda _: take_all(table, key, amount), range(writers)))

    def close(self) -> None:
        """Let go of everything."""


class MemoryStore(Store):
    """Tables in memory."""

    def __init__(self, lag_ms: int = 0) -> None:
        super().__init__()
        self.clock = MemoryClock(START_MS)
        self.lags = lag_ms > 0
        self._lag_ms = lag_ms

    def bare(self, name: str, schema: Schema) -> Table:
        del name
        return MemoryTable(schema, self.clock, self._lag_ms)

    def settle(self) -> None:
        self.clock.advance(self._lag_ms)

    def now_s(self) -> int:
        return self.clock.now_ms() // 1000


class MeteredStore(MemoryStore):
    """Tables in memory, behind what counts their units."""

    def bare(self, name: str, schema: Schema) -> Table:
        return MeteredTable(super().bare(name, schema), name, schema, Meter())


class LocalStore(Store):
    """Tables in SQLite files; with a lag their clock is a test's."""

    def __init__(self, folder: Path, durability: Durability, lag_ms: int = 0) -> None:
        super().__init__()
        self.lags = lag_ms > 0
        self._clock: Clock = MemoryClock(START_MS) if lag_ms else SystemClock()
        self._folder = folder
        self._durability = durability
        self._lag_ms = lag_ms
        self._opened: list[LocalTable] = []
        self._schema: dict[str, Schema] = {}

    def bare(self, name: str, schema: Schema) -> Table:
        folder = self._folder / name
        folder.mkdir()
        self._schema[name] = schema
        table = LocalTable(folder, schema, self._clock, self._durability, self._lag_ms)
        self._opened.append(table)
        return table

    def settle(self) -> None:
        if isinstance(self._clock, MemoryClock):
            self._clock.advance(self._lag_ms)

    def now_s(self) -> int:
        return self._clock.now_ms() // 1000

    def take_all(self, table: Table, key: Key, amount: int, writers: int) -> int:
        """Four processes share the writers; the table is the one made last."""
        if self.lags:  # their clock would be the machine's
            return super().take_all(table, key, amount, writers)
        name = f"things{self._made}"
        stated = stated_of(self._schema[name]) | {
            "at": str(self._folder / name),
            "durability": self._durability,
        }
        asked = {"stated": stated, "key": dict(key), "amount": amount, "writers": writers // 4}
        workers = [started("take", asked) for _ in range(4)]
        return sum(int(output(each)) for each in workers)

    def close(self) -> None:
        for each in self._opened:
            each.close()


def started(work: str, asked: dict[str, Any]) -> subprocess.Popen[str]:
    """A process that does one of the works of `tables_work`."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.tables_work", work, json.dumps(asked)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def output(process: subprocess.Popen[str]) -> str:
    """What it wrote, once it has ended well."""
    with process:
        try:
            said, _ = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert process.returncode == 0, said
    return said


Made = Callable[[Path], Store]
"""Makes a store whose files, if it has any, are below a folder."""

STORES: dict[str, Made] = {
    "memory": lambda _: MemoryStore(),
    "metered": lambda _: MeteredStore(),
    "memory-lag": lambda _: MemoryStore(lag_ms=700),
    "local-normal": lambda folder: LocalStore(folder, "normal"),
    "local-full": lambda folder: LocalStore(folder, "full"),
    "local-lag": lambda folder: LocalStore(folder, "normal", lag_ms=700),
}
# the usual ones; the others differ by a setting or a layer, and join with --soak
USUAL = ("memory", "local-full", "local-lag")
