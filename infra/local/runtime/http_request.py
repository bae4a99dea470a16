"""A request as it comes in on a connection of the gateway, and the parser that makes it."""

from collections.abc import Callable
from enum import Enum
from typing import Final

import httptools

from infra.local.runtime.emulate import HttpRequest

HEAD_BYTES: Final = 64 * 1024
HEARD_OUT_BYTES: Final = 2 * 1024 * 1024
"""What is read beyond a body's limit, so that its sender hears the answer."""

BROKEN: Final = "This is not HTTP as it can be read."
_LARGE_HEAD: Final = "The request's head is too large."
_OF_BODIES: Final = frozenset({b"content-length", b"transfer-encoding"})
_TELLING: Final = frozenset({*_OF_BODIES, b"expect"})


class BrokenError(Exception):
    """What came is no request; the text says why."""


class Unread(Enum):
    """Why the body of a request is not here."""

    TOO_LARGE = "the body is over the limit"
    LATE = "the body did not arrive in time"
    UNWANTED = "no function took the body when it came"


class Request(HttpRequest):
    """One request on a connection, which stays for another one if it `keeps`.

    Its body is here when it is `whole`, unless `unread` says why not. `waits`: its client sends the
    body when it is told to.
    """

    __slots__ = ("keeps", "unread", "waits", "whole")

    def __init__(
        self,
        method: str,
        target: bytes,
        version: str,
        source_ip: str,
        headers: list[tuple[bytes, bytes]],
    ) -> None:
        if target.startswith(b"/") and b"#" not in target:
            path, _, query = target.partition(b"?")
        else:  # a whole address, or none at all
            url = httptools.parse_url(target)
            path, query = url.path or b"/", url.query or b""
        super().__init__(
            method,
            path.decode("latin-1"),
            query.decode("latin-1"),
            f"HTTP/{version}",
            source_ip,
            headers,
        )
        self.keeps = version != "1.0"
        self.whole = True
        self.unread: Unread | None = None
        self.waits = False


class RequestReader:
    """Makes requests of the bytes of one connection, which `source_ip` opened.

    `on_head(request)` is called for each when its head is complete. `body_limit(request)` says how
    many bytes a body may have; of one that is larger, or is not wanted (None), nothing is kept.
    A head is bounded, however it comes, and so is a trailer.
    """

    def __init__(
        self,
        source_ip: str,
        body_limit: Callable[[Request], int | None],
        on_head: Callable[[Request], None],
    ) -> None:
        self._source_ip = source_ip
        self._body_limit = body_limit
        self._on_head = on_head
        self._parser = httptools.HttpRequestParser(self)
        self.in_head = False
        """Whether a head has begun that is not complete."""
        self.incoming: Request | None = None
        """The request whose body is not complete, be it awaited or passed over."""
        self._why = BROKEN
        self._piece = 0  # the bytes of the piece that came last
        self._alone = 0  # of the pieces that came last and completed nothing, nor had a body's part
        self._before = 0  # of the pieces before, since the one in which the head began
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._telling: dict[bytes, bytes] = {}  # those of them that tell of the body
        self._body = bytearray()
        self._size = 0
        self._limit = 0

    def feed(self, data: bytes) -> bool:
        """Take a piece; False when nothing after it can be read. Raises BrokenError."""
        self._piece = len(data)
        self._alone += self._piece
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            return False
        except httptools.HttpParserError as error:
            raise BrokenError(self._why) from error
        if self._alone > HEAD_BYTES:  # a head, a trailer, or nothing at all
            raise BrokenError(_LARGE_HEAD)
        if self.in_head:
            self._before += self._piece
        return True

    def close(self) -> None:
        """Let go of the parser, which holds its reader."""
        del self._parser
        self.incoming = None

    def end_body(self, unread: Unread | None) -> None:
        """Await no more of the body that is on its way: it is here, or `unread`."""
        request = self.incoming
        if request is None or request.whole:
            return
        request.unread = unread
        if unread is None:
            request.body = bytes(self._body)
        request.whole = True
        self._body = bytearray()

    # What the parser tells.

    def on_message_begin(self) -> None:
        """The first byte of a head."""
        self.in_head = True
        self._before = 0
        self._target = b""
        self._headers = []
        self._telling = {}

    def on_url(self, part: bytes) -> None:
        """The target, or a part of it."""
        self._target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        """One field of the head, or of a trailer, which is passed over."""
        if self.in_head:
            name = name.lower()
            if name in _TELLING:
                self._telling[name] = value
            self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is here, perhaps all of it at once."""
        parser = self._parser
        self.in_head = False
        self._alone = 0
        if self._before + self._piece > HEAD_BYTES:  # with what may not be of it
            size = len(self._target) + sum(len(name) + len(text) for name, text in self._headers)
            if size > HEAD_BYTES:
                self._why = _LARGE_HEAD
                raise BrokenError  # the parser stops
        method, version = parser.get_method().decode(), parser.get_http_version()
        request = Request(method, self._target, version, self._source_ip, self._headers)
        if parser.should_upgrade():
            request.keeps = False  # there is no other protocol here
        elif request.keeps:
            request.keeps = parser.should_keep_alive()
        announced = self._announced() if self._telling else 0
        if announced:
            if parser.should_upgrade():
                raise BrokenError  # the parser would take the body for the other protocol's
            self._await_body(request, announced)
        self._on_head(request)

    def on_body(self, part: bytes) -> None:
        """A part of a body."""
        self._alone = 0
        if self.incoming is None or self.incoming.whole:
            return
        self._size += len(part)
        if self._size <= self._limit:
            self._body += part
        elif self._size > self._limit + HEARD_OUT_BYTES:
            self.end_body(Unread.TOO_LARGE)

    def on_message_complete(self) -> None:
        """All of a request is here."""
        self._alone = 0
        if self.incoming is not None:
            self.end_body(None if self._size <= self._limit else Unread.TOO_LARGE)
            self.incoming = None

    def _announced(self) -> int:
        """The length of the body that follows, 1 where it is not said beforehand, 0 without one."""
        if b"transfer-encoding" in self._telling:
            return 1
        return int(self._telling.get(b"content-length", b"0"))

    def _await_body(self, request: Request, announced: int) -> None:
        limit = self._body_limit(request)
        self.incoming = request
        if limit is None:
            request.unread = Unread.UNWANTED
        elif announced > limit + HEARD_OUT_BYTES:
            request.unread = Unread.TOO_LARGE
        else:
            request.whole = False
            if request.protocol != "HTTP/1.0":  # which knows no answer before the answer
                request.waits = self._telling.get(b"expect", b"").lower() == b"100-continue"
            self._limit = limit
            self._size = 0
