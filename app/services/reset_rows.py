"""The rows of the table `resets`, which expire and are written whole.

reset       SHA-256 of a token that stands in a letter only: who reads the table has none
username    the user's key, to read the user by
user_id, generation  the user's as they were when the token was made: good once, since to use it
            raises the generation
expires_at  UTC epoch seconds
"""

from hashlib import sha256
from secrets import token_urlsafe

from app.ports.tables import Row

RESET = "reset"
RESET_S = 60 * 60
_TOKEN_BYTES = 32


def new_token() -> str:
    """A token that nobody guesses, fit for a path."""
    return token_urlsafe(_TOKEN_BYTES)


def key_of(token: str) -> str:
    """Under what a token's row is kept."""
    return sha256(token.encode("utf-8", "replace")).hexdigest()


def new_row(token: str, user: Row, expires_at: int) -> Row:
    """The row of a token for this user, until `expires_at` in epoch seconds."""
    return {
        "reset": key_of(token),
        "username": user["username"],
        "user_id": user["user_id"],
        "generation": user["generation"],
        "expires_at": expires_at,
    }
