"""The clockwork: each time once, failures again as the cloud does it, what was missed stays so."""

import asyncio
import json
from collections.abc import Coroutine
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from infra.local.runtime.changes import ChangeError
from infra.local.runtime.emulate import Failure
from infra.local.runtime.emulate.registry import trigger_side
from infra.local.runtime.function import Revision
from infra.local.runtime.logbook import Logbook
from infra.local.runtime.schedule_spec import ScheduleSpec
from infra.local.runtime.schedules import Schedules

MINUTE_MS = 60_000
START_MS = 1_800_000_000_000  # a multiple of five minutes
SWEEP = ScheduleSpec("sweep", "sweep", 5, "")
OUTCOMES = bytes | Failure


class Function:
    """A function that notes its calls and ends them with the outcomes that it was given.

    A call beyond these stays under way.
    """

    def __init__(self, *outcomes: OUTCOMES, emulate: str = "aws") -> None:
        self.spec = SimpleNamespace(emulate=emulate)
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.under_way: list[asyncio.Future[OUTCOMES]] = []
        self._outcomes = list(outcomes)

    def invoke(self, request_id: str, event: bytes) -> asyncio.Future[OUTCOMES]:
        self.calls.append((request_id, json.loads(event)))
        outcome: asyncio.Future[OUTCOMES] = asyncio.get_running_loop().create_future()
        if self._outcomes:
            outcome.set_result(self._outcomes.pop(0))
        else:
            self.under_way.append(outcome)
        return outcome

    @property
    def times(self) -> list[str]:
        return [
            str(event.get("time") or event.get("triggerTime"))[11:19] for _, event in self.calls
        ]


class World:
    """A clockwork whose time stands still until a test moves it."""

    def __init__(self, root: Path, function: Function) -> None:
        self.now_ms = START_MS + 1
        self.functions = {"sweep": function}
        self._path = root / "log"
        schedules = Schedules(
            cast("dict[str, Revision]", self.functions),
            Logbook(self._path, max_mb=1),
            trigger_side,
            lambda: self.now_ms,
        )
        self.schedules = schedules

    async def at(self, minutes: float) -> None:
        """Have it be so many minutes past the start, and every second until then."""
        until_ms = START_MS + round(minutes * MINUTE_MS)
        while self.now_ms < until_ms:
            self.now_ms = min(self.now_ms + 1000, until_ms)
            self.schedules.tick()
            await asyncio.sleep(0)

    async def jump(self, minutes: float) -> None:
        """Have it be so many minutes past the start at once."""
        self.now_ms = START_MS + round(minutes * MINUTE_MS)
        self.schedules.tick()
        await asyncio.sleep(0)

    def lines(self, event: str) -> list[dict[str, Any]]:
        found = map(json.loads, self._path.read_text().splitlines())
        return [line for line in found if line["event"] == event]

    @property
    def last(self) -> dict[str, Any]:
        found: dict[str, Any] = self.schedules.describe()["sweep"]
        return found


