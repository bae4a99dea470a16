"""One request of the files server: what comes, what goes, and what the log is told of it."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from app.adapters.local.http_files import EVERY

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

PIECE = 256 * 1024
_HEARD_OUT_BYTES = 16 * 1024 * 1024  # of a body that is refused, so that the refusal is heard
_HEARD_OUT_S = 2.0
_LOGGED_PATH = 4096
_LONG = re.compile(r"([^/]{12})[^/]{29,}")  # of a path: longer than an id, as signatures are
_LATE = 408


class RefusedError(Exception):
    """What is answered instead, in plain text."""

    def __init__(self, status: int, text: str, *headers: tuple[str, str]) -> None:
        self.status = status
        self.text = text
        self.headers = headers
        super().__init__(text)


class Request:
    """One request; nothing may come or go for `idle_s` seconds before it is given up."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, idle_s: float) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["raw_path"].decode("latin-1")
        self.query: str = scope["query_string"].decode("latin-1")
        self.headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        self.status = 0
        self.error = ""
        self._abort: Callable[[], None] = scope.get("state", {}).get("abort", lambda: None)
        self._receive = receive
        self._send = send
        self._idle_s = idle_s
        self._began = time.monotonic()
        self._bytes = 0
        self._more = True  # of the body is to come

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body in pieces of some size. Raises ConnectionError when the client left."""
        gathered: list[bytes] = []
        size = 0
        while self._more:
            try:
                async with asyncio.timeout(self._idle_s):
                    message = await self._receive()
            except TimeoutError:
                raise RefusedError(_LATE, "the body did not arrive in time") from None
            if message["type"] == "http.disconnect":
                raise ConnectionError
            self._more = message.get("more_body", False)
            part = message.get("body", b"")
            gathered.append(part)
            size += len(part)
            self._bytes += len(part)
            if size >= PIECE or not self._more:
                yield b"".join(gathered)
                gathered, size = [], 0

    async def begin(self, status: int, headers: tuple[tuple[str, str], ...]) -> None:
        """The answer's head."""
        self.status = status
        encoded = [(name.encode(), value.encode("latin-1")) for name, value in (*headers, *EVERY)]
        await self._write({"type": "http.response.start", "status": status, "headers": encoded})

    async def send_piece(self, piece: bytes) -> None:
        """A piece of the answer's body."""
        self._bytes += len(piece)
        await self._write({"type": "http.response.body", "body": piece, "more_body": True})

    async def end(self) -> None:
        """The answer's end."""
        await self._write({"type": "http.response.body"})

    async def refuse(self, why: RefusedError) -> None:
        """Answer in plain text, once the client has said what it may say."""
        if self.status:  # too late: it ends short
            return self.abort()
        if why.status != _LATE:
            await self._hear_out()
        body = b"" if self.method == "HEAD" else f"{why.text}\n".encode()
        plain = (
            ("content-type", "text/plain; charset=utf-8"),
            ("content-length", str(len(body))),
            ("cache-control", "no-store"),
        )
        await self.begin(why.status, (*plain, *why.headers))
        await self._write({"type": "http.response.body", "body": body})
        return None

    def abort(self) -> None:
        """End the connection at once, whatever is still to be sent."""
        self.error = self.error or "it took too long"
        self.status = self.status or _LATE
        self._abort()

    def entry(self) -> dict[str, Any]:
        """What the log is told: nothing of what signs an address."""
        found = {
            "event": "storage request",
            "method": self.method,
            "bucket": _LONG.sub(
                r"\1…", self.path.removeprefix("/").partition("/")[0][:_LOGGED_PATH]
            ),
            "path": _LONG.sub(r"\1…", self.path[:_LOGGED_PATH]),
            "status": self.status,
            "ms": round((time.monotonic() - self._began) * 1000, 3),
            "bytes": self._bytes,
        }
        return found | ({"failure": self.error} if self.error else {})

    async def _hear_out(self) -> None:
        """Read on for a while: who is cut off in the middle of sending does not see the answer."""
        chunked = "transfer-encoding" in self.headers
        announced = int(self.headers.get("content-length", chunked))
        if "expect" in self.headers or not 0 < announced <= _HEARD_OUT_BYTES:
            return
        heard = 0
        try:
            async with asyncio.timeout(_HEARD_OUT_S):
                while self._more and heard < _HEARD_OUT_BYTES:
                    message = await self._receive()
                    self._more = message.get("more_body", False)
                    heard += len(message.get("body", b""))
        except TimeoutError:
            return

    async def _write(self, message: dict[str, Any]) -> None:
        try:
            async with asyncio.timeout(self._idle_s):
                await self._send(message)
        except TimeoutError:
            self.abort()  # what is buffered would hold the connection open for ever
            raise ConnectionError from None
