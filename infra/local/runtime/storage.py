"""The buckets' signed addresses: a process of the app's own, on a socket that outlives it.

The supervisor binds the port once and hands the listening socket to whichever process serves it. A
process that dies is started anew, and one whose specification changed is replaced, while clients
that connect in between wait instead of failing.
"""

import asyncio
import socket
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from infra.local.runtime.changes import ChangeError
from infra.local.runtime.logbook import Logbook
from infra.local.runtime.server import listening_socket
from infra.local.runtime.specs import PORT, Rule, Spec, text
from infra.local.runtime.storage_process import NotServingError, StorageProcess

_REST_S = 1.0
_DRAIN_S = 31.0  # a little more than the process gives its requests
_CLOSE_S = 10.0


@dataclass(frozen=True, slots=True)
class StorageSpec(Spec):
    """Where signed addresses are served, by which module of the staged `code`.

    `buckets` is the JSON text that the module's environment gets as SHOP_BUCKETS.
    """

    port: int
    module: str
    code: str
    fingerprint: str
    buckets: str

    RULES: ClassVar[Mapping[str, Rule]] = {
        "port": PORT,
        "module": text,
        "code": text,
        "fingerprint": text,
        "buckets": text,
    }


class Storage:
    """What serves the buckets, if anything does. `rest_s`: before one that died is started anew."""

    def __init__(self, logbook: Logbook, rest_s: float = _REST_S) -> None:
        self.spec: StorageSpec | None = None
        self._logbook = logbook
        self._rest_s = rest_s
        self._listening: socket.socket | None = None
        self._process: StorageProcess | None = None
        self._changing = asyncio.Lock()
        self._background: set[asyncio.Task[None]] = set()

    @property
    def pid(self) -> int | None:
        """The process that serves, or None while there is none."""
        return self._process.pid if self._process is not None else None

    async def put(self, spec: StorageSpec) -> None:
        """Serve so from now on. Raises ChangeError, and leaves what served before."""
        async with self._changing:
            if spec == self.spec:
                return
            before = self._listening
            same = self.spec is not None and self.spec.port == spec.port
            listening = before if before is not None and same else _listen(spec.port)
            try:
                new = await self._start(spec, listening)
            except NotServingError as error:
                if listening is not before:
                    listening.close()
                raise ChangeError(f"{spec.module} does not serve: {error}") from error
            old, self._process = self._process, new
            self.spec, self._listening = spec, listening
            if before is not None and before is not listening:
                before.close()
            self._logbook.write("storage changed", port=spec.port, revision=spec.fingerprint)
            if old is not None:
                self._in_background(old.end(_DRAIN_S))

    async def delete(self, limit_s: float = _DRAIN_S) -> None:
        """Serve no more, once the requests under way are answered; no error when nothing is."""
        async with self._changing:
            process, self._process = self._process, None
            listening, self._listening = self._listening, None
            self.spec = None
            if listening is not None:
                listening.close()
                self._logbook.write("storage deleted")
            if process is not None:
                await process.end(limit_s)

    async def close(self) -> None:
        """End all of it."""
        await self.delete(_CLOSE_S)
        if self._background:
            await asyncio.wait(self._background)

    async def _start(self, spec: StorageSpec, listening: socket.socket) -> StorageProcess:
        """A process that serves. Raises NotServingError."""
        process = StorageProcess(self._logbook, self._ended)
        await process.start(spec.module, spec.code, {"SHOP_BUCKETS": spec.buckets}, listening)
        return process

    def _ended(self, process: StorageProcess) -> None:
        if process is self._process:
            self._process = None
            self._in_background(self._revive())

    async def _revive(self) -> None:
        """Start what died anew, as often as it takes, unless it is to serve no more."""
        while True:
            await asyncio.sleep(self._rest_s)
            async with self._changing:
                spec, listening = self.spec, self._listening
                if spec is None or listening is None or self._process is not None:
                    return
                try:
                    self._process = await self._start(spec, listening)
                except NotServingError as error:
                    self._logbook.write("storage not started", error=str(error))
                else:
                    return

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def _listen(port: int) -> socket.socket:
    try:
        return listening_socket(port)
    except OSError as error:
        raise ChangeError(
            f"127.0.0.1:{port} cannot be listened on ({error.strerror}): end what uses that port, "
            "or set local.storage_port in the stack's settings to another one"
        ) from error
