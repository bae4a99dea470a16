"""The rows of the table `sessions`, which expire and are written whole.

session     SHA-256 of the session's id, which stands in the token only
username    the user's key, to read the user by
user_id, generation  the user's as they were when it began
expires_at  UTC epoch seconds
"""

from hashlib import sha256
from secrets import token_urlsafe

from app.ports.clock import Clock
from app.ports.tables import Row, Table
from app.ports.tokens import Claims, Tokens

SESSION_S = 12 * 60 * 60


def key_of(session: str) -> str:
    """Under what a session is kept: who reads the table cannot make a token of it."""
    return sha256(session.encode("utf-8", "replace")).hexdigest()


def open_session(user: Row, *, sessions: Table, tokens: Tokens, clock: Clock) -> tuple[str, int]:
    """A token for this user, and when it ends in epoch seconds. Raises PortError."""
    session = token_urlsafe(32)
    expires_at = clock.now_ms() // 1000 + SESSION_S
    claims = Claims(user=str(user["user_id"]), session=session, expires_at=expires_at)
    token = tokens.issue(claims)  # first: it may fail, and there is no session without it
    sessions.put(
        {
            "session": key_of(session),
            "username": user["username"],
            "user_id": user["user_id"],
            "generation": user["generation"],
            "expires_at": expires_at,
        }
    )
    return token, expires_at
