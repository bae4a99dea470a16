"""A fleet loses no call, runs none twice, has never too many instances and stops none at work."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from infra.capacity import StartRate
from infra.local.runtime.emulate import Failure
from infra.local.runtime.scaling.autoscaler import Autoscaler, Goal
from infra.local.runtime.scaling.balancer import Balance
from infra.local.runtime.scaling.decisions import Scaler
from infra.local.runtime.scaling.fleet import Fleet
from infra.local.runtime.scaling.maintenance import Bounds
from infra.local.runtime.scaling.utilisation import Utilisation
from infra.simulation.baselines import Horizontal, KeepFor, Knative

_SLOW = StartRate(at_once=2, per_s=0.5)
SCALERS: dict[str, Any] = {
    "slo": lambda: Autoscaler(0, Goal()),
    "slo, starts capped": lambda: Autoscaler(0, Goal(start_rate=_SLOW)),
    "utilisation": lambda: Utilisation(0),
    "utilisation, starts capped": lambda: Utilisation(0, start_rate=_SLOW),
    "keep": lambda: KeepFor(10),
    "KPA": lambda: Knative(0),
    "HPA": lambda: Horizontal(0),
}
BOUNDS = (None, Bounds(requests=2), Bounds(age_s=5), Bounds(memory_mb=100))


class Outside:
    """A staff that does nothing by itself, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.now = 0.0
        self.starts = 0
        self.at_work: dict[int, list[int]] = {}
        self.stopped: list[int] = []
        self.failed: list[tuple[int, Failure]] = []
        self.order: list[int] = []
        self.drains = 0

    def start(self) -> None:
        self.starts += 1

    def assign(self, instance: int, call: int) -> None:
        assert instance not in self.stopped
        self.at_work.setdefault(instance, []).append(call)
        self.order.append(call)

    def stop(self, instance: int) -> None:
        assert not self.at_work.get(instance), "an instance at work was stopped"
        assert instance not in self.stopped
        self.stopped.append(instance)

    def fail(self, call: int, failure: Failure) -> None:
        self.failed.append((call, failure))

    def drained(self) -> None:
        self.drains += 1


def fleet_of(
    outside: Outside, scaler: Scaler | None = None, *, maximum: int = 3, **more: Any
) -> Fleet[int, int]:
    return Fleet(
        outside,
        scaler or KeepFor(10),
        **{"minimum": 0, "queue_s": 0, "now": lambda: outside.now, "maximum": maximum, **more},
    )


