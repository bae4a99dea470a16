"""The controller's rules, one by one: when it starts, what it holds, when it lets go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.capacity import StartRate, least_waiting
from infra.local.runtime.scaling.autoscaler import Autoscaler, Goal
from infra.local.runtime.scaling.balancer import Balance, idle_one, least_outstanding
from infra.local.runtime.scaling.idleness import Idleness, Worth
from infra.local.runtime.scaling.levels import Levels
from infra.local.runtime.scaling.load import Load
from infra.local.runtime.scaling.maintenance import Bounds, Life, outworn
from infra.local.runtime.scaling.start_budget import StartBudget
from infra.local.runtime.scaling.utilisation import Utilisation


class Counts:
    """A fleet of nothing but numbers."""

    def __init__(
        self,
        *,
        starting: int = 0,
        in_flight: int = 0,
        waiting: int = 0,
        idle: dict[int, float] | None = None,
        since: float = 0.0,
    ) -> None:
        self.minimum, self.maximum, self.slots = 0, 100, 1
        self.starting, self.in_flight = starting, in_flight
        self.waiting = range(waiting)
        self._since = since
        self.idle: dict[int, float] = idle or {}

    @property
    def size(self) -> int:
        return self.starting + self.in_flight + len(self.idle)

    def waited(self, now: float) -> float:
        return now - self._since if self.waiting else 0.0


def taught(service_s: float, start_s: float, goal: Goal | None = None) -> Autoscaler:
    scaler = Autoscaler(0.0, goal or Goal())
    scaler.finished(0.0, service_s, Counts())
    scaler.started(start_s)
    return scaler


def test_a_call_that_will_be_served_sooner_than_an_instance_starts_waits() -> None:
    scaler = taught(service_s=0.01, start_s=0.3)
    assert scaler.arrived(1.0, Counts(in_flight=4, waiting=40)).start == 0
    assert scaler.arrived(1.0, Counts(in_flight=4, waiting=41)).start == 1


def test_calls_that_would_wait_longer_get_an_instance_each() -> None:
    scaler = taught(service_s=10.0, start_s=0.3)
    assert scaler.arrived(1.0, Counts(in_flight=4, waiting=3)).start == 3
    assert scaler.arrived(1.0, Counts(in_flight=4, waiting=3, starting=2)).start == 1


def test_nothing_starts_above_the_maximum_or_faster_than_the_provider_does() -> None:
    scaler = taught(10.0, 0.3, Goal(start_rate=StartRate(at_once=2, per_s=1)))
    first = scaler.arrived(1.0, Counts(waiting=3))
    assert (first.start, first.capped) == (2, True)
    assert scaler.arrived(1.5, Counts(waiting=3, starting=2)).start == 0
    assert scaler.arrived(2.0, Counts(waiting=3, starting=2)).start == 1
    full = scaler.arrived(9.0, Counts(in_flight=100, waiting=9))
    assert (full.start, full.capped, full.reason) == (0, True, "at the maximum")


def test_a_steady_load_gets_the_size_that_erlang_c_asks_for() -> None:
    scaler = taught(service_s=0.1, start_s=0.3)
    decision = scaler.tick(0.0, Counts())
    for second in range(1, 61):
        for each in range(100):
            scaler.arrived(second + each / 100, Counts(in_flight=10))
        decision = scaler.tick(float(second + 1), Counts(in_flight=10))
    expected = least_waiting(10, 0.1, 0.1, 0.01)
    assert decision.start == expected - 10
    assert decision.reason == f"T = 10.00 needs {expected}"


def test_that_none_has_ended_before_a_call_came_is_no_sign_that_those_at_work_are_stuck() -> None:
    """A burst after a rest: those who came just now wait, and the last call ended long ago."""
    scaler = taught(service_s=0.001, start_s=0.3)
    scaler.tick(59.0, Counts(in_flight=1))
    came = Counts(in_flight=1, waiting=20, since=59.495)
    assert scaler.tick(59.5, came).start == 0
    assert scaler.tick(59.6, came).start == 20


def test_only_idle_instances_are_stopped_and_the_longest_idle_first() -> None:
    scaler = taught(service_s=0.1, start_s=0.3)
    idle = {7: 0.0, 3: 5.0, 5: 899.9}
    decision = scaler.tick(900.0, Counts(in_flight=2, idle=idle))
    assert decision.stop == (7, 3)


def test_the_plain_mode_is_t_over_u() -> None:
    scaler = Utilisation(0.0, used=0.7)
    scaler.arrived(0.0, Counts(in_flight=7))
    decision = scaler.tick(60.0, Counts(in_flight=7))
    assert (decision.start, decision.reason) == (3, "M = T/U = 7.00/0.7")


def test_regular_idle_times_are_bridged_when_that_is_worth_it_and_left_when_not() -> None:
    idleness = Idleness(memory=50, prior=1)
    for _ in range(30):
        idleness.add(20.0)
    kept = idleness.keep(Worth(100.0, 50.0))
    assert kept.since_s == 0
    assert kept.until_s == pytest.approx(20.4)
    assert idleness.keep(Worth(15.0, 3.0)).since_s == pytest.approx(19.6)
    assert idleness.keep(Worth(0.0, 3.0)).until_s < 2


def test_an_instance_leaves_and_is_back_just_before_calls_that_come_by_the_clock() -> None:
    idleness = Idleness(memory=50, prior=0.1)
    for turn in range(30):
        idleness.add(590.0 + turn % 3)
    keep = idleness.keep(Worth(100.0, 3.0))
    assert 570 < keep.since_s < 590
    assert 592 < keep.until_s < 610


@given(
    times=st.lists(st.floats(1, 20_000), max_size=40), price_s=st.sampled_from([1.0, 30.0, 900.0])
)
def test_the_dearer_a_late_call_the_longer_an_instance_is_kept(
    times: list[float], price_s: float
) -> None:
    idleness = Idleness(memory=1e9, prior=1)
    for each in times[:4]:  # before it may leave in between
        idleness.add(each)
    cheap, dear = (idleness.keep(Worth(each, 3.0)) for each in (price_s, 2 * price_s))
    assert cheap.since_s == dear.since_s == 0
    assert cheap.until_s <= dear.until_s


def test_each_level_has_idle_times_of_its_own() -> None:
    levels = Levels(memory=50, prior=0.1)
    now = 0.0
    for turn in range(60):  # one instance every 5 s, a second one every 300 s
        now = turn * 5.0
        levels.use(now, 2 if turn % 60 == 0 else 1)
        levels.use(now + 0.1, 0)
    assert levels.held(now + 4, Worth(50, 30), ahead_s=1) == 1
    assert levels.held(now + 2000, Worth(50, 30), ahead_s=1) == 0


def test_a_start_that_nobody_notices_is_no_reason_to_keep_an_instance() -> None:
    fast, slow = taught(0.01, start_s=0.02), taught(0.01, start_s=0.3)
    for scaler in (fast, slow):
        for turn in range(20):
            scaler.arrived(turn * 3.0, Counts(in_flight=1))
            scaler.finished(turn * 3.0 + 0.01, 0.01, Counts())
    idle = {1: 57.01}
    assert fast.tick(59.0, Counts(idle=idle)).stop == (1,)
    assert slow.tick(59.0, Counts(idle=idle)).stop == ()


@given(
    steps=st.lists(st.tuples(st.floats(0.01, 300), st.integers(0, 20)), min_size=1, max_size=30),
    window_s=st.integers(1, 60),
)
def test_the_mean_work_in_flight_is_the_integral_over_the_window(
    steps: list[tuple[float, int]], window_s: int
) -> None:
    load, now, held = Load(0.0, 60), 0.0, [(0.0, 0)]
    for wait, count in steps:
        now += wait
        load.set(now, count)
        held.append((now, count))
    now = float(int(now) + 1)
    begin = max(0.0, now - window_s)
    ends = [at for at, _ in held[1:]] + [now]
    area = sum(
        count * max(0.0, end - max(at, begin)) for (at, count), end in zip(held, ends, strict=True)
    )
    assert load.mean(now, window_s) == pytest.approx(area / (now - begin), rel=1e-6, abs=1e-6)


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(0, 50)), max_size=30))
def test_the_provider_never_starts_more_than_its_burst_and_its_pace(
    asked: list[tuple[float, int]],
) -> None:
    budget, now, granted = StartBudget(StartRate(at_once=30, per_s=5)), 0.0, 0
    for wait, wanted in asked:
        now += wait
        granted += budget.take(now, wanted)
        assert granted <= 30 + 5 * now + 1e-6
    assert StartBudget(None).take(0.0, 10**6) == 10**6


def test_balance_chooses_by_how_long_an_instance_has_been_idle() -> None:
    idle = {"a": 1.0, "b": 2.0}
    assert idle_one(idle, Balance.RECENT) == "b"
    assert idle_one(idle, Balance.BALANCED) == "a"
    assert idle_one({}, Balance.RECENT) is None
    assert least_outstanding({"a": 2, "b": 1, "c": 1}, 3) == "b"
    assert least_outstanding({"a": 3}, 3) is None
    assert least_outstanding({}, 3) is None


@pytest.mark.parametrize(
    ("bounds", "why"),
    [
        (Bounds(), ""),
        (Bounds(age_s=101, requests=51, memory_mb=201), ""),
        (Bounds(age_s=100), "recycled at the age of 100 s"),
        (Bounds(requests=50), "recycled after 50 requests"),
        (Bounds(memory_mb=200), "recycled at 200 MB"),
    ],
)
def test_an_instance_is_worn_when_it_reaches_a_bound(bounds: Bounds, why: str) -> None:
    assert outworn(Life(began=0.0, served=50, memory_mb=200), bounds, 100.0) == why
