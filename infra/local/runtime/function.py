"""One revision of one function: its instances, its deadlines, and the calls that are under way."""

import asyncio
import time
from typing import Any

import orjson

from infra.local.runtime.emulate import Failure
from infra.local.runtime.frames import Kind
from infra.local.runtime.instances import Instance
from infra.local.runtime.launcher import Launcher
from infra.local.runtime.logbook import Logbook
from infra.local.runtime.pool import Pool
from infra.local.runtime.specs import FunctionSpec

START_S = 10.0  # what Lambda gives an instance to load its handler


class NotStartedError(Exception):
    """The first instance of a revision could not load its handler; says why."""


class Call:
    """One request on its way: `outcome` becomes the handler's result or a Failure."""

    __slots__ = ("event", "outcome", "request_id")

    def __init__(
        self, request_id: str, event: bytes, outcome: asyncio.Future[bytes | Failure]
    ) -> None:
        self.request_id = request_id
        self.event = event
        self.outcome = outcome


class Revision:
    """A function as one specification has it. A change makes a new revision; this one drains."""

    def __init__(
        self,
        spec: FunctionSpec,
        launcher: Launcher,
        logbook: Logbook,
        keep_alive_s: float,
        start_s: float = START_S,
    ) -> None:
        self.spec = spec
        self._start_s = start_s
        self.gone = asyncio.Event()
        self._launcher = launcher
        self._logbook = logbook
        self._loop = asyncio.get_running_loop()
        self._starting: set[Instance] = set()
        self._first: asyncio.Future[None] = self._loop.create_future()
        self.pool: Pool[Call, Instance] = Pool(
            self,
            minimum=spec.min_instances,
            maximum=spec.max_instances,
            queue_s=spec.queue_ms / 1000,
            keep_alive_s=keep_alive_s,
            now=time.monotonic,
        )

    async def open(self) -> None:
        """Have one instance ready to work. Raises NotStartedError, and leaves nothing behind."""
        self.pool.open(least=1)
        try:
            await self._first
        except NotStartedError:
            self.pool.retire()
            raise

    def invoke(self, request_id: str, event: bytes) -> asyncio.Future[bytes | Failure]:
        """Run the handler once; the future holds its result, or why there is none."""
        outcome: asyncio.Future[bytes | Failure] = self._loop.create_future()
        self.pool.arrive(Call(request_id, event, outcome))
        return outcome

    async def drain(self) -> None:
        """Take no more calls, and return when those under way are answered."""
        self.pool.retire()
        await self.gone.wait()

    # What the pool asks for.

    def start(self) -> None:
        """Start one instance."""
        spec = self.spec
        order: dict[str, Any] = {
            "emulate": spec.emulate,
            "code": spec.code,
            "environment": spec.environment,
            "identity": {
                "function": spec.name,
                "handler": spec.handler,
                "memory_mb": spec.memory_mb,
                "timeout_s": spec.timeout_s,
                "revision": spec.fingerprint[:12],
            },
        }
        try:
            instance = self._launcher.start(spec.name, order, self._replied, self._ended)
        except (OSError, RuntimeError) as error:  # out of descriptors
            self._logbook.write("instance not started", function=spec.name, error=str(error))
            self._loop.call_soon(self._never_started, f"no instance can be started: {error}")
            return
        self._starting.add(instance)
        instance.timer = self._loop.call_later(self._start_s, self._too_slow, instance)

    def assign(self, instance: Instance, call: Call) -> None:
        """Have an instance work on a call, until its deadline at most."""
        timeout = self.spec.timeout_s
        instance.timer = self._loop.call_later(timeout, self._timed_out, instance)
        instance.send(call.request_id, time.monotonic() + timeout, call.event)

    def stop(self, instance: Instance) -> None:
        """Let an idle instance go."""
        instance.close()

    def fail(self, call: Call, failure: Failure) -> None:
        """Answer a call without a result."""
        _settle(call, failure)

    def drained(self) -> None:
        """Nothing is left of this revision."""
        self.gone.set()

    # What the instances tell.

    def _replied(self, instance: Instance, kind: Kind, payload: bytes) -> None:
        if (kind in {Kind.READY, Kind.NOT_STARTED}) is not (instance in self._starting):
            instance.end()  # out of turn, or given up already
            return
        if instance.timer is not None:
            instance.timer.cancel()
        if kind is Kind.READY:
            self._starting.discard(instance)
            if not self._first.done():
                self._first.set_result(None)
            self.pool.ready(instance)
        elif kind is Kind.NOT_STARTED:
            self._describe("handler not loaded", instance, payload)
            self._not_started(instance, orjson.loads(payload)["message"])
        elif (call := self.pool.busy.get(instance)) is not None:
            if kind is Kind.RAISED:
                self._describe("handler raised", instance, payload)
                _settle(call, Failure.RAISED)
            else:
                _settle(call, payload)
            self.pool.done(instance)

    def _ended(self, instance: Instance) -> None:
        if instance in self._starting:
            self._not_started(instance, "the process ended while it loaded the handler")
        elif (call := self.pool.busy.get(instance)) is not None:
            _settle(call, Failure.CRASHED)
            self.pool.lost(instance)
        else:
            self.pool.lost(instance)

    def _timed_out(self, instance: Instance) -> None:
        call = self.pool.busy.get(instance)
        if call is not None:
            self._launcher.kill(instance)
            _settle(call, Failure.TIMED_OUT)
            self.pool.lost(instance)

    def _too_slow(self, instance: Instance) -> None:
        self._launcher.give_up(instance)
        reason = f"its import took longer than {self._start_s:g} s"
        self._logbook.write(
            "handler not loaded", function=self.spec.name, pid=instance.pid, message=reason
        )
        self._not_started(instance, reason)

    def _not_started(self, instance: Instance, reason: str) -> None:
        if instance not in self._starting:
            return
        self._starting.discard(instance)
        self._never_started(reason)

    def _never_started(self, reason: str) -> None:
        if not self._first.done():
            self._first.set_exception(NotStartedError(reason))
        self.pool.start_failed()

    def _describe(self, event: str, instance: Instance, payload: bytes) -> None:
        self._logbook.write(
            event,
            function=self.spec.name,
            request_id=instance.request_id,
            pid=instance.pid,
            **orjson.loads(payload),
        )


def _settle(call: Call, outcome: bytes | Failure) -> None:
    """Answer a call, unless whoever waited for it was cancelled."""
    if not call.outcome.done():
        call.outcome.set_result(outcome)
