"""One process that serves signed addresses, as the supervisor sees it."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping

import orjson

from infra.local.runtime.logbook import Logbook, now

SERVING = "storage serving"
START_S = 15.0
_LINE_BYTES = 64 * 1024
_LAST_WORDS = 20
_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")


class NotServingError(Exception):
    """The process does not serve; says why."""


class StorageProcess:
    """It prints a line of JSON when it serves, and for each request; all go to the logbook.

    A pipe, whose other end is held here, tells it when the supervisor is gone. `on_end(process)` is
    called once, when a process that served is gone, whatever the cause.
    """

    def __init__(self, logbook: Logbook, on_end: Callable[["StorageProcess"], None]) -> None:
        self._logbook = logbook
        self._on_end = on_end
        self._process: subprocess.Popen[bytes] | None = None
        self._life = -1
        self._serving = asyncio.Event()
        self._told_to_end = False
        self._printed: deque[str] = deque(maxlen=_LAST_WORDS)

    @property
    def pid(self) -> int | None:
        """Its process id, once it was started."""
        return self._process.pid if self._process is not None else None

    async def start(
        self, module: str, code: str, environment: Mapping[str, str], listening: socket.socket
    ) -> None:
        """Run the module on this socket, and return when it serves. Raises NotServingError."""
        try:
            output = self._execute(module, code, environment, listening)
        except OSError as error:  # the code is gone, or there are no descriptors left
            raise NotServingError(f"{error.filename or module}: {error.strerror}") from error
        self._watching = asyncio.get_running_loop().create_task(self._watch(output))
        serving = asyncio.ensure_future(self._serving.wait())
        try:
            await asyncio.wait(
                [serving, self._watching],
                timeout=START_S,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if not self._serving.is_set() or self._watching.done():
                gone = self._watching.done()
                await self.end(0)
                words = "\n".join(self._printed) or "(it printed nothing)"
                raise NotServingError(
                    f"it {'ended' if gone else f'took longer than {START_S:g} s'}\n{words}"
                )
        finally:
            serving.cancel()

    async def end(self, limit_s: float) -> None:
        """Tell it to answer what is under way and leave; kill it after `limit_s` seconds."""
        self._told_to_end = True
        self._signal(signal.SIGTERM if limit_s else signal.SIGKILL)
        await asyncio.wait([self._watching], timeout=limit_s or None)
        self._signal(signal.SIGKILL)
        await asyncio.wait([self._watching])

    def _execute(
        self, module: str, code: str, environment: Mapping[str, str], listening: socket.socket
    ) -> int:
        """Execute it; the descriptor of what it prints."""
        with contextlib.ExitStack() as theirs, contextlib.ExitStack() as ours:
            life, self._life = os.pipe()
            theirs.callback(os.close, life)
            ours.callback(os.close, self._life)
            output, printed = os.pipe()
            theirs.callback(os.close, printed)
            ours.callback(os.close, output)
            kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
            python = {"PYTHONPATH": code, "PYTHONDONTWRITEBYTECODE": "1"}
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", module, str(listening.fileno()), str(life)],
                pass_fds=[listening.fileno(), life],
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=printed,
                cwd=code,
                env={**kept, **python, **environment},
            )
            ours.pop_all()  # it runs: they are closed when it is gone
        return output

    async def _watch(self, output: int) -> None:
        """Log what it prints until it is gone."""
        reader = asyncio.StreamReader(_LINE_BYTES)
        # uvloop closes the descriptor, and then the file: that must not close another's by then
        printed = os.fdopen(output, "rb", 0, closefd=False)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), printed
        )
        while True:
            try:
                line = await reader.readline()
            except ValueError:  # longer than the limit: it is lost
                continue
            if not line:
                break
            self._said(line.rstrip(b"\n"))
        transport.close()
        self._signal(signal.SIGKILL)  # without its output it is of no use, if it lives at all
        status = await asyncio.to_thread(self._wait)
        os.close(self._life)
        if not self._told_to_end:
            self._logbook.write("storage ended", pid=self.pid, status=status)
            if self._serving.is_set():
                self._on_end(self)

    def _said(self, line: bytes) -> None:
        try:
            entry = orjson.loads(line)
        except ValueError:
            entry = None
        if isinstance(entry, dict) and isinstance(entry.get("event"), str):
            self._logbook.put({"time": now(), **entry})
            if entry["event"] == SERVING:
                self._serving.set()
            return
        text = line.decode("utf-8", "backslashreplace")
        self._printed.append(text)
        self._logbook.write("storage print", pid=self.pid, text=text)

    def _signal(self, number: signal.Signals) -> None:
        """Only one that was not waited for: its process id may be another's."""
        if self._process is not None:
            self._process.send_signal(number)

    def _wait(self) -> int:
        return self._process.wait() if self._process is not None else 0
