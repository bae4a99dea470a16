"""An instance as the supervisor sees it: a socket to talk over, a pipe that it logs from."""

import asyncio
import os
from collections.abc import Callable

from infra.local.runtime import frames
from infra.local.runtime.frames import Kind
from infra.local.runtime.logbook import Logbook, now

_PRINTED = 64 * 1024
_LINE = 16 * 1024
_LINES = 1000


class Instance(asyncio.Protocol):
    """One worker.

    `on_reply(instance, kind, payload)` is called for each reply, `on_end(instance)` once, when it
    can work no more, whatever the cause.
    """

    def __init__(
        self,
        number: int,
        function: str,
        logbook: Logbook,
        printed: int,
        on_reply: Callable[["Instance", Kind, bytes], None],
        on_end: Callable[["Instance"], None],
        kill: Callable[["Instance"], None],
    ) -> None:
        self.number = number
        self.function = function
        self.pid = 0
        self.let_go = False  # told to leave, so that its end is no news
        self.timer: asyncio.TimerHandle | None = None  # for its start
        self.deadline = 0.0  # of the call that it works on, on the monotonic clock
        self.request_id = ""
        self._logbook = logbook
        self._printed = printed
        self._partial = b""
        self._on_reply = on_reply
        self._on_end = on_end
        self._kill = kill
        self._reader = frames.Reader()
        self._expected = b""  # the id that the next reply has to bear
        self._transport: asyncio.Transport | None = None
        self._owned = False
        self._closing = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is watched from now on."""
        self._transport = transport  # type: ignore[assignment]

    def own_socket(self) -> None:
        """The transport owns its socket from now on: only now may it be closed."""
        self._owned = True
        if self._closing:
            self._close()

    def data_received(self, data: bytes) -> None:
        """A reply, or a part of one."""
        try:
            for body in self._reader.feed(data):
                self.read_printed()
                self._log_partial()  # what follows belongs to another request
                kind, request_id, payload = frames.read_reply(body)
                if request_id != self._expected:
                    return self.end()  # no answer to what it was asked
                self._on_reply(self, kind, payload)
        except (LookupError, ValueError):  # the handler wrote to its instance's socket
            self.end()

    def connection_lost(self, _exc: Exception | None) -> None:
        """The worker is gone, or as good as gone."""
        self._transport = None
        self.end()

    def send(self, request_id: str, event: bytes) -> None:
        """Hand a call over, with the deadline that was set; the instance must be idle."""
        self.request_id = request_id
        self._expected = request_id.encode()
        if self._transport is not None:
            self._transport.write(frames.call(self._expected, self.deadline, event))

    def close(self) -> None:
        """Let an idle worker go: its socket closes, and what is left of it is killed."""
        self.let_go = True
        self._close()

    def end(self) -> None:
        """Tell once that this instance can work no more, and let go of what is held for it."""
        if self._printed < 0:
            return
        self.read_printed()
        self._log_partial()
        asyncio.get_running_loop().remove_reader(self._printed)
        os.close(self._printed)
        self._printed = -1
        if self.timer is not None:
            self.timer.cancel()
        self._close()
        self._kill(self)  # it may live on without its socket, or have left a process behind
        self._on_end(self)

    def read_printed(self) -> None:
        """Log what the worker printed so far, under the request that it works on."""
        if self._printed < 0:
            return
        try:
            data = os.read(self._printed, _PRINTED)
        except BlockingIOError:
            return
        if not data:  # every writer is gone
            asyncio.get_running_loop().remove_reader(self._printed)
            return
        *lines, self._partial = (self._partial + data).split(b"\n", _LINES)
        if len(lines) == _LINES:  # a flood: the rest of it is logged in blocks, or nobody else runs
            block, _, self._partial = self._partial.rpartition(b"\n")
            lines += [block] if block else []
        for line in lines:
            self._log(line)
        while len(self._partial) > _LINE:
            self._log(self._partial[:_LINE])
            self._partial = self._partial[_LINE:]

    def _log_partial(self) -> None:
        if self._partial:
            self._log(self._partial)
            self._partial = b""

    def _close(self) -> None:
        self._closing = True
        if self._transport is not None and self._owned:
            self._transport.close()

    def _log(self, line: bytes) -> None:
        for start in range(0, len(line) or 1, _LINE):
            self._logbook.put(
                {
                    "time": now(),
                    "event": "print",
                    "function": self.function,
                    "request_id": self.request_id,
                    "pid": self.pid,
                    "text": line[start : start + _LINE].decode("utf-8", "backslashreplace"),
                }
            )
