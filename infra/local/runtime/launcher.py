"""The supervisor's end of the zygote: it orders instances, and is told what became of them."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infra.local.runtime import frames
from infra.local.runtime.frames import Kind
from infra.local.runtime.instances import Instance
from infra.local.runtime.logbook import Logbook
from infra.local.runtime.start_gate import StartGate

_ROOT = str(Path(__file__).resolve().parents[3])  # where infra/ stands
_REPORT_BYTES = 64 * 1024
_LAST_WORDS_S = 0.2
_LEAVE_S = 3.0
_REVIVE_S = 1.0  # a zygote that cannot live is tried so often


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
        self._orders: deque[tuple[bytes, list[int]]] = deque()
        # one processor is left to the instances at work
        self.starts = StartGate(max(1, (os.cpu_count() or 1) - 1))

    @property
    def pid(self) -> int | None:
        """The zygote's process id, or None without one."""
        return self._process.pid if self._process else None

    def open(self) -> None:
        """Execute the zygote. Once before anything else is open, and after each of its deaths."""
        ours, theirs = socket.socketpair()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "infra.local.runtime.zygote", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            cwd="/",
            env={**os.environ, "PYTHONPATH": _ROOT},
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
        """Order one instance; its first reply is READY or NOT_STARTED, unless it ends before.

        Raises OSError when there are no descriptors left for it.
        """
        loop = asyncio.get_running_loop()
        printed, log = os.pipe()
        try:
            ours, theirs = socket.socketpair()
        except OSError:
            os.close(printed)
            os.close(log)
            raise
        self._number += 1
        os.set_blocking(printed, False)
        instance = Instance(
            self._number, function, self._logbook, printed, on_reply, on_end, self.kill
        )
        loop.add_reader(printed, instance.read_printed)
        self._instances[self._number] = instance
        order = frames.frame(json.dumps({"start": self._number, "spec": spec}).encode())
        self._send(order, [theirs.detach(), log])
        ours.setblocking(False)
        connecting = loop.create_task(_connect(instance, ours))
        self._connecting.add(connecting)
        connecting.add_done_callback(self._connecting.discard)
        if self._control is None:
            del self._instances[self._number]
            loop.call_soon(instance.end)
        return instance

    def kill(self, instance: Instance) -> None:
        """End an instance at once, in the middle of whatever it does."""
        if instance.number in self._instances:
            self._send(frames.frame(json.dumps({"kill": instance.number}).encode()), [])

    def give_up(self, instance: Instance) -> None:
        """End an instance that did not start in time.

        One that was ordered and of which nothing was heard is the zygote's fault: that one ends.
        """
        if instance.pid:
            self.kill(instance)
        elif instance.number in self._instances and self._process is not None:
            self._process.kill()

    async def close(self) -> None:
        """End the zygote, and with it every instance."""
        process, control = self._process, self._control
        self._process = self._control = None
        self._drop_orders()
        if control is not None:
            _unwatch(control)
        for instance in list(self._instances.values()):
            instance.end()
        self._instances.clear()
        if process is not None:
            await asyncio.to_thread(_end, process)

    def _send(self, order: bytes, descriptors: list[int]) -> None:
        """Queue an order for the zygote; the descriptors are ours to close once it has them."""
        self._orders.append((order, descriptors))
        self._flush()

    def _flush(self) -> None:
        """Send what the zygote's socket takes now, and the rest when it takes more."""
        if self._control is None:
            return self._drop_orders()
        loop = asyncio.get_running_loop()
        while self._orders:
            order, descriptors = self._orders[0]
            try:
                sent = socket.send_fds(self._control, [order], descriptors)
            except BlockingIOError:
                loop.add_writer(self._control.fileno(), self._flush)
                return None
            except OSError:  # the zygote is gone, which the next read tells too
                return self._drop_orders()
            for each in descriptors:
                os.close(each)
            if sent < len(order):
                self._orders[0] = (order[sent:], [])
            else:
                self._orders.popleft()
        loop.remove_writer(self._control.fileno())
        return None

    def _drop_orders(self) -> None:
        for _, descriptors in self._orders:
            for each in descriptors:
                os.close(each)
        self._orders.clear()

    def _reported(self) -> None:
        if self._control is None:
            return
        try:
            data = self._control.recv(_REPORT_BYTES)
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
        if status and not instance.let_go:
            self._logbook.write(
                "instance ended", function=instance.function, pid=instance.pid, status=status
            )
        # Its socket closes after the last of what it said was read; this is for one held open.
        asyncio.get_running_loop().call_later(_LAST_WORDS_S, instance.end)

    def _revive(self) -> None:
        """The zygote died: so do its workers, which have no one left to reap or kill them."""
        if self._control is None or self._process is None:
            return
        loop = asyncio.get_running_loop()
        _unwatch(self._control)
        self._control = None
        self._drop_orders()
        self._logbook.write("zygote ended", pid=self._process.pid)
        orphans, self._instances = self._instances, {}
        rest_s = self._opened + _REVIVE_S - time.monotonic()
        if rest_s > 0:
            loop.call_later(rest_s, self._reopen)
        else:
            self._reopen()  # first, so that calls which wait find it
        for instance in orphans.values():
            if instance.pid:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(instance.pid, signal.SIGKILL)
            instance.end()

    def _reopen(self) -> None:
        if self._process is None:
            return
        self._process.kill()  # all but dead already
        self._process.wait()
        try:
            self.open()
        except OSError as error:  # out of processes or descriptors
            self._logbook.write("zygote not started", error=str(error))
            asyncio.get_running_loop().call_later(_REVIVE_S, self._reopen)
        else:
            self.watch()


async def _connect(instance: Instance, link: socket.socket) -> None:
    """Watch an instance's socket.

    The loop's transport takes the socket over only when this is done. Closed before, both would
    close the descriptor, the second time somebody else's.
    """
    loop = asyncio.get_running_loop()
    await loop.create_unix_connection(lambda: instance, sock=link)
    instance.own_socket()


def _unwatch(control: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    loop.remove_reader(control.fileno())
    loop.remove_writer(control.fileno())
    control.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Wait for a zygote that was left alone; one that does not leave is killed."""
    try:
        process.wait(_LEAVE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
