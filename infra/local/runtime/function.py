"""One revision of one function: its instances, its deadlines, and the calls that are under way."""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import orjson

from infra.local.runtime.call import Call, Outcome
from infra.local.runtime.deadlines import Deadlines
from infra.local.runtime.emulate import Failure
from infra.local.runtime.frames import Kind
from infra.local.runtime.instances import Instance
from infra.local.runtime.launcher import Launcher
from infra.local.runtime.logbook import Logbook
from infra.local.runtime.memory import resident_mb
from infra.local.runtime.scaling.fleet import Fleet
from infra.local.runtime.specs import FunctionSpec
from infra.local.runtime.start_gate import Leave
from infra.local.runtime.steering import Steering
from infra.local.runtime.telemetry import Meter

START_S = 10.0  # what Lambda gives an instance to load its handler
_WEIGH_S = 1.0  # so often the instances' memory is looked at


class NotStartedError(Exception):
    """The first instance of a revision could not load its handler; says why."""


class Revision:
    """A function as one specification has it. A change makes a new revision; this one drains.

    `meter` is the function's, and counts on over its revisions.
    """

    def __init__(
        self,
        spec: FunctionSpec,
        launcher: Launcher,
        logbook: Logbook,
        steering: Steering,
        meter: Meter,
        start_s: float = START_S,
    ) -> None:
        self.spec = spec
        self._start_s = start_s
        self.gone = asyncio.Event()
        self._launcher = launcher
        self._logbook = logbook
        self._loop = asyncio.get_running_loop()
        self._starting: dict[Instance, Leave] = {}
        self._first: asyncio.Future[None] = self._loop.create_future()
        self._meter = meter
        self._now = steering.now
        self._weigh_at = 0.0
        self.fleet: Fleet[Call, Instance] = steering.fleet(self, spec)
        self._deadlines = Deadlines(spec.timeout_s, lambda: self.fleet.busy, self._timed_out)

    async def open(self) -> None:
        """Have one instance ready to work. Raises NotStartedError, and leaves nothing behind."""
        self.fleet.open(least=1)
        try:
            await self._first
        except NotStartedError:
            self.fleet.retire()
            raise

    def invoke(self, request_id: str, event: bytes) -> asyncio.Future[Outcome]:
        """Run the handler once; the future holds its result, or why there is none."""
        outcome: asyncio.Future[Outcome] = self._loop.create_future()
        self.begin(request_id, event, partial(_hold, outcome))
        return outcome

    def begin(self, request_id: str, event: bytes, on_outcome: Callable[[Outcome], None]) -> None:
        """Run the handler once. `on_outcome` is called once, now or later.

        It must not call this revision: that is in the midst of a change then.
        """
        self._meter.requests += 1
        self.fleet.arrive(Call(request_id, event, on_outcome, self._now()))

    def steer(self, steering: Steering) -> None:
        """Follow new settings of the runtime; no call and no instance is touched by it."""
        steering.steer(self.fleet, self.spec)

    def tick(self) -> None:
        """Let time pass for the fleet, and look now and then at what its instances hold."""
        now = self._now()
        if now >= self._weigh_at:
            self._weigh_at = now + _WEIGH_S
            for instance in (*self.fleet.busy, *self.fleet.idle):
                if (memory_mb := resident_mb(instance.pid)) is not None:
                    self.fleet.upkeep.weighed(instance, memory_mb)
        self.fleet.tick()

    def describe(self) -> dict[str, Any]:
        """How many instances and calls there are, what became of those before, and why.

        Memory is in MB, null where the system does not tell; `reason_at` in epoch seconds.
        """
        fleet, now = self.fleet, self._now()
        held = [resident_mb(each.pid) for each in (*self._starting, *fleet.busy, *fleet.idle)]
        known = [each for each in held if each is not None]
        return {
            "starting": fleet.starting,
            "busy": len(fleet.busy),
            "idle": len(fleet.idle),
            "waiting": len(fleet.waiting),
            "in_flight": fleet.in_flight,
            "minimum": fleet.minimum,
            "maximum": fleet.maximum,
            **self._meter.described(now),
            "memory_mb": round(sum(known), 1) if known or not held else None,
            "reason": fleet.reason,
            "reason_at": time.time() - (now - fleet.reason_at) if fleet.reason else None,
        }

    async def drain(self) -> None:
        """Take no more calls, and return when those under way are answered."""
        self.fleet.retire()
        await self.gone.wait()

    # What the fleet asks for.

    def start(self) -> None:
        """Start one instance, as soon as few enough others do."""
        self._launcher.starts.enter(self._loop, self._start)

    def _start(self, leave: Leave) -> None:
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
            self._loop.call_soon(leave)
            return
        self._starting[instance] = leave
        instance.timer = self._loop.call_later(self._start_s, self._too_slow, instance)

    def assign(self, instance: Instance, call: Call) -> None:
        """Have an instance work on a call, until its deadline at most."""
        now = self._now()
        self._meter.waited.add(now, now - call.arrived)
        self._deadlines.begin(instance)
        instance.send(call.request_id, call.event)

    def stop(self, instance: Instance, *, worn: bool = False) -> None:
        """Let an idle instance go."""
        self._meter.stops += 1
        self._meter.recycled += worn
        instance.close()

    def fail(self, call: Call, failure: Failure) -> None:
        """Answer a call without a result."""
        if failure is Failure.FULL:
            self._meter.refused += 1
        else:
            self._meter.failed += 1
        call.settle(failure)

    def drained(self) -> None:
        """Nothing is left of this revision."""
        self._deadlines.cancel()
        self.gone.set()

    # What the instances tell.

    def _replied(self, instance: Instance, kind: Kind, payload: bytes) -> None:
        starts = kind is Kind.READY or kind is Kind.NOT_STARTED
        if starts is not (instance in self._starting):
            instance.end()  # out of turn, or given up already
            return
        if starts and instance.timer is not None:
            instance.timer.cancel()
        if kind is Kind.READY:
            self._starting.pop(instance)()
            if not self._first.done():
                self._first.set_result(None)
            self._meter.starts += 1
            self.fleet.ready(instance)
        elif kind is Kind.NOT_STARTED:
            self._describe("handler not loaded", instance, payload)
            self._not_started(instance, orjson.loads(payload)["message"])
        elif (call := self._call(instance)) is not None:
            if kind is Kind.RAISED:
                self._describe("handler raised", instance, payload)
                self._answered(call, Failure.RAISED)
            else:
                self._answered(call, payload)
            self.fleet.done(instance, call)

    def _ended(self, instance: Instance) -> None:
        if instance in self._starting:
            self._not_started(instance, "the process ended while it loaded the handler")
            return
        if (call := self._call(instance)) is not None:
            self._answered(call, Failure.CRASHED)
        self._lost(instance)

    def _timed_out(self, instance: Instance) -> None:
        if (call := self._call(instance)) is not None:
            self._launcher.kill(instance)
            self._answered(call, Failure.TIMED_OUT)
            self._lost(instance)

    def _call(self, instance: Instance) -> Call | None:
        """What an instance works on."""
        return next(iter(self.fleet.busy.get(instance, ())), None)

    def _answered(self, call: Call, outcome: Outcome) -> None:
        now = self._now()
        self._meter.took.add(now, now - call.arrived)
        if not isinstance(outcome, bytes):
            self._meter.failed += 1
        call.settle(outcome)

    def _lost(self, instance: Instance) -> None:
        """An instance is gone, if the fleet knew it still."""
        self._meter.stops += instance in self.fleet.busy or instance in self.fleet.idle
        self.fleet.lost(instance)

    def _too_slow(self, instance: Instance) -> None:
        self._launcher.give_up(instance)
        reason = f"its import took longer than {self._start_s:g} s"
        self._logbook.write(
            "handler not loaded", function=self.spec.name, pid=instance.pid, message=reason
        )
        self._not_started(instance, reason)

    def _not_started(self, instance: Instance, reason: str) -> None:
        if (leave := self._starting.pop(instance, None)) is not None:
            leave()
            self._never_started(reason)

    def _never_started(self, reason: str) -> None:
        if not self._first.done():
            self._first.set_exception(NotStartedError(reason))
        self.fleet.start_failed()

    def _describe(self, event: str, instance: Instance, payload: bytes) -> None:
        self._logbook.write(
            event,
            function=self.spec.name,
            request_id=instance.request_id,
            pid=instance.pid,
            **orjson.loads(payload),
        )


def _hold(future: asyncio.Future[Outcome], outcome: Outcome) -> None:
    """Unless whoever waited for it was cancelled."""
    if not future.done():
        future.set_result(outcome)
