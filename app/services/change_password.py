"""A new password: it ends every session but the one in which it was set, in one write."""

from dataclasses import dataclass

from app.domain.errors import ConflictError, InvalidError, UnauthenticatedError
from app.domain.users import new_password, same_password
from app.ports.errors import ConditionFailedError, UnavailableError
from app.ports.passwords import Passwords
from app.ports.tables import Condition, Table
from app.services.authenticate import Caller
from app.services.throttle import Throttle


@dataclass(frozen=True, slots=True, repr=False)
class Change:
    """Both passwords as they were typed, and the address that they came from."""

    old_password: str
    password: str
    address: str


def change_password(
    caller: Caller, change: Change, *, users: Table, throttle: Throttle, passwords: Passwords
) -> None:
    """Set the caller's password.

    Raises InvalidError for one that will not do or an old one that is wrong, which counts as a
    failed login, TooManyError, ConflictError when it was changed at the same time, and PortError.
    """
    wanted = new_password(change.password, "$.new_password")
    attempt = throttle.begin(caller.account.key, change.address)
    key = {"username": caller.account.key}
    user = users.get(key)
    if user is None:
        raise UnauthenticatedError("the token is not good, or no longer", token_given=True)
    kept = str(user["password"])
    if not passwords.verify(kept, same_password(change.old_password)):
        raise InvalidError("this is not the password", "$.old_password")
    attempt.forgive()
    hashed = passwords.hash(wanted)
    try:
        users.update(
            key,
            set={"password": hashed, "kept": caller.session},
            add={"generation": 1},
            when=[Condition("password", "=", kept)],
        )
    except (ConditionFailedError, UnavailableError):
        # an answer was lost, here or below a client that asks twice: is it ours that is set?
        there = users.get(key)
        if there is not None and there["password"] == hashed:
            return
        if there is not None and there["password"] == kept:
            raise UnavailableError("the password was not set: try again") from None
        raise ConflictError("the password was changed at the same time: log in again") from None
