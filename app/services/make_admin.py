"""Who is an admin: what an operator says, straight in the row of the user.

Anybody may have registered a name before the operator thought of it. So making an admin with a
password never promotes whoever has the name, and promoting is of the very user who was looked at.
"""

from dataclasses import dataclass
from typing import Literal

from app.domain import users as names
from app.ports.clock import Clock
from app.ports.errors import ConditionFailedError, UnavailableError
from app.ports.passwords import Passwords
from app.ports.tables import Condition, Row, Table
from app.services.accounts import ADMIN, CUSTOMER, OUTBOX, Role, account, new_row

Done = Literal["registered", "promoted", "is one", "taken", "revoked", "was none", "unknown"]
"""What became of it.

"taken": a customer has this name, "unknown": nobody has it; then nothing was changed.
"""


@dataclass(frozen=True, slots=True)
class Named:
    """Who has a name: his id and role, and since when he is registered (UTC epoch milliseconds)."""

    user: str
    role: Role
    since: int


def who_has(username: str, *, users: Table) -> Named | None:
    """Who has this name, if anybody. Raises InvalidError and PortError."""
    row = users.get({"username": names.username(username).key})
    if row is None:
        return None
    who = account(row)
    return Named(who.user_id, who.role, who.created_at)


def make_admin(
    username: str, password: str, *, users: Table, passwords: Passwords, clock: Clock
) -> Done:
    """Register an admin; where the name is had, nothing is changed ("taken" or "is one").

    Raises InvalidError and PortError.
    """
    name = names.username(username)
    if (there := users.get({"username": name.key})) is not None:
        return _had(there)
    hashed = passwords.hash(names.new_password(password))
    made = {**new_row(name, hashed, "", clock.now_ms()), "role": ADMIN}
    # who made it needs no welcome
    row = {column: value for column, value in made.items() if column not in OUTBOX}
    try:
        users.put(row, if_absent=True)
    except (ConditionFailedError, UnavailableError):
        # an answer was lost, or somebody took the name just now: is the row there ours?
        there = users.get({"username": name.key})
        if there is None:
            raise UnavailableError("the admin was not written: try again") from None
        if there["user_id"] != row["user_id"]:
            return _had(there)
    return "registered"


def promote(username: str, user: str, *, users: Table) -> Done:
    """Have the user of this name and this id be an admin; he keeps his password.

    Raises InvalidError and PortError.
    """
    return _set(names.username(username).key, ADMIN, users, user)


def revoke_admin(username: str, *, users: Table) -> Done:
    """Have the user of this name be a customer, from the next request on.

    Raises InvalidError and PortError.
    """
    return _set(names.username(username).key, CUSTOMER, users)


def _had(there: Row) -> Done:
    return "is one" if account(there).role == ADMIN else "taken"


def _set(key: str, role: Role, users: Table, user: str = "") -> Done:
    """Give the user of the key this role, if he has the id `user` or that is "". As `Done`."""
    row = users.get({"username": key})
    if row is None:
        return "unknown"
    who = account(row)
    if user not in ("", who.user_id):
        return "unknown"
    if who.role == role:
        return "is one" if role == ADMIN else "was none"
    same = Condition("user_id", "=", who.user_id)
    try:
        users.update({"username": key}, set={"role": role}, when=[same])
    except ConditionFailedError:
        return "unknown"  # the user is gone
    return "promoted" if role == ADMIN else "revoked"
