"""What is to be told of a registration: sent at least once, whatever dies in between."""

import json

from app.ports.clock import Clock
from app.ports.errors import ConditionFailedError
from app.ports.queue import Queue
from app.ports.tables import Between, Condition, Row, Table
from app.services import log
from app.services.accounts import BY_OUTBOX, OUTBOX, WELCOME, before

WAITED_MS = 60_000  # whoever registers sends it himself within this time, or never will
A_RUN = 500
_FAILURES = 5


class OutboxError(Exception):
    """Some of it could not be sent; the log has the reasons."""


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
    """Deliver what has waited for a minute, the oldest first; how much of it was.

    Raises OutboxError when some could not be, after trying the others.
    """
    waited = Between(high=before(clock.now_ms() - WAITED_MS))
    page = users.query(WELCOME, sort=waited, index=BY_OUTBOX, limit=A_RUN)
    sent = failures = 0
    for seen in page.rows:
        try:
            # the index lags: it may show what was sent just now
            row = users.get({"username": str(seen["username"])})
            if row is not None and "outbox" in row:
                deliver(row, users=users, welcome=welcome)
                sent += 1
        except Exception as error:  # noqa: BLE001 - one that fails keeps no other waiting
            log.failed("outbox", error)
            failures += 1
            if failures == _FAILURES:
                break
    if failures:
        raise OutboxError(f"{failures} of {len(page.rows)} could not be sent")
    return sent
