"""The local cloud's clockwork: each schedule invokes its function once at each of its times.

As on the clouds, a run that is still under way does not keep the next one from starting, and a run
that failed is tried again as an asynchronous call is. A function without a free instance, and a
time that passed while the machine slept, are missed runs: logged, never made up for. Nothing is
remembered over a restart of the supervisor: the rules are counted from the epoch.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

from infra.local.runtime.changes import ChangeError
from infra.local.runtime.emulate import Failure, TriggerSide
from infra.local.runtime.emulate.registry import gateway_side
from infra.local.runtime.function import Revision
from infra.local.runtime.logbook import Logbook
from infra.local.runtime.schedule_spec import ScheduleSpec
from infra.local.runtime.timetable import next_run, spelled
from infra.naming import choose

UNDER_WAY = "under way"
WELL = "well"

_LATE_MS = 30_000  # later than this, the machine slept
_SET_BACK_MS = 60_000  # less than this, the clock is merely adjusted
# emulation → the pauses before it is tried again; docs/emulation.md
_RETRY_MS = {"aws": (60_000, 120_000), "alicloud": (60_000, 120_000, 240_000)}


@dataclass(slots=True)
class _Run:
    """What became of one invocation; `due_ms` is when it was to be, `ended` one of the words."""

    due_ms: int
    request_id: str
    attempt: int = 1
    ended: str = UNDER_WAY


@dataclass(frozen=True, slots=True)
class _Call:
    """One invocation that is to be; the same event and id each time that it is tried."""

    due_ms: int
    emulate: str
    request_id: str
    event: bytes
    attempt: int
    pauses: tuple[int, ...]


@dataclass(slots=True)
class _Clock:
    """One schedule: when it is due next, what is to be tried again when, and its last run."""

    spec: ScheduleSpec
    due_ms: int | None
    again: list[tuple[int, _Call]] = field(default_factory=list)
    last: _Run | None = None


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


class Schedules:
    """What can be done with the schedules. `functions` is the cloud's own mapping.

    `tick` is to be called many times a second; `now_ms` is the clock, in epoch milliseconds.
    """

    def __init__(
        self,
        functions: Mapping[str, Revision],
        logbook: Logbook,
        trigger_side: Callable[[str], TriggerSide],
        now_ms: Callable[[], int] = _wall_ms,
    ) -> None:
        self._functions = functions
        self._logbook = logbook
        self._trigger_side = trigger_side
        self._now_ms = now_ms
        self._seen_ms = now_ms()
        self._clocks: dict[str, _Clock] = {}
        self._stopped = False

    def put(self, spec: ScheduleSpec) -> None:
        """Run by this from now on. Raises ChangeError when its function does not run."""
        if spec.function not in self._functions:
            raise ChangeError(
                f"the schedule {spec.name} runs {spec.function}, which does not run; "
                "`make up` brings it back"
            )
        if bool(spec.every_minutes) == bool(spec.cron):
            raise ChangeError(f"the schedule {spec.name} needs one of every_minutes and cron")
        old = self._clocks.get(spec.name)
        if old is not None and old.spec == spec:
            return
        due_ms = next_run(spec.timetable, self._now_ms())
        self._clocks[spec.name] = _Clock(spec, due_ms, last=old.last if old else None)
        self._logbook.write("schedule changed", schedule=spec.name, function=spec.function)

    def delete(self, name: str) -> None:
        """Run by it no more; it is no error when there is none. A run that is under way goes on."""
        if self._clocks.pop(name, None) is not None:
            self._logbook.write("schedule deleted", schedule=name)

    def stop(self) -> None:
        """Start nothing any more."""
        self._stopped = True

    def describe(self) -> dict[str, Any]:
        """By name: the specification, the last run since the supervisor's start, the next one."""
        return {
            name: {
                **asdict(each.spec),
                "last": asdict(each.last) if each.last else None,
                "next_ms": each.due_ms,
                "again_ms": min((at_ms for at_ms, _ in each.again), default=None),
            }
            for name, each in self._clocks.items()
        }

    async def run(self, name: str) -> dict[str, Any]:
        """Run it once now, wait for its end, and say what came of it; it is not tried again.

        Raises ChangeError where there is no such schedule or its function does not run.
        """
        clock = self._clocks.get(name)
        if clock is None:
            raise ChangeError(f"there is no schedule {name}: {choose(name, self._clocks)}")
        began = time.monotonic()
        call = self._call(clock.spec, self._now_ms(), tries=False)
        if call is None:
            raise ChangeError(f"{clock.spec.function} does not run; `make up` brings it back")
        last = await self._start(clock, call)
        return {**asdict(last), "ms": round((time.monotonic() - began) * 1000, 3)}

    def tick(self) -> None:
        """Start what is due."""
        if self._stopped:
            return
        now_ms = self._now_ms()
        set_back = now_ms < self._seen_ms - _SET_BACK_MS
        self._seen_ms = now_ms if set_back else max(now_ms, self._seen_ms)
        for clock in list(self._clocks.values()):
            if set_back:
                clock.due_ms = next_run(clock.spec.timetable, now_ms)
            if clock.due_ms is not None and clock.due_ms <= now_ms:
                due_ms, clock.due_ms = clock.due_ms, next_run(clock.spec.timetable, now_ms)
                self._due(clock, due_ms, now_ms)
            for entry in [each for each in clock.again if each[0] <= now_ms]:
                clock.again.remove(entry)
                self._start(clock, entry[1])

    def _due(self, clock: _Clock, due_ms: int, now_ms: int) -> None:
        if now_ms - due_ms > _LATE_MS:
            self._missed(clock.spec, due_ms, "its time passed while the machine slept")
        elif (call := self._call(clock.spec, due_ms, tries=True)) is not None:
            self._start(clock, call)
        else:
            self._missed(clock.spec, due_ms, "its function does not run")

    def _call(self, spec: ScheduleSpec, due_ms: int, *, tries: bool) -> _Call | None:
        revision = self._functions.get(spec.function)
        if revision is None:
            return None
        emulate = revision.spec.emulate
        event = self._trigger_side(emulate).schedule_event(spec.name, due_ms)
        request_id = gateway_side(emulate).new_request_id()
        return _Call(due_ms, emulate, request_id, event, 1, _RETRY_MS[emulate] if tries else ())

    def _start(self, clock: _Clock, call: _Call) -> asyncio.Future[_Run]:
        """Invoke the function; the future holds the run when it has ended."""
        ended: asyncio.Future[_Run] = asyncio.get_running_loop().create_future()
        run = clock.last = _Run(call.due_ms, call.request_id, call.attempt)
        revision = self._functions.get(clock.spec.function)
        if revision is None or revision.spec.emulate != call.emulate:
            run.ended = "its function does not run any more"
            self._missed(clock.spec, call.due_ms, run.ended)
            ended.set_result(run)
        else:
            outcome = revision.invoke(call.request_id, call.event)
            told = partial(self._ended, clock, call, run, ended, time.monotonic())
            outcome.add_done_callback(told)
        return ended

    def _ended(
        self,
        clock: _Clock,
        call: _Call,
        run: _Run,
        ended: asyncio.Future[_Run],
        began: float,
        outcome: asyncio.Future[bytes | Failure],
    ) -> None:
        found = outcome.result()
        run.ended = found.value if isinstance(found, Failure) else WELL
        if found is Failure.FULL:
            self._missed(clock.spec, call.due_ms, run.ended, request_id=call.request_id)
        else:
            failure = {"failure": run.ended} if isinstance(found, Failure) else {}
            self._logbook.write(
                "schedule run",
                schedule=clock.spec.name,
                function=clock.spec.function,
                request_id=call.request_id,
                due=spelled(call.due_ms),
                attempt=call.attempt,
                ms=round((time.monotonic() - began) * 1000, 3),
                **failure,
            )
            if failure and call.pauses:
                pause_ms, *rest = call.pauses
                following = replace(call, attempt=call.attempt + 1, pauses=tuple(rest))
                clock.again.append((self._now_ms() + pause_ms, following))
        if not ended.done():
            ended.set_result(run)

    def _missed(self, spec: ScheduleSpec, due_ms: int, reason: str, **more: object) -> None:
        self._logbook.write(
            "schedule missed",
            schedule=spec.name,
            function=spec.function,
            due=spelled(due_ms),
            reason=reason,
            **more,
        )
