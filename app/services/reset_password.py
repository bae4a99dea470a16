"""A new password for a token: one write sets it, ends every session, and uses the token up."""

from app.domain.errors import NotFoundError
from app.domain.users import new_password
from app.ports.clock import Clock
from app.ports.errors import ConditionFailedError, PortError, UnavailableError
from app.ports.passwords import Passwords
from app.ports.tables import Condition, Row, Table
from app.services import log
from app.services.reset_rows import key_of


def reset_password(
    token: str,
    password: str,
    *,
    users: Table,
    resets: Table,
    passwords: Passwords,
    clock: Clock,
) -> None:
    """Set the password of the token's user.

    The token is good for the generation that it was made for, and for no other, so it is used once
    even where its own row stays. Raises InvalidError for a password that will not do, NotFoundError
    for a token that is not good, or no longer, and PortError.
    """
    wanted = new_password(password, "$.new_password")
    reset = resets.get({"reset": key_of(token)})
    if reset is None or int(reset["expires_at"]) * 1000 <= clock.now_ms():
        raise _refused()
    key = {"username": str(reset["username"])}
    user = users.get(key)
    if user is None or not _same(user, reset):
        raise _refused()  # before a hash, which is dear
    hashed = passwords.hash(wanted)
    try:
        users.update(
            key,
            set={"password": hashed, "kept": ""},
            add={"generation": 1},
            when=[Condition(name, "=", reset[name]) for name in ("user_id", "generation")],
        )
    except (ConditionFailedError, UnavailableError):
        # an answer was lost, here or below a client that asks twice: is it ours that is set?
        there = users.get(key)
        if there is None or there["password"] != hashed:
            if there is not None and _same(there, reset):
                raise UnavailableError("the password was not set: try again") from None
            raise _refused() from None
    _forget(reset, resets)


def _same(user: Row, reset: Row) -> bool:
    return all(user[name] == reset[name] for name in ("user_id", "generation"))


def _forget(reset: Row, resets: Table) -> None:
    """Remove the row, which is good for nothing any more; it expires where this fails."""
    try:
        resets.delete({"reset": str(reset["reset"])})
    except PortError as error:
        log.failed("resets", error)


def _refused() -> NotFoundError:
    return NotFoundError("the token is not good, or no longer: ask for another one")