def _play(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def test_each_time_invokes_the_function_once(tmp_path: Path) -> None:
    function = Function(*[b"null"] * 3)
    world = World(tmp_path, function)

    async def play() -> None:
        world.schedules.put(SWEEP)
        assert world.last["last"] is None
        assert world.last["next_ms"] == START_MS + 5 * MINUTE_MS
        await world.at(14.9)

    _play(play())

    assert function.times == ["08:05:00", "08:10:00"]
    assert function.calls[0][1]["resources"] == ["arn:aws:events:us-east-1:000000000000:rule/sweep"]
    assert world.last["last"]["ended"] == "well"
    assert world.last["last"]["due_ms"] == START_MS + 10 * MINUTE_MS
    assert world.last["next_ms"] == START_MS + 15 * MINUTE_MS
    runs = world.lines("schedule run")
    assert [run["due"] for run in runs] == ["2027-01-15T08:05:00Z", "2027-01-15T08:10:00Z"]
    assert [run["request_id"] for run in runs] == [request_id for request_id, _ in function.calls]
    assert all("failure" not in run for run in runs)


def test_a_run_that_is_still_under_way_does_not_stop_the_next(tmp_path: Path) -> None:
    function = Function()
    world = World(tmp_path, function)

    async def play() -> None:
        world.schedules.put(SWEEP)
        await world.at(10)
        first, second = function.under_way
        assert world.last["last"]["ended"] == "under way"
        second.set_result(b"null")
        await asyncio.sleep(0)
        first.set_result(Failure.CRASHED)  # ends later, and is not the last one
        await asyncio.sleep(0)

    _play(play())

    assert function.times == ["08:05:00", "08:10:00"]
    assert world.last["last"]["ended"] == "well"


@pytest.mark.parametrize(
    ("emulate", "tries"),
    [("aws", [5, 6, 8]), ("alicloud", [5, 6, 8, 12])],
)
@pytest.mark.parametrize(
    "failure", [Failure.RAISED, Failure.CRASHED, Failure.TIMED_OUT, Failure.NOT_STARTED]
)
def test_what_failed_is_tried_again_with_the_same_event(
    tmp_path: Path, emulate: str, tries: list[int], failure: Failure
) -> None:
    """One minute after, then two; Function Compute tries once more."""
    function = Function(*[failure] * 9, emulate=emulate)
    world = World(tmp_path, function)
    began: list[int] = []

    async def play() -> None:
        world.schedules.put(ScheduleSpec("sweep", "sweep", 1440, ""))
        world.schedules._clocks["sweep"].due_ms = START_MS + 5 * MINUTE_MS
        for minute in range(1, 60):
            before = len(function.calls)
            await world.at(minute)
            began.extend([minute] * (len(function.calls) - before))

    _play(play())

    assert began == tries
    assert len({json.dumps(call) for call in function.calls}) == 1
    assert [run["attempt"] for run in world.lines("schedule run")] == [*range(1, len(tries) + 1)]
    assert {run["failure"] for run in world.lines("schedule run")} == {failure.value}
    assert world.last["last"]["ended"] == failure.value
    assert world.last["again_ms"] is None


def test_a_second_try_that_ends_well_is_the_last(tmp_path: Path) -> None:
    function = Function(Failure.RAISED, b"null")
    world = World(tmp_path, function)

    async def play() -> None:
        world.schedules.put(SWEEP)
        await world.at(5)
        assert world.last["again_ms"] == START_MS + 6 * MINUTE_MS
        await world.at(9.9)

    _play(play())

    assert len(function.calls) == 2
    assert world.last["last"]["ended"] == "well"
    assert world.last["last"]["attempt"] == 2


def test_a_function_without_a_free_instance_is_a_missed_run(tmp_path: Path) -> None:
    function = Function(Failure.FULL)
    world = World(tmp_path, function)

    async def play() -> None:
        world.schedules.put(SWEEP)
        await world.at(9.9)

    _play(play())

    assert len(function.calls) == 1
    (line,) = world.lines("schedule missed")
    assert line["reason"] == "every instance is busy and no more may start"
    assert world.last["again_ms"] is None


def test_a_function_that_does_not_run_is_a_missed_run_and_comes_back(tmp_path: Path) -> None:
    function = Function(b"null")
    world = World(tmp_path, function)

    async def play() -> None:
        world.schedules.put(SWEEP)
        del world.functions["sweep"]
        await world.at(5)
        world.functions["sweep"] = function
        await world.at(10)

    _play(play())

    assert function.times == ["08:10:00"]
    (line,) = world.lines("schedule missed")
    assert (line["due"], line["reason"]) == ("2027-01-15T08:05:00Z", "its function does not run")


def test_nothing_is_tried_again_where_another_cloud_is_emulated_since(tmp_path: Path) -> None:
    """Its event would be one that the function's new entrypoint cannot read."""
    function = Function(Failure.RAISED)
    world = World(tmp_path, function)

    async def play() -> None:
        world.schedules.put(SWEEP)
        await world.at(5)
        world.functions["sweep"] = Function(emulate="alicloud")
        await world.at(9.9)

    _play(play())

    assert world.functions["sweep"].calls == []
    assert [line["due"] for line in world.lines("schedule missed")] == ["2027-01-15T08:05:00Z"]


def test_times_that_passed_while_the_machine_slept_are_not_made_up_for(tmp_path: Path) -> None:
    function = Function(*[b"null"] * 9)
    world = World(tmp_path, function)

    async def play() -> None:
        world.schedules.put(SWEEP)
        await world.at(4)
        await world.jump(62)
        await world.at(66)

    _play(play())

    assert function.times == ["09:05:00"]
    assert [line["due"] for line in world.lines("schedule missed")] == ["2027-01-15T08:05:00Z"]


def test_a_tick_that_comes_a_little_late_still_runs(tmp_path: Path) -> None:
    function = Function(b"null")
    world = World(tmp_path, function)

    async def play() -> None:
        world.schedules.put(SWEEP)
        await world.jump(5.3)

    _play(play())

    assert function.times == ["08:05:00"]


def test_a_clock_that_is_set_back_stops_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    function = Function(*[b"null"] * 9)
    world = World(tmp_path, function)

    async def play() -> None:
        world.schedules.put(SWEEP)
        await world.at(5)
        await world.jump(4.999)  # adjusted: not due once more
        await world.at(5.1)
        await world.jump(-58)  # set back by an hour: its times come anew
        await world.at(-54)

    _play(play())

    assert function.times == ["08:05:00", "07:05:00"]


def test_a_change_takes_its_place_and_the_same_again_changes_nothing(tmp_path: Path) -> None:
    function = Function(Failure.RAISED, b"null")
    world = World(tmp_path, function)

    async def play() -> None:
        world.schedules.put(SWEEP)
        await world.at(5)
        world.schedules.put(SWEEP)
        assert world.last["again_ms"] is not None
        world.schedules.put(ScheduleSpec("sweep", "sweep", 0, "7 8 * * *"))
        assert world.last["again_ms"] is None
        assert world.last["last"]["ended"] == Failure.RAISED.value
        await world.at(60)

    _play(play())

    assert function.times == ["08:05:00", "08:07:00"]
    assert len(world.lines("schedule changed")) == 2


@pytest.mark.parametrize("act", ["delete", "stop"])
def test_what_is_deleted_or_stopped_starts_nothing_more(tmp_path: Path, act: str) -> None:
    function = Function(Failure.RAISED)
    world = World(tmp_path, function)

    async def play() -> None:
        world.schedules.put(SWEEP)
        await world.at(5)
        if act == "delete":
            world.schedules.delete("sweep")
            world.schedules.delete("sweep")  # can be repeated
            assert world.schedules.describe() == {}
        else:
            world.schedules.stop()
        await world.at(30)

    _play(play())

    assert len(function.calls) == 1


def test_one_can_be_run_now_and_is_not_tried_again(tmp_path: Path) -> None:
    function = Function(Failure.RAISED, b"null")
    world = World(tmp_path, function)

    async def play() -> None:
        world.schedules.put(SWEEP)
        first = await world.schedules.run("sweep")
        assert (first["ended"], first["attempt"]) == ("the handler raised", 1)
        assert first["request_id"] == function.calls[0][0]
        await world.at(4.9)
        assert len(function.calls) == 1
        assert (await world.schedules.run("sweep"))["ended"] == "well"
        del world.functions["sweep"]
        with pytest.raises(ChangeError, match="sweep does not run; `make up` brings it back"):
            await world.schedules.run("sweep")
        with pytest.raises(ChangeError, match="there is no schedule sweeep: write sweep"):
            await world.schedules.run("sweeep")

    _play(play())


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (ScheduleSpec("daily", "other", 5, ""), "the schedule daily runs other, which does not"),
        (ScheduleSpec("daily", "sweep", 5, "* * * * *"), "needs one of every_minutes and cron"),
        (ScheduleSpec("daily", "sweep", 0, ""), "needs one of every_minutes and cron"),
    ],
)
def test_a_schedule_that_cannot_run_is_refused(
    tmp_path: Path, spec: ScheduleSpec, words: str
) -> None:
    world = World(tmp_path, Function())

    with pytest.raises(ChangeError, match=words):
        world.schedules.put(spec)

    assert world.schedules.describe() == {}
