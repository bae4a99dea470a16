"""What the clouds' gateway sides share: unique ids, folded pairs, checked parts of an answer.

A handler's result is untrusted here: whatever it holds, what passes is legal HTTP, and the rest is
a MalformedResultError.
"""

import binascii
import os
from collections.abc import Callable, Iterable
from functools import lru_cache
from urllib.parse import unquote, unquote_plus

from infra.local.runtime.emulate import MalformedResultError

_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")
_NAME_LIMIT = 256
# Those of one connection (RFC 9110, 7.6.1), and those that the server writes itself.
_OF_THE_SERVER = frozenset({
    "connection", "content-length", "date", "keep-alive", "proxy-connection", "te", "trailer",
    "transfer-encoding", "upgrade",
})  # fmt: skip
NO_CONTENT = frozenset({204, 205, 304})


class Unique:
    """A counter that no other process shares.

    Its start is random, made at first use, and again in a process that was forked since.
    """

    __slots__ = ("_next", "_owner", "_prefix")

    def __init__(self) -> None:
        self._owner = 0
        self._prefix = ""
        self._next = 0

    def take(self) -> tuple[str, int]:
        """18 hexadecimal digits of this process, and a number below 2**48 that was not out yet."""
        if self._owner != os.getpid():
            self._owner = os.getpid()
            self._prefix = os.urandom(9).hex()
            self._next = int.from_bytes(os.urandom(6), "big")
        self._next = (self._next + 1) & 0xFFFFFFFFFFFF
        return self._prefix, self._next


class Names(dict[bytes, str]):
    """Header names as a cloud writes them. The short ones are kept: clients use few of them."""

    def __init__(self, write: Callable[[bytes], str]) -> None:
        self._write = write

    def __missing__(self, name: bytes) -> str:
        """The name as text, made now."""
        text = self._write(name)
        if len(name) <= 64 and len(self) < 1024:  # noqa: PLR2004 - a bound for the memory
            self[name] = text
        return text


def header_texts(headers: list[tuple[bytes, bytes]], names: Names) -> dict[str, str]:
    """A request's headers as texts, the values of a repeated name joined by commas."""
    found = {names[name]: value.decode("latin-1") for name, value in headers}
    if len(found) == len(headers):
        return found
    return fold([(names[name], value.decode("latin-1")) for name, value in headers])


def fold(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The pairs as a mapping; the values of a repeated name are joined by commas, in order."""
    found: dict[str, str] = {}
    repeated: dict[str, list[str]] = {}
    for name, value in pairs:
        if name not in found:
            found[name] = value
        elif name in repeated:
            repeated[name].append(value)
        else:
            repeated[name] = [found[name], value]
    for name, values in repeated.items():
        found[name] = ",".join(values)
    return found


def parameters(query: str) -> dict[str, str]:
    """A raw query string's parameters, decoded as forms are, repeated ones joined by commas."""
    if not query:
        return {}
    pairs = [part.partition("=") for part in query.split("&") if part]
    return fold([(_from_form(name), _from_form(value)) for name, _, value in pairs])


def _from_form(text: str) -> str:
    return unquote_plus(text) if "%" in text or "+" in text else text


def decoded(path: str) -> str:
    """A path without its percent-encoding; bytes that are no UTF-8 become U+FFFD."""
    return unquote(path) if "%" in path else path


def domain(host: str) -> str:
    """A Host header without its port."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def status(found: object) -> int:
    """A result's status. Raises MalformedResultError unless it is 200 to 599, as number or text.

    A final answer cannot have an informational status, so those below 200 are refused too.
    """
    if type(found) is str and len(found) == 3 and found.isascii() and found.isdigit():  # noqa: PLR2004 - digits
        found = int(found)
    if type(found) is int and 200 <= found <= 599:  # noqa: PLR2004 - see the docstring
        return found
    raise MalformedResultError(f"statusCode is {shown(found)}: it must be from 200 to 599")


def headers(found: object) -> dict[bytes, bytes]:
    """A result's headers as they are sent, without those that the server sets itself.

    Of two names that differ only in case the last stands. Raises MalformedResultError for a name
    or a value that could not be sent as it is: a line break in a value would begin a header more.
    """
    checked: dict[bytes, bytes] = {}
    if found is None:
        return checked
    if type(found) is not dict:
        raise MalformedResultError(f"headers is {shown(found)}: it must be an object")
    for name, value in found.items():
        if sent := _name(name):
            checked[sent] = header_value(value)
    return checked


@lru_cache(maxsize=1024)
def _name(name: str) -> bytes:
    """The name as it is sent, or nothing where it is not the handler's to set."""
    lower = name.lower()
    fits = name.isascii() and 0 < len(name) <= _NAME_LIMIT
    if not fits or not _TOKEN.issuperset(lower):
        raise MalformedResultError(f"{shown(name)} is no header's name")
    return b"" if lower in _OF_THE_SERVER else lower.encode()


def header_value(value: object) -> bytes:
    """A header's value: text, or a number or boolean as JSON writes it.

    Raises MalformedResultError for anything else, for control characters, and for text beyond
    Latin-1, which HTTP cannot carry unencoded.
    """
    if type(value) is str:
        text = value.strip(" \t")
        if text.isascii() and text.isprintable():
            return text.encode()
        if all(char == "\t" or (char >= " " and char != "\x7f") for char in text):
            try:
                return text.encode("latin-1")
            except UnicodeEncodeError:
                pass
    elif type(value) is bool:
        return b"true" if value else b"false"
    elif type(value) is int or type(value) is float:
        return str(value).encode()
    raise MalformedResultError(f"{shown(value)} is no header's value")


def body(found: object, encoded: object, status_code: int) -> bytes:
    """A result's body in bytes; none where the status allows none (204, 205, 304).

    Raises MalformedResultError for a body that is no text or, being `encoded`, no Base64.
    """
    if encoded is not None and type(encoded) is not bool:
        raise MalformedResultError(f"isBase64Encoded is {shown(encoded)}: it must be true or false")
    if found is None:
        return b""
    if type(found) is not str:
        raise MalformedResultError(f"body is {shown(found)}: it must be a text")
    if not encoded:
        content = found.encode()
    else:
        try:
            content = binascii.a2b_base64(found, strict_mode=True)
        except ValueError as error:
            raise MalformedResultError("isBase64Encoded is true but body is no Base64") from error
    return b"" if status_code in NO_CONTENT else content


def content_type(given: str | None) -> str:
    """A Content-Type header's media type alone, in lower case; empty without one."""
    return given.partition(";")[0].strip().lower() if given else ""


def shown(value: object) -> str:
    """A value for a message; only a kind where writing it out could be long, deep or fail."""
    if isinstance(value, str):
        return repr(value[:60])
    if value is None or isinstance(value, int | float):
        return repr(value)
    return f"a {type(value).__name__}"
