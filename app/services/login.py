"""Login: alike in answer and in work for a name that nobody has and for a wrong password."""

from dataclasses import dataclass

from app.domain.errors import InvalidError, UnauthenticatedError
from app.domain.users import folded, same_password, username
from app.ports.clock import Clock
from app.ports.errors import ConditionFailedError, PortError
from app.ports.passwords import Passwords
from app.ports.tables import Condition, Row, Table
from app.ports.tokens import Tokens
from app.services import log
from app.services.accounts import Account, account
from app.services.sessions import open_session
from app.services.throttle import Throttle

# Of a password that was thrown away, made as new ones are: comparing it takes as long as theirs.
DECOY = (
    "$argon2id$v=19$m=19456,t=2,p=1$"
    "e8Pj6UlC0U7M9becwxPyiw$lX/g0JmDeUERtyRq9he0mSQuxFlIlgndF89dbyqeBcs"
)


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """A name and a password as they were typed, and the address that they came from."""

    username: str
    password: str
    address: str


@dataclass(frozen=True, slots=True, repr=False)
class LoggedIn:
    """A token of the account, and when it ends in UTC epoch milliseconds."""

    token: str
    expires_at: int
    account: Account


def login(
    given: Credentials,
    *,
    users: Table,
    sessions: Table,
    throttle: Throttle,
    passwords: Passwords,
    tokens: Tokens,
    clock: Clock,
) -> LoggedIn:
    """A new session. Raises UnauthenticatedError, TooManyError and PortError."""
    password = same_password(given.password)
    attempt = throttle.begin(folded(given.username), given.address)
    user = _user(given.username, users)
    right = passwords.verify(DECOY if user is None else str(user["password"]), password)
    if user is None or not right:
        raise UnauthenticatedError("the username or the password is wrong")
    attempt.forgive()
    _renew(user, password, users=users, passwords=passwords)
    token, ends = open_session(user, sessions=sessions, tokens=tokens, clock=clock)
    return LoggedIn(token, ends * 1000, account(user))


def _user(typed: str, users: Table) -> Row | None:
    """The row of this name, if it is one and somebody has it."""
    try:
        name = username(typed)
    except InvalidError:
        return None
    return users.get({"username": name.key})


def _renew(user: Row, password: str, *, users: Table, passwords: Passwords) -> None:
    """Make the hash anew where today's parameters are others, unless it was changed meanwhile."""
    kept = str(user["password"])
    if not passwords.outdated(kept):
        return
    key, same = {"username": str(user["username"])}, Condition("password", "=", kept)
    try:
        users.update(key, set={"password": passwords.hash(password)}, when=[same])
    except ConditionFailedError:
        return
    except PortError as error:
        log.failed("renewed password", error)  # the login is good all the same; the next one tries
