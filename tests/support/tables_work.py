"""What processes and threads do to a table while tests watch."""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

from app.adapters.common.tables import granted
from app.adapters.local.tables import open_table
from app.ports.errors import ConditionFailedError
from app.ports.tables import Condition, Key, Table


def take_all(table: Table, key: Key, amount: int) -> int:
    """Take so many of the `available` until they do not suffice; how often that went well."""
    enough = Condition("available", ">=", amount)
    for taken in count():
        try:
            table.update(key, add={"available": -amount}, when=[enough])
        except ConditionFailedError:
            return taken
    raise AssertionError


def _take(table: Table, asked: dict[str, Any]) -> None:
    writers = asked["writers"]
    with ThreadPoolExecutor(writers) as pool:
        each = pool.map(lambda _: take_all(table, asked["key"], asked["amount"]), range(writers))
        sys.stdout.write(str(sum(each)))


def _write(table: Table, asked: dict[str, Any]) -> None:
    """Rows and counts until the end; each is said once it is acknowledged."""
    writer = asked["writer"]
    counter = {"owner": "counter", "note": writer}
    table.put({**counter, "count": 0}, if_absent=True)
    for number in count():
        row = {"owner": "rows", "note": f"{writer}-{number:06}", "state": "new"}
        table.put({**row, "changed": f"{number:06}", "text": "x" * 2000}, if_absent=True)
        table.update(counter, add={"count": 1}, set={"state": "counted", "changed": "-"})
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


def _fork(table: Table, asked: dict[str, Any]) -> None:
    """Parent and child write by turns, both after the parent had opened the file."""
    key = asked["key"]
    table.put({**key, "by": "", "count": 0})
    for turn in range(3):
        child = os.fork()
        if not child:
            try:
                table.update(key, add={"count": 1}, set={"by": f"child {turn}"})
            finally:
                os._exit(0)
        table.update(key, add={"count": 1})
        os.waitpid(child, 0)
    row = table.get(key)
    assert row is not None
    sys.stdout.write(", ".join(str(row[column]) for column in ("by", "count")))


def _main() -> None:
    work, asked = sys.argv[1], json.loads(sys.argv[2])
    stated = asked["stated"]
    table = granted(open_table("things", stated), "things", stated, "tests")
    {"take": _take, "write": _write, "fork": _fork}[work](table, asked)


if __name__ == "__main__":
    _main()
