"""The process that workers are forked from: small, single-threaded, holding no one's sockets.

It is executed, not forked, so it has none of the supervisor's memory, threads or files. For each
order it forks one worker, which gets the order's own socket and log pipe; nobody else keeps them.
When its own socket closes, the supervisor is gone: it kills every worker and leaves.
"""

import gc
import json
import os
import selectors
import signal
import socket
import sys
from contextlib import suppress
from typing import Any

from infra.local.runtime import worker
from infra.local.runtime.emulate.registry import NAMES, worker_side
from infra.local.runtime.frames import Reader, frame

_ORDER_BYTES = 256 * 1024


class Zygote:
    """Takes orders on `control` and reports what becomes of the workers.

    Orders: `{"start": id, "spec": {…}}` with the worker's socket and log pipe attached, and
    `{"kill": id}`. Reports: `{"started": id, "pid": n}` and `{"ended": id, "status": n}`, where
    `status` is the exit code, or minus the signal that ended it.
    """

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._reader = Reader()
        self._descriptors: list[int] = []
        self._workers: dict[int, int] = {}  # process id → id

    def run(self) -> None:
        """Serve until the supervisor is gone."""
        wake_read, wake_write = socket.socketpair()
        wake_read.setblocking(False)
        wake_write.setblocking(False)
        signal.set_wakeup_fd(wake_write.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._private: list[socket.socket | selectors.BaseSelector] = [
            self._control,
            wake_read,
            wake_write,
        ]
        with selectors.DefaultSelector() as selector:
            self._private.append(selector)
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(wake_read, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is wake_read:
                        wake_read.recv(4096)
                        self._reap()
                    elif not self._obey():
                        return self._leave()

    def _obey(self) -> bool:
        """Carry out what the supervisor sent; False when it is gone."""
        try:
            data, descriptors, _, _ = socket.recv_fds(self._control, _ORDER_BYTES, 64)
        except OSError:
            return False
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)  # no program that a handler runs may hold them
        self._descriptors += descriptors
        if not data:
            return False
        for body in self._reader.feed(data):
            order = json.loads(body)
            if "start" in order:
                self._start(order["start"], order["spec"])
            else:
                self._kill(order["kill"])
        return True

    def _start(self, number: int, spec: dict[str, Any]) -> None:
        link, log = self._descriptors.pop(0), self._descriptors.pop(0)
        me = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:  # out of processes or memory
            sys.stderr.write(f"cannot start a worker: {error}\n")
            self._report({"ended": number, "status": 1})
            pid = -1
        if pid == 0:
            self._forget()
            worker.main(link, log, spec, me)
        os.close(link)
        os.close(log)
        if pid > 0:
            self._workers[pid] = number
            self._report({"started": number, "pid": pid})

    def _forget(self) -> None:
        """In the child: let go of all that is the zygote's."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for held in self._private:
            held.close()
        for descriptor in self._descriptors:
            os.close(descriptor)

    def _kill(self, number: int) -> None:
        for pid, held in self._workers.items():
            if held == number:
                _kill_group(pid)
                # not yet the group's leader, or in it no more; ours, since it was not reaped
                os.kill(pid, signal.SIGKILL)

    def _reap(self) -> None:
        while self._workers:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            number = self._workers.pop(pid)
            _kill_group(pid)  # what the worker itself had started
            self._report({"ended": number, "status": os.waitstatus_to_exitcode(status)})

    def _report(self, message: dict[str, int]) -> None:
        with suppress(OSError):  # the supervisor is gone, which the next read tells
            self._control.sendall(frame(json.dumps(message).encode()))

    def _leave(self) -> None:
        for number in list(self._workers.values()):
            self._kill(number)
        for pid in self._workers:
            os.waitpid(pid, 0)  # not every machine's first process reaps what it inherits


def _kill_group(pid: int) -> None:
    """SIGKILL what is left of a worker's process group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _give_way() -> None:
    """Have no worker interrupt the gateway when it is woken, where the system can: on Linux.

    Their shares of a processor stay the same, but the gateway goes on to the end of its turn, finds
    more at a time, and neither of them begins anew with cold caches at each request.
    """
    if sys.platform == "linux":
        with suppress(OSError):  # not everyone may say how it is scheduled
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def main() -> None:
    """Run on the socket whose descriptor is the only argument."""
    _give_way()
    for cloud in NAMES:
        worker_side(cloud)  # imported once here, and not in each worker
    gc.collect()
    gc.freeze()  # keeps the collector from writing to pages that the workers share
    Zygote(socket.socket(fileno=int(sys.argv[1]))).run()


if __name__ == "__main__":
    main()
