"""Where a mail server is, and who we are there: the text of the secret `smtp-url`.

`smtp+starttls://user:password@host:587` begins in the clear and goes on encrypted,
`smtps://user:password@host:465` is encrypted from the first byte on; unencrypted is no choice. What
a user or password has of `:/@?#%` is written with percent signs (RFC 3986).
"""

from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from app.ports.errors import PortError

SECRET = "smtp-url"  # noqa: S105 - its name
_PORTS = {"smtp+starttls": 587, "smtps": 465}


class SmtpAddress(NamedTuple):
    """A mail server; `user` and `password` are "" where it wants none."""

    host: str
    port: int
    starttls: bool
    user: str
    password: str

    def __repr__(self) -> str:
        """Where it is, and not who we are there."""
        return f"SmtpAddress({self.host!r}, {self.port})"


def address(text: str) -> SmtpAddress:
    """What the secret says. Raises PortError, which does not repeat it."""
    try:
        parts = urlsplit(text)
        port = parts.port or _PORTS[parts.scheme]
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
    except (ValueError, KeyError):
        raise _unusable() from None
    plain = not (parts.query or parts.fragment or parts.path.strip("/"))
    if not (parts.hostname and plain and (user + password).isascii()):
        raise _unusable()
    return SmtpAddress(parts.hostname, port, parts.scheme == "smtp+starttls", user, password)


def _unusable() -> PortError:
    return PortError(
        f"the secret {SECRET} is no address of a mail server: write it as "
        "smtp+starttls://user:password@host:587 or smtps://user:password@host:465"
    )
