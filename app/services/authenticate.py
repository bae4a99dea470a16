"""Who is asking: the bearer token of a request, held against its session and its user."""

import re
from dataclasses import dataclass

from app.domain.errors import UnauthenticatedError
from app.ports.clock import Clock
from app.ports.errors import TokenError
from app.ports.tables import Row, Table
from app.ports.tokens import Claims, Tokens
from app.services.accounts import Account, account
from app.services.sessions import key_of

_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*", re.ASCII)  # RFC 6750's b64token


@dataclass(frozen=True, slots=True, repr=False)
class Caller:
    """Whose token a request came with; `session` is the key of its session's row."""

    account: Account
    session: str


def authenticate(
    authorization: str, *, users: Table, sessions: Table, tokens: Tokens, clock: Clock
) -> Caller:
    """The caller, by the request's header `authorization` ("" when it has none).

    Raises UnauthenticatedError, alike for all tokens that are not good, and PortError.
    """
    try:
        claims = tokens.read(_bearer(authorization))
    except TokenError:
        raise _refused() from None
    session = sessions.get({"session": key_of(claims.session)})
    if session is None or not _current(session, claims, clock):
        raise _refused()
    user = users.get({"username": str(session["username"])})
    if user is None or not _good(session, user):
        raise _refused()
    return Caller(account(user), str(session["session"]))


def _bearer(authorization: str) -> str:
    scheme, _, token = authorization.strip(" ").partition(" ")
    if not authorization or scheme.lower() != "bearer":
        raise UnauthenticatedError("this needs a token: authorization: Bearer <token>")
    token = token.strip(" ")
    if _TOKEN.fullmatch(token) is None:
        raise _refused()
    return token


def _current(session: Row, claims: Claims, clock: Clock) -> bool:
    """Whether the session is this token's and has not ended: stores remove late."""
    ends = int(session["expires_at"])
    return session["user_id"] == claims.user and ends * 1000 > clock.now_ms()


def _good(session: Row, user: Row) -> bool:
    """Whether the user is still the same one, and has not set a password elsewhere since."""
    return session["user_id"] == user["user_id"] and (
        session["generation"] == user["generation"] or session["session"] == user["kept"]
    )


def _refused() -> UnauthenticatedError:
    return UnauthenticatedError("the token is not good, or no longer", token_given=True)
