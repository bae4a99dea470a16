"""An answer as HTTP/1.1 has it."""

import time
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from infra.local.runtime.emulate import HttpAnswer

PLAIN: Final = (b"content-type", b"text/plain; charset=utf-8")
_WITHOUT_LENGTH: Final = frozenset({204, 304})  # RFC 9110, 8.6: they have no content


def written(answer: HttpAnswer, *, keeps: bool, content: bool = True) -> bytes:
    """An answer's bytes, on a connection that it `keeps`. Its names and values are taken for legal.

    Without `content` it is the answer to HEAD.
    """
    parts = [_begin(answer.status, int(time.time()))]
    parts += [b"%b: %b\r\n" % each for each in answer.headers]
    if answer.status not in _WITHOUT_LENGTH:
        parts.append(b"content-length: %d\r\n" % len(answer.body))
    parts.append(b"\r\n" if keeps else b"connection: close\r\n\r\n")
    if content:
        parts.append(answer.body)
    return b"".join(parts)


@lru_cache(maxsize=64)
def _begin(status: int, second: int) -> bytes:
    """The first two lines of an answer, which are the same for a second."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}\r\ndate: {formatdate(second, usegmt=True)}\r\n".encode()
