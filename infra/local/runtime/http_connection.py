"""HTTP/1.1 on one connection of the gateway: bounded, answered in order, ended in peace."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from infra.local.runtime.emulate import HttpAnswer
from infra.local.runtime.http_answer import PLAIN, written
from infra.local.runtime.http_request import BrokenError, Request, RequestReader, Unread

Reply = Callable[[HttpAnswer], None]


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds for a head, for a body, of a connection on which nothing moves, and for its end."""

    head_s: float = 30.0
    body_s: float = 29.0
    quiet_s: float = 60.0
    end_s: float = 30.0


class Answering(Protocol):
    """What answers requests."""

    def body_limit(self, request: Request) -> int | None:
        """The bytes that a request's body may have; None where no body is looked at."""

    def answer(self, request: Request, reply: Reply) -> None:
        """Have a whole request answered: `reply` is called once, now or later."""


class Connection(asyncio.Protocol):
    """One connection: its requests are answered one after the other, in the order they came.

    What is endless in time is cut off. Behind a request that is worked on no more than one piece
    is read. The requests before a broken one have their answers first. An answer is one write, and
    a request that comes whole costs no timer. `on_lost` is called once, when it has ended.
    """

    def __init__(
        self, answering: Answering, patience: Patience, on_lost: Callable[["Connection"], None]
    ) -> None:
        self._answering = answering
        self._patience = patience
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._reader: RequestReader
        self._requests: deque[Request] = deque()  # the first one's turn it is
        self._working = False  # on the first one
        self._refusal: HttpAnswer | None = None  # after all of these: what came then was broken
        self._taking = True  # what comes is looked at
        self._reading = True  # what comes is read
        self._ending = False  # with the answer that is under way
        self._held: HttpAnswer | None = None  # until the client has read what came before it
        self._clogged = False  # it has to read first
        self._slow: asyncio.TimerHandle | None = None
        self._late: asyncio.TimerHandle | None = None
        self._quiet: asyncio.TimerHandle | None = None
        self._answered_at = 0.0  # the last answer, on the loop's clock
        self._unread = 0  # bytes of answers, when it was last looked

    # What the transport tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A head is awaited."""
        self._transport = transport  # type: ignore[assignment]
        peer = transport.get_extra_info("peername")
        source_ip = peer[0] if peer else ""
        self._reader = RequestReader(source_ip, self._answering.body_limit, self._asked)
        self._quiet = self._loop.call_later(self._patience.quiet_s, self._close_quiet)
        self._await_head()
        if self._ending:
            self.close()

    def data_received(self, data: bytes) -> None:
        """Go on with what is complete by it."""
        if not self._taking:
            return
        try:
            self._taking = self._reader.feed(data)
        except BrokenError as error:
            self._refuse(str(error))
        if not self._working:
            self._go_on()

    def eof_received(self) -> bool:
        """A client that has said all may still wait for its answers."""
        self._taking = False
        if self._requests and not self._requests[-1].whole:
            self._requests.pop()  # the rest of it never comes
        if self._requests and self._refusal is None:
            self._requests[-1].keeps = False
        return bool(self._requests) or self._refusal is not None

    def pause_writing(self) -> None:
        """The client reads more slowly than it is answered."""
        self._clogged = True

    def resume_writing(self) -> None:
        """It has read most of what was written."""
        self._clogged = False
        self._unread = 0
        answer, self._held = self._held, None
        if answer is not None:
            self._reply(answer)

    def connection_lost(self, _exc: Exception | None) -> None:
        """Let go of everything."""
        for timer in (self._slow, self._late, self._quiet):
            if timer is not None:
                timer.cancel()
        self._taking = False
        self._transport = self._held = None
        self._requests.clear()
        self._reader.close()
        del self._reader  # each would keep the other
        self._on_lost(self)

    # What its server tells.

    def end(self) -> None:
        """End with the answer to the first request; those behind it get none."""
        self._ending = True
        if not self._requests:
            self.close()

    def close(self) -> None:
        """End now; what was written is still sent, as long as the client reads."""
        self._taking = False
        self._refusal = None
        self._requests.clear()
        if self._transport is not None:
            self._transport.close()

    # Requests and their answers.

    def _asked(self, request: Request) -> None:
        """A head is complete."""
        if self._slow is not None:
            self._slow.cancel()
            self._slow = None
        self._requests.append(request)
        if self._reading and len(self._requests) > 1 and self._transport is not None:
            self._reading = False
            self._transport.pause_reading()

    def _refuse(self, why: str) -> None:
        """Refuse what is no request, when it is its turn; nothing more is read."""
        self._taking = False
        broken = self._reader.incoming
        if broken is not None and broken.whole:  # it is answered without its body
            broken.keeps = False
            if not self._requests:  # it was
                self.close()
            return
        self._refusal = HttpAnswer(400, [PLAIN], why.encode(), closes=True)
        if broken is not None:
            self._requests.pop()

    def _go_on(self) -> None:
        """Have the first request answered if all of it is here, and wait for the rest of it if not.

        Called where nothing is worked on.
        """
        if not self._requests:
            if self._refusal is not None and self._transport is not None:
                self._transport.write(written(self._refusal, keeps=False))
                self.close()
            elif self._reader.in_head:
                self._await_head()
        elif not self._requests[0].whole:
            self._await_body(self._requests[0])
        else:
            if self._late is not None:
                self._late.cancel()
                self._late = None
            self._working = True
            self._answering.answer(self._requests[0], self._reply)

    def _reply(self, answer: HttpAnswer) -> None:
        """Answer the first request, and go on later: whoever answers may not be asked meanwhile."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if self._clogged:
            self._held = answer
            return
        request = self._requests.popleft()
        self._working = False
        keeps = request.keeps and not answer.closes and not self._ending
        transport.write(written(answer, keeps=keeps, content=request.method != "HEAD"))
        if not keeps:
            self.close()
            return
        self._answered_at = self._loop.time()
        if self._requests or self._refusal is not None:
            self._loop.call_soon(self._take_turn)
        elif self._reader.in_head:  # since before
            self._await_head()
        if not self._reading and len(self._requests) <= 1:
            self._reading = True
            transport.resume_reading()

    def _take_turn(self) -> None:
        if not self._working and self._transport is not None:
            self._go_on()

    # What takes too long.

    def _await_head(self) -> None:
        if self._slow is None and self._transport is not None:
            self._slow = self._loop.call_later(self._patience.head_s, self.close)

    def _await_body(self, request: Request) -> None:
        if self._late is None and self._transport is not None:
            self._late = self._loop.call_later(self._patience.body_s, self._too_late)
            if request.waits:
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _too_late(self) -> None:
        self._late = None
        self._reader.end_body(Unread.LATE)
        self._go_on()

    def _close_quiet(self) -> None:
        """Close a connection that was idle since its last answer, or look again when it may be.

        One whose client has read nothing since the last look, though it should, is cut off.
        """
        if self._transport is None:
            return
        left_s = patience_s = self._patience.quiet_s
        if self._clogged or self._transport.is_closing():
            unread = self._transport.get_write_buffer_size()
            if unread == self._unread:
                self._transport.abort()
                return
            self._unread = unread
        elif not self._requests and not self._reader.in_head:
            left_s = self._answered_at + patience_s - self._loop.time()
            if left_s <= 0:
                self.close()
                left_s = patience_s
        self._quiet = self._loop.call_later(left_s, self._close_quiet)
