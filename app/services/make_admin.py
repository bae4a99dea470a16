"""Who is an admin: what an operator says, straight in the row of the user.

Anybody may have registered a name before the operator thought of it. So making an admin with a
password never promotes whoever has the name, and promoting is of the very user who was looked at.
The write that does it also notes the entry of the audit trail, which the sweep sends: by the
operator, with the name of his account where the command ran.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from app.domain import users as names
from app.ports.clock import Clock
from app.ports.errors import ConditionFailedError, UnavailableError
from app.ports.passwords import Passwords
from app.ports.tables import Row, Table
from app.services.accounts import ADMIN, CUSTOMER, OUTBOX, Account, Role, account, new_row
from app.services.audit import OPERATOR, entry
from app.services.outbox import as_read, noted, told
from app.services.row_outbox import TOLD, Thing

Done = Literal["registered", "promoted", "is one", "taken", "revoked", "was none", "unknown"]
"""What became of it.

"taken": a customer has this name, "unknown": nobody has it; then nothing was changed.
"""

_MOST_TRIES = 8
_DONE: Mapping[Role, Done] = {ADMIN: "promoted", CUSTOMER: "revoked"}


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
    username: str, password: str, *, users: Table, passwords: Passwords, clock: Clock, operator: str
) -> Done:
    """Register an admin; where the name is had, nothing is changed ("taken" or "is one").

    Raises InvalidError and PortError.
    """
    name = names.new_username(username)
    if (there := users.get({"username": name.key})) is not None:
        return _had(there)
    hashed = passwords.hash(names.new_password(password))
    now_ms = clock.now_ms()
    made = new_row(name, hashed, "", now_ms)
    # who made it needs no welcome
    user = {column: value for column, value in made.items() if column not in OUTBOX}
    thing = _entry(account(user), ADMIN, now_ms, operator)
    row = {**user, "role": ADMIN, **noted(user, [thing], now_ms)}
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


def promote(username: str, user: str, *, users: Table, clock: Clock, operator: str) -> Done:
    """Have the user of this name and this id be an admin; he keeps his password.

    Raises InvalidError and PortError.
    """
    return _set(names.username(username).key, ADMIN, users, clock, operator, user)


def revoke_admin(username: str, *, users: Table, clock: Clock, operator: str) -> Done:
    """Have the user of this name be a customer, from the next request on.

    Raises InvalidError and PortError.
    """
    return _set(names.username(username).key, CUSTOMER, users, clock, operator)


def _had(there: Row) -> Done:
    return "is one" if account(there).role == ADMIN else "taken"


def _set(key: str, role: Role, users: Table, clock: Clock, operator: str, user: str = "") -> Done:
    """Give the user of the key this role, if he has the id `user` or that is "". As `Done`."""
    ours = ""
    for _ in range(_MOST_TRIES):
        row = users.get({"username": key})
        if row is None:
            return "unknown"
        who = account(row)
        if user not in ("", who.user_id):
            return "unknown"
        if who.role == role:
            if any(each["id"] == ours for each in told(row)):
                return _DONE[role]  # a client that asks twice was refused the second time
            return "is one" if role == ADMIN else "was none"
        thing = _entry(who, role, clock.now_ms(), operator)
        ours = thing["id"]
        try:
            users.update(
                {"username": key},
                set={"role": role, **noted(row, [thing], thing["at"])},
                when=as_read(row, "user_id", "role", TOLD),
            )
        except ConditionFailedError:
            continue  # the row has changed
        return _DONE[role]
    raise UnavailableError("too many are at the same user: try again")


def _entry(who: Account, role: Role, now_ms: int, operator: str) -> Thing:
    what = "made an admin" if role == ADMIN else "an admin no more"
    subject = f"user:{who.user_id}"
    return entry(subject, what, OPERATOR, now_ms, username=who.shown, account=operator)
