"""The other end of signed addresses: an ASGI application that takes and gives blobs.

Of a public bucket it gives them to those without a signature, too.

Nothing is held in memory but a piece of a body; files and databases are touched in threads. Every
answer closes its connection.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from app.adapters.common.blobs import SIZE_BYTES
from app.adapters.common.signing import Allowed, NotSignedError, place, unsigned, verify
from app.adapters.local.blob_folder import BlobFolder
from app.adapters.local.files_request import (
    PIECE,
    Receive,
    RefusedError,
    Request,
    Scope,
    Send,
)
from app.adapters.local.http_files import PREFLIGHT, part_of
from app.adapters.local.threads import Threads
from app.ports.blobs import Blob
from app.ports.clock import Clock
from app.ports.errors import BlobMissingError, PortError

_SOON = ("retry-after", "1")
_ALLOW = ("allow", "GET, HEAD, OPTIONS, PUT")
_LEFT = 499  # in the log only: the client left before it was answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many requests at once; how long nothing may come or go, and how long it may take."""

    requests: int = 64
    idle_s: float = 20.0
    total_s: float = 3600.0


@dataclass(frozen=True, slots=True)
class Served:
    """One bucket: where its blobs are, what its addresses are signed with, and who may read."""

    folder: BlobFolder
    secret: Callable[[], str]
    public: bool = False


def _close(opened: tuple[Blob, BinaryIO]) -> None:
    opened[1].close()


class FilesApp:
    """Serves the buckets by name; `log` gets one entry for each request."""

    def __init__(
        self,
        buckets: Mapping[str, Served],
        clock: Clock,
        log: Callable[[dict[str, Any]], None],
        threads: Threads,
        limits: Limits = Limits(),
    ) -> None:
        self._buckets = buckets
        self._clock = clock
        self._log = log
        self._threads = threads
        self._limits = limits
        self._active = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive, send, self._limits.idle_s)
        try:
            async with asyncio.timeout(self._limits.total_s):
                await self._answer(request)
        except TimeoutError:
            request.abort()
        except ConnectionError:
            request.status = request.status or _LEFT
        finally:
            self._log(request.entry())

    async def _answer(self, request: Request) -> None:
        try:
            # counted so long only: who is refused, and heard out, takes nobody's place
            self._active += 1
            try:
                await self._carry_out(request)
            finally:
                self._active -= 1
        except RefusedError as refused:
            await request.refuse(refused)
        except NotSignedError:
            await request.refuse(RefusedError(403, "the address is not signed for this, or ended"))
        except BlobMissingError:
            await request.refuse(RefusedError(404, "there is no such blob"))
        except PortError as error:
            request.error = str(error)
            await request.refuse(RefusedError(503, "the store cannot be used now", _SOON))

    async def _carry_out(self, request: Request) -> None:
        if self._active > self._limits.requests:
            raise RefusedError(503, "too many requests at once", _SOON)
        match request.method:
            case "PUT":
                await self._put(request)
            case "GET" | "HEAD":
                await self._get(request)
            case "OPTIONS":
                await request.begin(204, PREFLIGHT)
                await request.end()
            case _:
                raise RefusedError(405, "there is no such method here", _ALLOW)

    async def _put(self, request: Request) -> None:
        length = request.headers.get("content-length")
        # of both, the server goes by the encoding: the body would not have the size that was signed
        if length is None or "transfer-encoding" in request.headers:
            raise RefusedError(411, "the request must say its content-length, and not be chunked")
        if int(length) > SIZE_BYTES:
            raise RefusedError(413, f"the body is over {SIZE_BYTES} bytes")
        content_type = request.headers.get("content-type")
        if content_type is None:
            raise RefusedError(400, "the request must have the content-type that was signed")
        key, folder = await self._signed(request, "PUT", content_type, int(length))
        draft = await self._threads.run(folder.draft, undo=folder.discard)
        try:
            async for piece in request.pieces():
                await self._threads.run(draft.write, piece)
            await self._threads.run(folder.finish, draft)
        except BaseException:
            folder.discard(draft)
            raise
        await self._threads.run_one(folder.commit, draft, key, content_type)
        await request.begin(200, (("etag", f'"{draft.etag}"'), ("content-length", "0")))
        await request.end()

    async def _get(self, request: Request) -> None:
        found = self._public(request)
        key, folder = found or await self._signed(request, "GET")
        blob, file = await self._threads.run(folder.open, key, undo=_close)
        try:
            part = part_of(blob, request.headers, request.method, public=found is not None)
            await request.begin(part.status, part.headers)
            if request.method == "GET":
                await self._send(request, file, part.start, part.size)
            await request.end()
        finally:
            file.close()

    async def _send(self, request: Request, file: BinaryIO, start: int, size: int) -> None:
        file.seek(start)
        while size:
            piece = await self._threads.run(file.read, min(size, PIECE))
            if not piece:
                raise ConnectionError  # the disk has less than it had: the client sees it end short
            await request.send_piece(piece)
            size -= len(piece)

    def _public(self, request: Request) -> tuple[str, BlobFolder] | None:
        """The key and the folder of what anyone may read; None where a signature has to tell."""
        bucket, key = place(request.path)
        served = self._buckets.get(bucket)
        readable = served is not None and served.public and unsigned(request.query)
        return (key, served.folder) if served is not None and readable else None

    async def _signed(
        self, request: Request, method: str, content_type: str = "", size: int = 0
    ) -> tuple[str, BlobFolder]:
        """The key and the folder of its bucket, if the address is right. Raises NotSignedError."""
        bucket, key = place(request.path)
        served = self._buckets.get(bucket)
        if served is None:
            raise NotSignedError
        secret = await self._threads.run(served.secret)
        allowed = Allowed(method, bucket, key, content_type, size)
        verify(secret, allowed, request.query, self._clock.now_ms())
        return key, served.folder
