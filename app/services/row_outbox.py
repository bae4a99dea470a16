"""What a row's changes are to tell the rest of the shop: kept in the row itself until it was sent.

The write that changes the row also notes what is to be told of it, so neither is without the other.
Whoever wrote sends it, and takes it out of the row after; where that fails, the sweep goes on. Each
thing told has an id, by which the receiver knows it when it comes twice.

Columns, of any table with the index `by_outbox`:
told        a JSON list of what is to be told, each an object with `id` and `kind`, or "[]"
outbox, outbox_at  while there is something: a shard of "told", by the row's key, and the moment
            before which the sweep leaves it alone, as its first ULID; no more than this is indexed
tries       how often sending it failed
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.domain.errors import ConflictError
from app.domain.ids import first_id
from app.domain.shards import shard
from app.ports.clock import Clock
from app.ports.errors import ConditionFailedError, PortError
from app.ports.queue import Queue
from app.ports.tables import Condition, Key, Row, Table
from app.services import log
from app.services.oldest import oldest
from app.services.one_by_one import one_by_one

BY_OUTBOX = "by_outbox"
TOLD = "told"
NOTHING = "[]"
A_RUN = 500
MOST_TOLD = 64  # things of one row; more than any order ever has, and a row has bounds
_OUTBOX = ("outbox", "outbox_at")
_WRITER_MS = 60_000  # whoever wrote the row sends it within this time, or never will
_LONGEST_MS = 60 * 60 * 1000

Thing = Mapping[str, Any]
"""What is told: `id` and `kind`, and what else its kind has; it must be fit for JSON."""


@dataclass(frozen=True, slots=True)
class Noted:
    """What an update has to have for something to be told: columns to set, and a condition."""

    set: Row
    when: tuple[Condition, ...]


def noted(row: Row, owner: str, things: Iterable[Thing], now_ms: int) -> Noted:
    """What notes `things` in an update of `row`, as it was read; `owner` names it in its table.

    The update fails when somebody noted or sent something meanwhile: then read again. Raises
    ConflictError where too much was not sent yet.
    """
    before = str(row[TOLD])
    after = [*json.loads(before), *things]
    if len(after) > MOST_TOLD:
        raise ConflictError("too much that was done here is not told yet: try again in a while")
    return Noted(waiting(owner, after, now_ms), (Condition(TOLD, "=", before),))


def waiting(owner: str, things: Iterable[Thing], now_ms: int) -> dict[str, str | int]:
    """The columns of a row that has `things` to tell; of a new one that has nothing, with []."""
    listed = list(things)
    told: dict[str, str | int] = {TOLD: text_of(listed), "tries": 0}
    if listed:
        told |= {"outbox": shard(TOLD, owner), "outbox_at": first_id(now_ms + _WRITER_MS)}
    return told


def tell(row: Row | None, key: Key, *, table: Table, queue: Queue) -> None:
    """Send what the row holds, then take it out of the row. Raises PortError."""
    if row is None or row[TOLD] == NOTHING:
        return
    for thing in json.loads(str(row[TOLD])):
        queue.send(json.dumps(thing, separators=(",", ":")))  # ASCII: every queue carries it
    same = Condition(TOLD, "=", row[TOLD])
    try:
        table.update(key, set={TOLD: NOTHING, "tries": 0}, remove=_OUTBOX, when=[same])
    except ConditionFailedError:
        return  # more was noted meanwhile, or another one sent it: what is left is sent again


def try_to_tell(key: Key, *, table: Table, queue: Queue) -> None:
    """Send what the row holds; what fails is logged, and left to the sweep."""
    try:
        tell(table.get(key), key, table=table, queue=queue)
    except PortError as error:
        log.failed("outbox", error)


def tell_again(of: str, key: tuple[str, ...], *, table: Table, queue: Queue, clock: Clock) -> int:
    """Send what waits in rows of `table`, the oldest first, five hundred a run; how many rows.

    `of` names the table in the log, `key` its key columns. What fails waits longer each time, an
    hour at most. Raises SomeFailedError as `one_by_one` does, and PortError.
    """

    def again(seen: Row) -> int:
        at = {name: str(seen[name]) for name in key}
        row = table.get(at)  # the index lags: it may show what was sent just now
        if row is None or row[TOLD] == NOTHING:
            return 0
        try:
            tell(row, at, table=table, queue=queue)
        except PortError:
            _later(row, at, table, clock.now_ms())
            raise
        return 1

    until = first_id(clock.now_ms())
    rows = oldest(table, TOLD, index=BY_OUTBOX, sort="outbox_at", until=until, most=A_RUN)
    return one_by_one(f"outbox of {of}", rows, again)


def _later(row: Row, key: Key, table: Table, now_ms: int) -> None:
    """Have the row wait, twice as long as the last time. Raises PortError."""
    tries = int(row["tries"])
    wait_ms = min(_WRITER_MS << min(tries, 10), _LONGEST_MS)
    same = [Condition(TOLD, "=", row[TOLD]), Condition("tries", "=", tries)]
    later: Row = {"tries": tries + 1, "outbox_at": first_id(now_ms + wait_ms)}
    try:
        table.update(key, set=later, when=same)
    except ConditionFailedError:
        return  # it was sent, or more was noted


def text_of(things: Iterable[Thing]) -> str:
    """The column `told` of these."""
    return json.dumps(list(things), ensure_ascii=False, separators=(",", ":"))
