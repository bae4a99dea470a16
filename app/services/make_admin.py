"""Who is an admin: what an operator says, straight in the row of the user."""

from typing import Literal

from app.domain import users as names
from app.ports.clock import Clock
from app.ports.errors import ConditionFailedError, UnavailableError
from app.ports.passwords import Passwords
from app.ports.tables import Condition, Table
from app.services.accounts import ADMIN, CUSTOMER, OUTBOX, Role, account, new_row

Done = Literal["registered", "promoted", "is one", "revoked", "was none", "unknown"]
"""What became of it; "unknown": nobody has this name, and nothing was changed."""


def make_admin(
    username: str, password: str | None, *, users: Table, passwords: Passwords, clock: Clock
) -> Done:
    """Have the user of this name be an admin; with a password, one who is not there is registered.

    A user who is there keeps his password. Raises InvalidError and PortError.
    """
    name = names.username(username)
    done = _set(name.key, ADMIN, users)
    if done != "unknown" or password is None:
        return done
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
            return _set(name.key, ADMIN, users)
    return "registered"


def revoke_admin(username: str, *, users: Table) -> Done:
    """Have the user of this name be a customer, from the next request on.

    Raises InvalidError and PortError.
    """
    return _set(names.username(username).key, CUSTOMER, users)


def _set(key: str, role: Role, users: Table) -> Done:
    row = users.get({"username": key})
    if row is None:
        return "unknown"
    who = account(row)
    if who.role == role:
        return "is one" if role == ADMIN else "was none"
    same = Condition("user_id", "=", who.user_id)
    try:
        users.update({"username": key}, set={"role": role}, when=[same])
    except ConditionFailedError:
        return "unknown"  # the user is gone
    return "promoted" if role == ADMIN else "revoked"
