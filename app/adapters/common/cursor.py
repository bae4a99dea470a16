"""Where a query goes on: a text that only the same query takes.

An adapter's cursor is the position of the last row, as a few texts. What the caller gets is bound
to the query by a checksum: a slip is refused, and a forger gets no further than other rows of the
partition that he was asking for anyway.
"""

import base64
import binascii
import hashlib

import msgspec

from app.ports.errors import InvalidValueError

_CHECK_BYTES = 9
# four parts of keys, of which JSON writes six characters for a byte at most, and a third for base64
_MAX_CHARACTERS = 40 * 1024


def packed(*position: str) -> str:
    """An adapter's cursor: the position of the last row of a page."""
    return msgspec.json.encode(position).decode()


def unpacked(cursor: str, parts: int) -> tuple[str, ...]:
    """The position, of so many parts. Raises InvalidValueError."""
    try:
        position = msgspec.json.decode(cursor, type=tuple[str, ...])
    except (msgspec.MsgspecError, UnicodeError):
        position = ()
    if len(position) != parts:
        raise InvalidValueError("the cursor is of no query")
    return position


def bound(cursor: str, *query: object) -> str:
    """What a caller gets for an adapter's cursor; `query` is all that the position depends on."""
    inner = cursor.encode()
    whole = msgspec.msgpack.encode((query, inner))
    check = hashlib.blake2b(whole, digest_size=_CHECK_BYTES).digest()
    return base64.urlsafe_b64encode(check + inner).decode()


def unbound(cursor: object, *query: object) -> str:
    """The adapter's cursor again. Raises InvalidValueError unless it is this query's."""
    if isinstance(cursor, str) and len(cursor) <= _MAX_CHARACTERS:
        try:
            whole = base64.b64decode(cursor, altchars=b"-_", validate=True)
            inner = whole[_CHECK_BYTES:].decode()
            if bound(inner, *query) == cursor:
                return inner
        except (binascii.Error, ValueError):
            pass
    raise InvalidValueError("the cursor is not one of this query: begin without one")