class FleetMachine(RuleBasedStateMachine):
    """Everything that can happen to a fleet, in any order, under any scaler."""

    @initialize(
        scaler=st.sampled_from(sorted(SCALERS)),
        minimum=st.integers(0, 3),
        maximum=st.integers(1, 5),
        queue_s=st.sampled_from([0, 1, 5]),
        slots=st.sampled_from([1, 1, 3]),
        balance=st.sampled_from(Balance),
        bounds=st.sampled_from(BOUNDS),
    )
    def begin(
        self,
        scaler: str,
        minimum: int,
        maximum: int,
        queue_s: float,
        slots: int,
        balance: Balance,
        bounds: Bounds | None,
    ) -> None:
        self.outside = Outside()
        self.maximum, self.minimum, self.slots = maximum, min(minimum, maximum), slots
        self.fleet = fleet_of(
            self.outside,
            SCALERS[scaler](),
            minimum=minimum,
            maximum=maximum,
            queue_s=queue_s,
            slots=slots,
            balance=balance,
            bounds=bounds,
        )
        self.calls = self.instances = self.ends = 0
        self.done: list[int] = []
        self.lost: list[int] = []
        self.fleet.open()

    @property
    def pending(self) -> int:
        return self.outside.starts - self.ends

    @property
    def working(self) -> list[int]:
        return sorted(each for each, calls in self.outside.at_work.items() if calls)

    @precondition(lambda self: not self.fleet.retired)
    @rule(count=st.integers(1, 4))
    def arrive(self, count: int) -> None:
        for _ in range(count):
            self.calls += 1
            self.fleet.arrive(self.calls)

    @precondition(lambda self: self.pending)
    @rule()
    def ready(self) -> None:
        self.ends += 1
        self.instances += 1
        self.fleet.ready(self.instances)

    @precondition(lambda self: self.pending)
    @rule()
    def start_fails(self) -> None:
        self.ends += 1
        self.fleet.start_failed()

    @precondition(lambda self: self.working)
    @rule(data=st.data(), memory_mb=st.sampled_from([50, 150]))
    def done_(self, data: st.DataObject, memory_mb: float) -> None:
        instance = data.draw(st.sampled_from(self.working))
        call = data.draw(st.sampled_from(self.outside.at_work[instance]))
        self.outside.at_work[instance].remove(call)
        self.done.append(call)
        self.fleet.done(instance, call, memory_mb)

    @precondition(lambda self: self.working)
    @rule(data=st.data())
    def one_at_work_dies(self, data: st.DataObject) -> None:
        instance = data.draw(st.sampled_from(self.working))
        self.lost += self.outside.at_work.pop(instance)
        self.fleet.lost(instance)

    @precondition(lambda self: self.fleet.idle or self.outside.stopped)
    @rule(data=st.data())
    def one_without_work_dies(self, data: st.DataObject) -> None:
        those = sorted({*self.fleet.idle, *self.outside.stopped})
        self.fleet.lost(data.draw(st.sampled_from(those)))

    @rule(seconds=st.sampled_from([0.05, 0.5, 1.0, 6.0, 11.0, 100.0]))
    def time_passes(self, seconds: float) -> None:
        self.outside.now += seconds
        self.fleet.tick()
        assert all(until > self.outside.now for _, until in self.fleet.waiting)

    @precondition(lambda self: not self.fleet.retired)
    @rule()
    def retire(self) -> None:
        self.fleet.retire()

    @invariant()
    def no_call_is_lost_or_run_twice(self) -> None:
        known = [
            *(call for call, _ in self.fleet.waiting),
            *(call for calls in self.outside.at_work.values() for call in calls),
            *(call for call, _ in self.outside.failed),
            *self.done,
            *self.lost,
        ]
        assert sorted(known) == list(range(1, self.calls + 1))
        assert len(set(self.outside.order)) == len(self.outside.order)

    @invariant()
    def the_fleet_knows_who_works(self) -> None:
        assert {each: list(calls) for each, calls in self.fleet.busy.items()} == {
            each: calls for each, calls in self.outside.at_work.items() if calls
        }
        assert self.fleet.in_flight == sum(map(len, self.outside.at_work.values()))
        assert self.fleet.starting == self.pending
        assert all(len(calls) <= self.slots for calls in self.outside.at_work.values())
        assert not set(self.fleet.idle) & {*self.working, *self.outside.stopped}

    @invariant()
    def there_are_never_too_many(self) -> None:
        assert 0 <= self.fleet.size <= self.maximum

    @invariant()
    def nobody_waits_for_nothing(self) -> None:
        assert not (self.fleet.waiting and self.fleet.idle)
        for _, until in self.fleet.waiting:
            assert self.fleet.size > 0 or until < float("inf")

    @invariant()
    def first_in_is_first_out(self) -> None:
        assert self.outside.order == sorted(self.outside.order)

    @invariant()
    def it_is_drained_once_and_only_when_empty(self) -> None:
        empty = self.fleet.retired and not self.fleet.size and not self.fleet.waiting
        assert self.outside.drains == int(empty)

    def teardown(self) -> None:
        """Whatever happened, all that waits is answered in the end."""
        if not hasattr(self, "fleet"):
            return
        for _ in range(200):
            for _ in range(self.pending):
                self.ready()
            for instance in self.working:
                for call in list(self.outside.at_work[instance]):
                    self.outside.at_work[instance].remove(call)
                    self.done.append(call)
                    self.fleet.done(instance, call)
            self.outside.now += 1.0
            self.fleet.tick()
            if not (self.fleet.waiting or self.working or self.pending):
                break
        assert not self.fleet.waiting
        assert self.fleet.retired or self.fleet.size >= self.minimum


