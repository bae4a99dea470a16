"""Instances as the supervisor sees them: a socket to talk over, a pipe that it logs from.

`Launcher` is the supervisor's end of the zygote, `Instance` its end of one worker.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from infra.local.runtime import frames
from infra.local.runtime.frames import Kind
from infra.local.runtime.logbook import Logbook, now

_PRINTED = 64 * 1024
_LINE = 16 * 1024
_REVIVE_S = 1.0  # a zygote that cannot live is tried so often


class Instance(asyncio.Protocol):
    """One worker.

    `on_reply(instance, kind, payload)` is called for each reply, `on_end(instance)` once, when it
    can work no more, whatever the cause.
    """

    def __init__(  # noqa: PLR0913 - an end point: what it is, and whom it tells
        self,
        number: int,
        function: str,
        logbook: Logbook,
        printed: int,
        on_reply: Callable[["Instance", Kind, bytes], None],
        on_end: Callable[["Instance"], None],
    ) -> None:
        self.number = number
        self.function = function
        self.pid = 0
        self.ready = False
        self.timer: asyncio.TimerHandle | None = None
        self.request_id = ""
        self._logbook = logbook
        self._printed = printed
        self._partial = b""
        self._on_reply = on_reply
        self._on_end = on_end
        self._reader = frames.Reader()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is watched from now on."""
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """A reply, or a part of one."""
        for body in self._reader.feed(data):
            self.read_printed()
            self._on_reply(self, Kind(body[0]), body[1:])

    def connection_lost(self, exc: Exception | None) -> None:
        """The worker is gone, or as good as gone."""
        self._transport = None
        self.end()

    def send(self, request_id: str, deadline: float, event: bytes) -> None:
        """Hand a call over; the instance must be idle."""
        self.request_id = request_id
        if self._transport is not None:
            self._transport.write(frames.call(request_id.encode(), deadline, event))

    def close(self) -> None:
        """Let an idle worker go: it leaves when its socket closes."""
        if self._transport is not None:
            self._transport.close()

    def end(self) -> None:
        """Tell once that this instance can work no more, and let go of what is held for it."""
        if self._printed < 0:
            return
        self.read_printed()
        if self._partial:
            self._log(self._partial)
        asyncio.get_running_loop().remove_reader(self._printed)
        os.close(self._printed)
        self._printed = -1
        if self.timer is not None:
            self.timer.cancel()
        self.close()
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
        *lines, self._partial = (self._partial + data).split(b"\n")
        for line in lines:
            self._log(line)
        if len(self._partial) > _LINE:
            self._log(self._partial)
            self._partial = b""

    def _log(self, line: bytes) -> None:
        self._logbook.put(
            {
                "time": now(),
                "event": "print",
                "function": self.function,
                "request_id": self.request_id,
                "pid": self.pid,
                "text": line[:_LINE].decode("utf-8", "backslashreplace"),
            }
        )


class Launcher:
    """The zygote, and the instances that it forked. It is started anew when it dies."""

    def __init__(self, logbook: Logbook) -> None:
        self._logbook = logbook
        self._instances: dict[int, Instance] = {}
        self._number = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._reader = frames.Reader()
        self._opened = 0.0
        self._connecting: set[asyncio.Task[Any]] = set()

    def open(self) -> None:
        """Execute the zygote. Done once before anything else is open, and after each of its deaths."""
        ours, theirs = socket.socketpair()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "infra.local.runtime.zygote", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            cwd="/",
        )
        theirs.close()
        self._control = ours
        self._opened = time.monotonic()
        self._reader = frames.Reader()

    def watch(self) -> None:
        """Read the zygote's reports from the running loop."""
        if self._control is not None:
            asyncio.get_running_loop().add_reader(self._control.fileno(), self._reported)

    def start(
        self,
        function: str,
        spec: dict[str, Any],
        on_reply: Callable[[Instance, Kind, bytes], None],
        on_end: Callable[[Instance], None],
    ) -> Instance:
        """Order one instance; its first reply is READY or NOT_STARTED, unless it ends before."""
        loop = asyncio.get_running_loop()
        self._number += 1
        ours, theirs = socket.socketpair()
        printed, log = os.pipe()
        os.set_blocking(printed, False)
        instance = Instance(self._number, function, self._logbook, printed, on_reply, on_end)
        loop.add_reader(printed, instance.read_printed)
        self._instances[self._number] = instance
        order = frames.frame(json.dumps({"start": self._number, "spec": spec}).encode())
        sent = self._send(order, [theirs.fileno(), log])
        theirs.close()
        os.close(log)
        ours.setblocking(False)
        connecting = loop.create_task(loop.create_unix_connection(lambda: instance, sock=ours))
        self._connecting.add(connecting)
        connecting.add_done_callback(self._connecting.discard)
        if not sent:
            loop.call_soon(instance.end)
        return instance

    def kill(self, instance: Instance) -> None:
        """End an instance at once, in the middle of whatever it does."""
        if instance.number in self._instances:
            self._send(frames.frame(json.dumps({"kill": instance.number}).encode()), [])

    async def close(self) -> None:
        """End the zygote, and with it every instance."""
        process, control = self._process, self._control
        self._process = self._control = None
        if control is not None:
            asyncio.get_running_loop().remove_reader(control.fileno())
            control.close()
        if process is not None:
            await asyncio.to_thread(process.wait)

    def _send(self, order: bytes, descriptors: list[int]) -> bool:
        if self._control is None:
            return False
        try:
            socket.send_fds(self._control, [order], descriptors)
        except OSError:  # the zygote is gone, which the next read tells too
            return False
        return True

    def _reported(self) -> None:
        assert self._control is not None
        try:
            data = self._control.recv(65536)
        except OSError:
            data = b""
        if not data:
            self._revive()
            return
        for body in self._reader.feed(data):
            report = json.loads(body)
            if "started" in report:
                if instance := self._instances.get(report["started"]):
                    instance.pid = report["pid"]
            elif instance := self._instances.pop(report["ended"], None):
                self._ended(instance, report["status"])

    def _ended(self, instance: Instance, status: int) -> None:
        if status:
            self._logbook.write(
                "instance ended", function=instance.function, pid=instance.pid, status=status
            )
        instance.end()

    def _revive(self) -> None:
        """The zygote died: so do its workers, which have no one left to reap or kill them."""
        if self._control is None or self._process is None:
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._control.fileno())
        self._control.close()
        self._control = None
        self._logbook.write("zygote ended", pid=self._process.pid)
        loop.call_later(max(0.0, self._opened + _REVIVE_S - time.monotonic()), self._reopen)
        orphans, self._instances = self._instances, {}
        for instance in orphans.values():
            if instance.pid:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(instance.pid, signal.SIGKILL)
            instance.end()

    def _reopen(self) -> None:
        if self._process is not None:
            self._process.wait()
            self.open()
            self.watch()
