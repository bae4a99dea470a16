"""Markers that come late, from a worker that was gone for long, are settled by a slow scan.

Whoever needs a slot settles the markers in its way; what nobody comes by, this does: some rows a
run, over and over. Where it is stands in the table `runs`: run (the scan's name, the key), shard
(the number of one), after (the key of the last row that was looked at, or "").
"""

from dataclasses import dataclass
from typing import Literal

from app.domain.order import Claim
from app.domain.shards import SHARDS, shards
from app.ports.errors import ConditionFailedError
from app.ports.tables import Between, Table
from app.services.one_by_one import one_by_one
from app.services.saga import Saga
from app.services.settle_marker import settle_marker
from app.services.shelves import first_rows
from app.services.stock_rows import look

A_RUN = 200
SHELF, BY_ANY = "shelf", "by_any"
_ROUNDS = 3  # a marker takes two writes


@dataclass(frozen=True, slots=True)
class Scan:
    """Which rows: those of `table`, whose keys stand in the index `by_any` of `listed`."""

    table: Literal["stock", "promotions"]
    listed: Table
    runs: Table

    @property
    def key(self) -> str:
        """The column of the key."""
        return "product" if self.table == "stock" else "code"


def scan_stock(scan: Scan, saga: Saga) -> int:
    """Settle what is in the next two hundred rows' slots; how many writes that took.

    Raises SomeFailedError as `one_by_one` does, and PortError.
    """
    row = scan.runs.get({"run": scan.table})
    number, after = (0, "") if row is None else (int(row["shard"]), str(row["after"]))
    keys: list[str] = []
    for _ in range(SHARDS):
        # keys are of letters and digits and hyphens: nothing comes between one and this
        rest = Between(low=f"{after}\x01") if after else None
        shard = shards(SHELF)[number % SHARDS]
        rows = first_rows(scan.listed, shard, rest, A_RUN - len(keys), index=BY_ANY)
        keys += [str(each[scan.key]) for each in rows]
        if len(keys) == A_RUN:
            after = keys[-1]
            break
        number, after = (number + 1) % SHARDS, ""
    done = one_by_one(f"slots of {scan.table}", keys, lambda key: _settled(key, scan, saga))
    scan.runs.put({"run": scan.table, "shard": number, "after": after})
    return done


def _settled(key: str, scan: Scan, saga: Saga) -> int:
    claim = Claim(scan.table, key, 0, "")
    done = 0
    for _ in range(_ROUNDS):
        stock = look(claim, saga)
        if stock is None or not stock.taken:
            break
        for slot in stock.taken:
            try:
                settle_marker(claim, slot, saga)
            except ConditionFailedError:
                continue  # somebody was faster
            done += 1
    return done