TestFleet = FleetMachine.TestCase
TestFleet.settings = settings(
    max_examples=settings().max_examples // 2, stateful_step_count=30, deadline=None
)


@pytest.mark.parametrize("scaler", [SCALERS["slo"], SCALERS["keep"]])
def test_a_call_that_meets_a_full_fleet_is_refused_at_once_without_a_queue(scaler: Any) -> None:
    outside = Outside()
    fleet = fleet_of(outside, scaler(), maximum=1)
    fleet.arrive(1)
    fleet.ready(1)
    fleet.arrive(2)
    assert outside.failed == [(2, Failure.FULL)]


def test_a_call_is_refused_when_the_provider_would_start_no_more_now() -> None:
    outside = Outside()
    fleet = fleet_of(outside, SCALERS["slo, starts capped"](), maximum=9)
    for call in (1, 2, 3):
        fleet.arrive(call)
    assert (outside.starts, outside.failed) == (2, [(3, Failure.FULL)])
    outside.now = 2.0
    fleet.arrive(4)
    assert (outside.starts, len(outside.failed)) == (3, 1)


def test_the_instance_that_was_used_last_is_used_first_and_balanced_takes_turns() -> None:
    for balance, taken in ((Balance.RECENT, [2, 2, 2, 2]), (Balance.BALANCED, [1, 2, 1, 2])):
        outside = Outside()
        fleet = fleet_of(outside, minimum=2, maximum=2, balance=balance)
        fleet.open()
        fleet.ready(1)
        fleet.ready(2)
        found = []
        for call in range(4):
            fleet.arrive(call)
            found += [each for each, calls in outside.at_work.items() if calls]
            outside.at_work[found[-1]].remove(call)
            fleet.done(found[-1], call)
        assert found == taken


def test_of_instances_with_several_slots_the_one_with_the_fewest_calls_takes_the_next() -> None:
    outside = Outside()
    fleet = fleet_of(outside, minimum=2, maximum=2, slots=3)
    fleet.open()
    fleet.ready(1)
    fleet.ready(2)
    for call in range(6):
        fleet.arrive(call)
        counts = [len(outside.at_work.get(each, [])) for each in (1, 2)]
        assert max(counts) - min(counts) <= 1
    fleet.arrive(6)
    assert outside.failed == [(6, Failure.FULL)]


def test_a_worn_instance_works_until_another_is_ready_and_no_call_fails() -> None:
    outside = Outside()
    fleet = fleet_of(outside, maximum=2, bounds=Bounds(requests=1))
    fleet.arrive(1)
    fleet.ready(1)
    outside.at_work.pop(1)
    fleet.done(1, 1)
    assert (outside.starts, outside.stopped) == (2, [])
    fleet.arrive(2)
    assert outside.at_work == {1: [2]}
    fleet.ready(2)
    assert outside.stopped == []
    outside.at_work.pop(1)
    fleet.done(1, 2)
    assert (outside.stopped, fleet.reason) == ([1], "recycled after 1 requests")


def test_a_worn_instance_at_the_maximum_goes_first() -> None:
    outside = Outside()
    fleet = fleet_of(outside, maximum=1, queue_s=5, bounds=Bounds(memory_mb=100))
    fleet.arrive(1)
    fleet.ready(1)
    fleet.arrive(2)
    outside.at_work.pop(1)
    fleet.done(1, 1, memory_mb=120)
    assert (outside.stopped, outside.starts) == ([1], 2)
    fleet.ready(2)
    assert outside.at_work == {2: [2]}
