"""A welcome is sent once per event, however often its message comes.

To "send" is, here, to write a row of the table `notifications`: event (the key), kind, user_id,
username, sent_at (UTC epoch milliseconds).
"""

from app.ports.clock import Clock
from app.ports.errors import ConditionFailedError
from app.ports.tables import Row, Table
from app.services.accounts import WELCOME


def welcome(event: str, user_id: str, username: str, *, notifications: Table, clock: Clock) -> None:
    """Welcome this user, unless it was done. Raises PortError: then the message comes again."""
    row: Row = {
        "event": event,
        "kind": WELCOME,
        "user_id": user_id,
        "username": username,
        "sent_at": clock.now_ms(),
    }
    try:
        notifications.put(row, if_absent=True)
    except ConditionFailedError:
        return
