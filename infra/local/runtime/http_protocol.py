"""HTTP/1.1 on one connection of the gateway: uvicorn's protocol, bounded."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from infra.local.runtime.emulate import HttpAnswer
from infra.local.runtime.gateway import PLAIN, Receive, Scope

_HEAD_BYTES = 64 * 1024
_HEAD_S = 30.0
_QUIET_S = 60.0  # a connection without requests is kept so long
_TOO_LARGE = "The request's head is too large."
_WITHOUT_LENGTH = frozenset({204, 304})  # RFC 9110, 8.6: they have no content

_Answering = Callable[[Scope, Receive], Awaitable[HttpAnswer]]


class _RefusedError(Exception):
    """A head that is too large, or cannot be taken for what it is."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's, but bounded: a head that is endless in size or time is cut off.

    It also closes after a request that asks for another protocol, of which there is none here, and
    lets the requests before a broken one have their answers first. An answer comes whole and is one
    write, without uvicorn's look at each header; a request costs no timer.
    """

    _begun = False  # a head that is not complete yet
    _spread = False  # it came in more than one piece
    _heads = 0  # how many began in the last piece
    _head = 0  # the bytes of the one that is not complete, as far as they can be told
    _chunk = 0  # the bytes of what came last
    _refused = False
    _slow: asyncio.TimerHandle | None = None
    _quiet: asyncio.TimerHandle | None = None
    _answered = 0.0  # when the last answer was complete, on the loop's clock

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A head is awaited."""
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Count and time what comes before a head is complete."""
        if self._refused:
            return
        self._chunk = len(data)
        self._spread = self._begun
        self._heads = 0
        alone = self._idle()
        super().data_received(data)
        if self._refused:
            return  # type: ignore[unreachable]
        if self._begun and (self._spread or (alone and self._heads == 1)):
            self._head += len(data)
            if self._head > _HEAD_BYTES:
                self.send_400_response(_TOO_LARGE)
        if self._idle():
            self._await_head()

    def on_message_begin(self) -> None:
        """The first byte of a head: it is counted from nothing."""
        self._begun = True
        self._heads += 1
        self._spread = False
        self._head = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is here, perhaps all of it at once."""
        self._begun = False
        if self._slow is not None:
            self._slow.cancel()
            self._slow = None
        if self._spread or self._chunk > _HEAD_BYTES:
            self._head = len(self.url) + sum(len(name) + len(text) for name, text in self.headers)
            if self._head > _HEAD_BYTES:
                raise _RefusedError  # the parser stops, and uvicorn refuses
        upgrade = self.parser.should_upgrade()
        if upgrade and _has_body(self.headers):
            raise _RefusedError  # the parser would take the body for the other protocol's
        super().on_headers_complete()
        if upgrade:
            self.cycle.keep_alive = False

    def on_response_complete(self) -> None:
        """Go on as uvicorn does, but with one timer for all requests."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self.pipeline:  # nothing more is read before these are answered
            self._start_asgi_task(*self.pipeline.pop())
            return
        self.flow.resume_reading()
        if self._begun:  # while an answer was under way
            self._await_head()
        self._answered = self.loop.time()
        if self._quiet is None:
            self._quiet = self.loop.call_later(_QUIET_S, self._close_quiet)

    def eof_received(self) -> bool:  # type: ignore[override]
        """A client that has said all may still wait for its answer."""
        if self._idle() or self.cycle.more_body:
            return False
        self.cycle.keep_alive = False
        return True

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, or no small one; nothing more is read."""
        self._refused = True
        if self.pipeline and self.cycle.more_body:  # it waits itself: refused when it is its turn
            self.pipeline[0] = (self.cycle, _refusing(msg))
        elif self._idle() or self.cycle.more_body:
            super().send_400_response(_TOO_LARGE if self._head > _HEAD_BYTES else msg)
        else:
            self.cycle.keep_alive = False  # the answers before it, and then the end

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is timed any more."""
        for timer in (self._slow, self._quiet):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)
        self.cycle = None  # type: ignore[assignment]  # each would keep the other
        self.pipeline.clear()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Have a request answered; `app` is no ASGI application here but a gateway's `answer`."""
        task = self.loop.create_task(self._respond(cycle, app))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    async def _receive(self, cycle: RequestResponseCycle) -> Mapping[str, Any]:
        message = await cycle.receive()  # which has more read
        if self.pipeline:
            self.flow.pause_reading()
        return message

    async def _respond(self, cycle: RequestResponseCycle, find: _Answering) -> None:
        try:
            answer = await find(cycle.scope, partial(self._receive, cycle))
            if self.flow.write_paused:
                await self.flow.drain()
        except (Exception, asyncio.CancelledError) as error:  # one that closes cancels what is late
            if not (self.transport.is_closing() and isinstance(error, ConnectionError)):
                self.logger.exception("no answer to a %s", cycle.scope["method"])
            answer = HttpAnswer(500, [PLAIN], b"Internal Server Error", closes=True)
        if self.transport.is_closing():  # `disconnected` is set for the last of several only
            return
        cycle.keep_alive = cycle.keep_alive and not answer.closes
        self.transport.write(self._written(cycle, answer))
        cycle.response_complete = True
        cycle.message_event.set()
        if not cycle.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def _written(self, cycle: RequestResponseCycle, answer: HttpAnswer) -> bytes:
        """An answer as HTTP/1.1 has it. Names and values are taken for legal."""
        headers = [*self.server_state.default_headers, *answer.headers]
        if answer.status not in _WITHOUT_LENGTH:
            headers.append((b"content-length", b"%d" % len(answer.body)))
        if not cycle.keep_alive:
            headers.append((b"connection", b"close"))
        parts = [STATUS_LINE[answer.status], *[b"%b: %b\r\n" % each for each in headers], b"\r\n"]
        if cycle.scope["method"] != "HEAD":
            parts.append(answer.body)
        return b"".join(parts)

    def _idle(self) -> bool:
        """Whether every request so far has its answer."""
        cycle: RequestResponseCycle | None = self.cycle
        return True if cycle is None else cycle.response_complete

    def _close_quiet(self) -> None:
        """Close a connection that was idle since its last answer, or look again when it may be."""
        busy = self._begun or not self._idle()
        left_s = _QUIET_S if busy else self._answered + _QUIET_S - self.loop.time()
        if left_s > 0:
            self._quiet = self.loop.call_later(left_s, self._close_quiet)
        else:
            self.transport.close()

    def _await_head(self) -> None:
        if self._slow is None and not self.transport.is_closing():
            self._slow = self.loop.call_later(_HEAD_S, self.transport.close)


def _has_body(headers: list[tuple[bytes, bytes]]) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in headers
    )


def _refusing(msg: str) -> Any:
    async def answer(_scope: Scope, _receive: Receive) -> HttpAnswer:
        return HttpAnswer(400, [PLAIN], msg.encode(), closes=True)

    return answer
