"""Guests' carts: who has the cart's token has the cart.

It is signed as bearer tokens are, and cannot be taken for one: it names no session that there is,
and what it has for a user begins as no user's id does. Nor is a bearer token a cart's.
"""

from app.domain.errors import UnauthenticatedError
from app.domain.ids import is_id, new_id
from app.ports.clock import Clock
from app.ports.errors import TokenError
from app.ports.tokens import Claims, Tokens

TOKEN_S = 90 * 24 * 60 * 60
_GUEST = "guest:"
_NO_SESSION = "cart"


def new_guest(*, tokens: Tokens, clock: Clock) -> tuple[str, str, int]:
    """A guest who was not there yet: his principal, his token, and when it ends (epoch seconds).

    Raises PortError.
    """
    now_ms = clock.now_ms()
    guest = _GUEST + new_id(now_ms)
    ends = now_ms // 1000 + TOKEN_S
    token = tokens.issue(Claims(user=guest, session=_NO_SESSION, expires_at=ends))
    return guest, token, ends


def guest_of(token: str, *, tokens: Tokens) -> str:
    """The principal whose cart this token is of. Raises UnauthenticatedError and PortError."""
    try:
        claims = tokens.read(token)
    except TokenError:
        raise _refused() from None
    if claims.session != _NO_SESSION or not is_id(claims.user.removeprefix(_GUEST)):
        raise _refused()
    if not claims.user.startswith(_GUEST):
        raise _refused()
    return claims.user


def _refused() -> UnauthenticatedError:
    return UnauthenticatedError("the cart's token is not good, or no longer", token_given=True)
