"""Registration: a name is taken once, and a welcome goes out at least once.

One write makes the user and notes what is to be told of it. The message is sent after it, and the
note removed after that; where the process dies or the queue fails in between, the sweep goes on.
"""

from app.domain import users as names
from app.domain.errors import ConflictError
from app.ports.clock import Clock
from app.ports.errors import ConditionFailedError, PortError, UnavailableError
from app.ports.passwords import Passwords
from app.ports.queue import Queue
from app.ports.tables import Row, Table
from app.services import log
from app.services.accounts import Account, account, new_row
from app.services.outbox import deliver


def register(
    username: str,
    password: str,
    email: str = "",
    *,
    users: Table,
    welcome: Queue,
    passwords: Passwords,
    clock: Clock,
) -> Account:
    """A new user, with an address of e-mail or without ("").

    Raises InvalidError, ConflictError for a name that is taken, and PortError.
    """
    name = names.new_username(username)
    secret = names.new_password(password)
    if users.get({"username": name.key}) is not None:  # a hash is dear, and would be for nothing
        raise _taken()
    row = new_row(name, passwords.hash(secret), names.email(email), clock.now_ms())
    _put(row, users)
    try:
        deliver(row, users=users, welcome=welcome)
    except PortError as error:
        log.failed("welcome", error)  # it stands in the row: the sweep sends it
    return account(row)


def _put(row: Row, users: Table) -> None:
    """Write the row of a new name. Raises ConflictError and PortError."""
    try:
        users.put(row, if_absent=True)
    except (ConditionFailedError, UnavailableError) as error:
        # an answer was lost, here or below a client that asks twice: is the row there ours?
        there = users.get({"username": str(row["username"])})
        if there is not None and there["user_id"] == row["user_id"]:
            return
        if there is None:
            raise UnavailableError("a new user was not written: try again") from error
        raise _taken() from None


def _taken() -> ConflictError:
    return ConflictError("this username is taken")
