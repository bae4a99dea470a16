"""What is to be told of a user: sent at least once, whatever dies in between.

A welcome goes over the queue of that name, entries of the audit trail over the queue of events.
"""

import json
from collections.abc import Iterable

from app.domain.ids import first_id
from app.domain.shards import shard
from app.ports.clock import Clock
from app.ports.errors import ConditionFailedError
from app.ports.queue import Queue
from app.ports.tables import Condition, Row, Table
from app.services.accounts import BY_OUTBOX, OUTBOX, WELCOME, before
from app.services.oldest import oldest
from app.services.one_by_one import one_by_one
from app.services.row_outbox import NOTHING, TOLD, Thing, text_of

WAITED_MS = 60_000  # whoever registers sends it himself within this time, or never will
A_RUN = 500


def noted(row: Row, things: Iterable[Thing], now_ms: int) -> Row:
    """The columns by which the row of a user has `things` to tell, too: the next sweep does it.

    Whoever writes them does so where `told` is as it was read (`as_read`). A welcome that is owed
    stays so; one that is sent at this moment is sent again, and known by its id: `outbox_at` is
    another one, which shows in rows of before there was `told`, too.
    """
    return {
        TOLD: text_of([*told(row), *things]),
        "outbox": row.get("outbox", shard(TOLD, str(row["username"]))),
        "outbox_at": first_id(now_ms - WAITED_MS),
    }


def told(row: Row) -> list[Thing]:
    """What the row of a user has to tell, but for the welcome."""
    things: list[Thing] = json.loads(str(row.get(TOLD, NOTHING)))
    return things


def as_read(row: Row, *columns: str) -> list[Condition]:
    """That these columns are as they were, so far as the row has them: those of old lack some."""
    return [Condition(each, "=", row[each]) for each in columns if each in row]


def deliver(row: Row, *, users: Table, welcome: Queue) -> None:
    """Send the welcome that a user's row owes, then note that the row has nothing more to tell.

    It goes by its event's id, so that it is known when it comes twice. Raises PortError.
    """
    if row["outbox"] == shard(WELCOME, str(row["username"])):
        message = {
            "event": row["event"],
            "kind": WELCOME,
            "user_id": row["user_id"],
            "username": row["shown"],
        }
        welcome.send(json.dumps(message, ensure_ascii=False))
    same = as_read(row, "event", "outbox_at", TOLD)
    try:
        users.update(
            {"username": str(row["username"])}, set={TOLD: NOTHING}, remove=OUTBOX, when=same
        )
    except ConditionFailedError:
        return  # the user is gone, or has more to tell: the sweep comes again


def send_again(*, users: Table, welcome: Queue, events: Queue, clock: Clock) -> int:
    """Deliver what has waited for a minute, the oldest first, five hundred a run; of how many.

    Raises SomeFailedError as `one_by_one` does, and PortError.
    """

    def again(seen: Row) -> int:
        # the index lags: it may show what was sent just now
        row = users.get({"username": str(seen["username"])})
        if row is None or "outbox" not in row:
            return 0
        for thing in told(row):
            events.send(json.dumps(thing, separators=(",", ":")))
        deliver(row, users=users, welcome=welcome)
        return 1

    until = before(clock.now_ms() - WAITED_MS)
    rows = [
        row
        for kind in (TOLD, WELCOME)
        for row in oldest(users, kind, index=BY_OUTBOX, sort="outbox_at", until=until, most=A_RUN)
    ]
    return one_by_one("outbox", rows[:A_RUN], again)
