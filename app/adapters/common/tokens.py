"""Bearer tokens as JWTs, signed by HS256 with the keys of the secret `token-key`.

The secret has one key a line, the newest first: that one signs, all of them verify, so a rotation
ends no session. A token names its key by `kid`, the beginning of the key's SHA-256.
"""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import jwt

from app.ports.clock import Clock
from app.ports.errors import InvalidValueError, TokenError, UnavailableError
from app.ports.secrets import Secrets
from app.ports.tokens import Claims

SECRET = "token-key"  # noqa: S105 - its name
_ALGORITHM = "HS256"
_LONGEST = 4096
_KEY = re.compile(r"[A-Za-z0-9_-]{43,}", re.ASCII)  # 32 bytes in base64url, at least
# One text a token: the last character of 32 bytes in base64url has two bits that nothing reads.
_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")
# The times are compared by our own clock, below.
_OPTIONS: Any = {
    "require": ["sub", "sid", "exp", "iat"],
    **dict.fromkeys(("verify_exp", "verify_iat", "verify_nbf", "verify_aud"), False),
}


class JwtTokens:
    """Makes tokens and reads them."""

    def __init__(self, secrets: Secrets, clock: Clock) -> None:
        """`secrets` must hold `token-key`."""
        self._secrets = secrets
        self._clock = clock

    def issue(self, claims: Claims) -> str:
        """A token that states this, signed with the newest key.

        Raises InvalidValueError for claims that no token carries, and as `Secrets.get` does.
        """
        kid, key = next(iter(_keys(self._secrets.get(SECRET)).items()))
        stated = {
            "sub": claims.user,
            "sid": claims.session,
            "exp": claims.expires_at,
            "iat": self._clock.now_ms() // 1000,
        }
        token = jwt.encode(stated, key, algorithm=_ALGORITHM, headers={"kid": kid})
        if _claims(stated) != claims or len(token) > _LONGEST:
            raise InvalidValueError("no token carries these claims: a value is empty or too long")
        return token

    def read(self, token: str) -> Claims:
        """What a token states. Raises TokenError, and as `Secrets.get` does."""
        if len(token) > _LONGEST or _FORM.fullmatch(token) is None:
            raise TokenError(_BAD)
        try:
            key = self._key(jwt.get_unverified_header(token).get("kid"))
            found = jwt.decode(token, key, algorithms=[_ALGORITHM], options=_OPTIONS)
        except (jwt.PyJWTError, ValueError, RecursionError):
            # from None: the reason tells a forger what to try next
            raise TokenError(_BAD) from None
        claims = _claims(found)
        if claims is None:
            raise TokenError(_BAD)
        if claims.expires_at * 1000 <= self._clock.now_ms():
            raise TokenError("the token has expired")
        return claims

    def _key(self, kid: object) -> bytes:
        """The key of this id; one that is not known may be newer than what is kept of the secret.

        Raises TokenError when there is none.
        """
        if isinstance(kid, str):
            for ask in (self._secrets.get, self._secrets.fresh):
                if key := _keys(ask(SECRET)).get(kid):
                    return key
        raise TokenError(_BAD)


_BAD = "the token is not good"


def _keys(secret: str) -> dict[str, bytes]:
    """The keys by their ids, the newest first. Raises UnavailableError for what holds none."""
    lines = [line.strip() for line in secret.splitlines() if line.strip()]
    if not lines or not all(_KEY.fullmatch(line) for line in lines):
        raise UnavailableError(
            f"the secret {SECRET} cannot be used: each line of it must be a key of 43 characters "
            f"of base64url or more; `make secret NAME={SECRET} ROTATE=1` mends it"
        )
    keys: dict[str, bytes] = {}
    for line in lines:
        key = line.encode()
        keys.setdefault(sha256(key).hexdigest()[:8], key)
    return keys


def _claims(found: Mapping[str, Any]) -> Claims | None:
    """What these claims state, or None where one has the wrong type."""
    user, session, ends, made = (found.get(name) for name in ("sub", "sid", "exp", "iat"))
    texts = all(isinstance(each, str) and each for each in (user, session))
    # `type`: a boolean is an int, too
    if not texts or type(ends) is not int or type(made) is not int:
        return None
    return Claims(user=str(user), session=str(session), expires_at=ends)
