"""What is to be told of a registration: sent at least once, whatever dies in between."""

import json

from app.ports.clock import Clock
from app.ports.errors import ConditionFailedError
from app.ports.queue import Queue
from app.ports.tables import Condition, Row, Table
from app.services.accounts import BY_OUTBOX, OUTBOX, WELCOME, before
from app.services.oldest import oldest
from app.services.one_by_one import one_by_one

WAITED_MS = 60_000  # whoever registers sends it himself within this time, or never will
A_RUN = 500


def deliver(row: Row, *, users: Table, welcome: Queue) -> None:
    """Send what the row of a user holds, then take it out of the row. Raises PortError.

    It goes by its event's id, so that it is known when it comes twice.
    """
    message = {
        "event": row["event"],
        "kind": WELCOME,
        "user_id": row["user_id"],
        "username": row["shown"],
    }
    welcome.send(json.dumps(message, ensure_ascii=False))
    same = Condition("event", "=", row["event"])
    try:
        users.update({"username": str(row["username"])}, remove=OUTBOX, when=[same])
    except ConditionFailedError:
        return  # the user is gone, and what is told of him with him


def send_again(*, users: Table, welcome: Queue, clock: Clock) -> int:
    """Deliver what has waited for a minute, the oldest first, five hundred a run; how much of it.

    Raises SomeFailedError as `one_by_one` does, and PortError.
    """

    def again(seen: Row) -> int:
        # the index lags: it may show what was sent just now
        row = users.get({"username": str(seen["username"])})
        if row is None or "outbox" not in row:
            return 0
        deliver(row, users=users, welcome=welcome)
        return 1

    until = before(clock.now_ms() - WAITED_MS)
    rows = oldest(users, WELCOME, index=BY_OUTBOX, sort="outbox_at", until=until, most=A_RUN)
    return one_by_one("outbox", rows, again)
