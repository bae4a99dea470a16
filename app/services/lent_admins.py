"""Admins for the time of one command of this machine's shop, who have no password.

Whoever is lent is in an index by when he is due back, so that the sweep takes away one whose
command was killed.
"""

from contextlib import suppress
from secrets import token_hex, token_urlsafe

from app.domain.ids import first_id
from app.domain.users import new_username
from app.ports.clock import Clock
from app.ports.errors import ConditionFailedError
from app.ports.passwords import Passwords
from app.ports.tables import Between, Condition, Row, Table
from app.services.accounts import ADMIN, BY_OUTBOX, new_row

LENT = "0" * 26
"""His id, each time: idempotency keys are an admin's own, and `make seed` uses its again."""

LENT_MS = 60 * 60 * 1000  # commands take seconds
_BACK = "lent"  # in the place of a shard: there is hardly ever one
_A_RUN = 100


def lend(*, users: Table, passwords: Passwords, clock: Clock) -> Row:
    """A new user who is an admin, under a name that nobody had before. Raises PortError."""
    name = new_username(f"lent-{token_hex(8)}")
    now_ms = clock.now_ms()
    user: Row = {
        **new_row(name, passwords.hash(token_urlsafe(32)), "", now_ms),
        "user_id": LENT,
        "role": ADMIN,
        "outbox": _BACK,  # and no welcome
        "outbox_at": first_id(now_ms + LENT_MS),
    }
    users.put(user, if_absent=True)
    return user


def take_back(username: str, *, users: Table) -> None:
    """Remove the user of this key if he was lent; his session ends with him. Raises PortError."""
    with suppress(ConditionFailedError):  # he is gone
        users.delete({"username": username}, when=[Condition("user_id", "=", LENT)])


def take_back_late(*, users: Table, clock: Clock) -> int:
    """Remove those who were due back; how many. Raises PortError."""
    due = Between(high=first_id(clock.now_ms()))
    found = users.query(_BACK, sort=due, index=BY_OUTBOX, limit=_A_RUN).rows
    for each in found:
        take_back(str(each["username"]), users=users)
    return len(found)
