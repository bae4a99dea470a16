"""A welcome is sent once per event, however often its message comes.

Rows of the table `notifications`: event (the key), kind, user_id, username, sent_at (UTC epoch
milliseconds). The letter goes out before its row is written: what dies in between sends it again,
under the same id, and nothing is lost.
"""

from app.domain.users import folded
from app.ports.clock import Clock
from app.ports.errors import ConditionFailedError
from app.ports.notifications import Letter, Notifications
from app.ports.tables import Row, Table
from app.services.accounts import WELCOME, account

_TEXT = """\
Hello {shown},

you have an account here now. Letters about your orders will come to this address.
"""


def welcome(
    event: str,
    user_id: str,
    username: str,
    *,
    users: Table,
    notifications: Table,
    letters: Notifications,
    clock: Clock,
) -> None:
    """Welcome this user, unless it was done; by a letter if he has an address.

    Raises PortError: then the message comes again.
    """
    if notifications.get({"event": event}) is not None:
        return
    email = _email(user_id, username, users)
    if email:
        text = _TEXT.format(shown=username)
        letters.send(Letter(id=event, to=email, subject="Welcome", text=text))
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


def _email(user_id: str, username: str, users: Table) -> str:
    """Where letters to this very user go, or ""."""
    row = users.get({"username": folded(username)})
    if row is None or row["user_id"] != user_id:
        return ""
    return account(row).email
