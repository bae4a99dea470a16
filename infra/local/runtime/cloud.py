"""What the local cloud runs right now, and the only ways to change it.

A change is prepared beside what serves, then takes its place in one assignment; what it replaced
drains. A change that cannot be made leaves everything as it was.
"""

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable, Coroutine
from dataclasses import asdict, replace
from typing import Any

from infra.local.runtime.changes import ChangeError
from infra.local.runtime.emulate.registry import trigger_side
from infra.local.runtime.function import START_S, NotStartedError, Revision
from infra.local.runtime.gateway import Gateway
from infra.local.runtime.http_connection import Patience
from infra.local.runtime.launcher import Launcher
from infra.local.runtime.logbook import Logbook
from infra.local.runtime.queues import Queues
from infra.local.runtime.runtime_spec import RuntimeSpec
from infra.local.runtime.schedules import Schedules
from infra.local.runtime.server import GatewayServer, listening_socket
from infra.local.runtime.specs import FunctionSpec, GatewaySpec
from infra.local.runtime.steering import Steering
from infra.local.runtime.storage import Storage
from infra.local.runtime.telemetry import Meter

_TICK_S = 0.05
_DRAIN_S = 30.0  # what is still at work then goes on to its own time-out


class Cloud:
    """The functions by name, and what calls them: the gateway, the queues, the schedules.

    An instance has `start_s` seconds to load its handler; `patience` is the gateway's with clients.
    `steering` has the clock by which functions scale, and the providers' start rates.
    """

    def __init__(
        self,
        launcher: Launcher,
        logbook: Logbook,
        *,
        start_s: float = START_S,
        patience: Patience | None = None,
        steering: Steering | None = None,
    ) -> None:
        self._launcher = launcher
        self._start_s = start_s
        self._logbook = logbook
        self._steering = steering or Steering.usual()
        self._functions: dict[str, Revision] = {}
        self._meters: dict[str, Meter] = {}
        self._retiring: set[Revision] = set()
        self._background: set[asyncio.Task[None]] = set()
        self._changing: dict[str, asyncio.Lock] = {}
        self._server: GatewayServer | None = None
        self._patience = patience or Patience()
        self._changing_gateway = asyncio.Lock()
        self._gateway = Gateway(self._functions, logbook)
        self.queues = Queues(self._functions, logbook, trigger_side)
        self.schedules = Schedules(self._functions, logbook, trigger_side)
        self.storage = Storage(logbook)
        self._started = time.time()

    def configure(self, spec: RuntimeSpec) -> None:
        """Take new settings of the supervisor's own; what runs follows them from now on."""
        self._steering = replace(self._steering, runtime=spec)
        self._logbook.max_mb = spec.log_max_mb
        for revision in self._functions.values():
            revision.steer(self._steering)

    async def put_function(self, spec: FunctionSpec) -> None:
        """Run this function from now on. Raises ChangeError when its handler cannot be loaded."""
        async with self._changing.setdefault(spec.name, asyncio.Lock()):
            old = self._functions.get(spec.name)
            if old is not None and old.spec == spec:
                return
            meter = self._meters.get(spec.name) or Meter()
            new = Revision(
                spec, self._launcher, self._logbook, self._steering, meter, self._start_s
            )
            try:
                await new.open()
            except NotStartedError as error:
                raise ChangeError(f"{spec.handler} cannot be loaded: {error}") from error
            new.steer(self._steering)  # it may have changed meanwhile
            self._functions[spec.name] = new
            self._meters[spec.name] = meter
            self._logbook.write("function changed", function=spec.name, revision=spec.fingerprint)
            if old is not None:
                self._in_background(self._drain(old))

    async def delete_function(self, name: str) -> None:
        """Run this function no more; it is no error when it does not run."""
        async with self._changing.setdefault(name, asyncio.Lock()):
            old = self._functions.pop(name, None)
            self._meters.pop(name, None)
        if old is not None:
            self._logbook.write("function deleted", function=name)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(old.spec.timeout_s, _DRAIN_S) + 1):
                    await self._drain(old)

    async def put_gateway(self, spec: GatewaySpec) -> None:
        """Serve these routes at this port from now on. Raises ChangeError where that cannot be."""
        missing = sorted(set(spec.routes.values()) - self._functions.keys())
        if missing:
            raise ChangeError(
                f"routes name functions that do not run: {', '.join(missing)}; "
                "`make up` brings them back"
            )
        async with self._changing_gateway:
            old = self._server
            if old is not None and old.port == spec.port:
                self._gateway.serve(spec)
            else:
                listening = _listen(spec.port)
                self._gateway.serve(spec)  # first: what connects must find it
                self._server = await GatewayServer.open(self._gateway, listening, self._patience)
                if old is not None:
                    self._in_background(old.close())
        self._logbook.write("routes changed", port=spec.port, routes=spec.routes)

    async def delete_gateway(self) -> None:
        """Serve nothing; it is no error when nothing is served."""
        async with self._changing_gateway:
            server, self._server = self._server, None
            if server is not None:
                await server.close()
                self._logbook.write("routes deleted")
            self._gateway.serve(None)

    def describe(self) -> dict[str, Any]:
        """What runs: the specifications, and what each function's instances do and did."""
        return {
            "runtime": asdict(self._steering.runtime),
            "gateway": asdict(self._gateway.spec) if self._gateway.spec else None,
            "functions": {name: asdict(each.spec) for name, each in self._functions.items()},
            "queues": self.queues.describe(),
            "schedules": self.schedules.describe(),
            "storage": asdict(self.storage.spec) if self.storage.spec else None,
            "instances": {name: each.describe() for name, each in self._functions.items()},
            "up_s": round(time.time() - self._started, 3),
        }

    async def run(self) -> None:
        """Keep time for the functions and the schedules, until cancelled."""
        while True:
            await asyncio.sleep(_TICK_S)
            for revision in [*self._functions.values(), *self._retiring]:
                self._tick(revision.tick, function=revision.spec.name)
            self._tick(self.schedules.tick)

    async def close(self) -> None:
        """Stop serving, finish the calls under way, and end every instance."""
        self.queues.stop()
        self.schedules.stop()
        storage = asyncio.get_running_loop().create_task(self.storage.close())
        await self.delete_gateway()
        await asyncio.gather(*map(self.delete_function, list(self._functions)))
        await self.queues.close(limit_s=1)  # their calls are answered, or were cut off
        await storage
        if self._background:
            await asyncio.wait(self._background)

    def _tick(self, tick: Callable[[], None], **about: str) -> None:
        try:
            tick()
        except Exception as error:  # noqa: BLE001 - time must go on for the others
            self._logbook.write("tick failed", **about, error=repr(error))

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _drain(self, revision: Revision) -> None:
        """Let a revision finish; its clock goes on until then."""
        self._retiring.add(revision)
        try:
            await revision.drain()
        finally:
            self._retiring.discard(revision)


def _listen(port: int) -> socket.socket:
    try:
        return listening_socket(port)
    except OSError as error:
        raise ChangeError(
            f"127.0.0.1:{port} cannot be listened on ({error.strerror}): end what "
            "uses that port, or set local.port in the stack's settings to another one"
        ) from error
