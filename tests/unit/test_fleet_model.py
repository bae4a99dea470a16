"""A fleet loses no call, runs none twice, has never too many instances and stops none at work."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from infra.local.runtime.emulate import Failure
from infra.local.runtime.scaling.balancer import Balance
from infra.local.runtime.scaling.maintenance import Bounds
from tests.support.fleets import BOUNDS, SCALERS, Outside, fleet_of


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
        self.queue_s, self.capped = queue_s, "capped" in scaler
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
            refused = len(self.outside.failed)
            self.fleet.arrive(self.calls)
            if len(self.outside.failed) > refused:
                assert not self.queue_s
                assert self.fleet.size == self.maximum or self.capped

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
        before, waiting = self.outside.starts, len(self.fleet.waiting)
        self.fleet.start_failed()
        assert self.outside.starts - before <= max(waiting - 1, 0)

    @precondition(lambda self: self.working)
    @rule(data=st.data(), memory_mb=st.sampled_from([50, 150]))
    def done_(self, data: st.DataObject, memory_mb: float) -> None:
        instance = data.draw(st.sampled_from(self.working))
        call = data.draw(st.sampled_from(self.outside.at_work[instance]))
        self.outside.at_work[instance].remove(call)
        self.done.append(call)
        self.fleet.upkeep.weighed(instance, memory_mb)
        self.fleet.done(instance, call)

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
        failed = len(self.outside.failed)
        self.fleet.tick()
        assert {why for _, why in self.outside.failed[failed:]} <= {Failure.FULL}
        assert all(until > self.outside.now for *_, until in self.fleet.waiting)

    @precondition(lambda self: not self.fleet.retired)
    @rule()
    def retire(self) -> None:
        self.fleet.retire()

    @invariant()
    def no_call_is_lost_or_run_twice(self) -> None:
        known = [
            *(call for call, *_ in self.fleet.waiting),
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
        for *_, until in self.fleet.waiting:
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
