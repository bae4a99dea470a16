"""A pool loses no call, answers none twice, and never has more instances than it may."""

from collections import deque

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
from infra.local.runtime.pool import Pool

KEEP_ALIVE_S = 10.0


class Outside:
    """A staff that does nothing by itself, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.now = 0.0
        self.starts = 0
        self.at_work: dict[int, int] = {}
        self.stopped: list[int] = []
        self.failed: list[tuple[int, Failure]] = []
        self.order: list[int] = []  # calls in the order that instances got them
        self.drains = 0

    def start(self) -> None:
        self.starts += 1

    def assign(self, instance: int, call: int) -> None:
        assert instance not in self.at_work
        assert instance not in self.stopped
        self.at_work[instance] = call
        self.order.append(call)

    def stop(self, instance: int) -> None:
        assert instance not in self.at_work, "a busy instance was stopped"
        self.stopped.append(instance)

    def fail(self, call: int, failure: Failure) -> None:
        self.failed.append((call, failure))

    def drained(self) -> None:
        self.drains += 1


def pool_of(
    outside: Outside, minimum: int = 0, maximum: int = 2, queue_s: float = 0
) -> Pool[int, int]:
    return Pool(
        outside,
        minimum=minimum,
        maximum=maximum,
        queue_s=queue_s,
        keep_alive_s=KEEP_ALIVE_S,
        now=lambda: outside.now,
    )


class PoolMachine(RuleBasedStateMachine):
    """Everything that can happen to a pool, in any order."""

    @initialize(
        minimum=st.integers(0, 3), maximum=st.integers(1, 4), queue_s=st.sampled_from([0, 1, 5])
    )
    def begin(self, minimum: int, maximum: int, queue_s: float) -> None:
        self.outside = Outside()
        self.minimum, self.maximum = min(minimum, maximum), maximum
        self.queue_s = queue_s
        self.pool = pool_of(self.outside, minimum, maximum, queue_s)
        self.calls = 0
        self.instances = 0
        self.pending = 0  # starts that have had no end
        self.seen = 0
        self.rests_until = 0.0
        self.done: list[int] = []
        self.lost: list[int] = []
        self.pool.open()
        self.settle()

    def settle(self) -> None:
        self.pending += self.outside.starts - self.seen
        self.seen = self.outside.starts

    @precondition(lambda self: not self.pool.retired)
    @rule()
    def arrive(self) -> None:
        self.calls += 1
        idle, room = len(self.pool.idle), self.pool.size < self.maximum
        refused = len(self.outside.failed)
        last = next(reversed(self.pool.idle), None)
        self.pool.arrive(self.calls)
        self.settle()
        if idle:
            assert self.outside.at_work[last] == self.calls  # type: ignore[index]
        if idle or room or self.queue_s:
            assert len(self.outside.failed) == refused

    @precondition(lambda self: self.pending)
    @rule()
    def ready(self) -> None:
        self.pending -= 1
        self.instances += 1
        self.pool.ready(self.instances)
        self.settle()

    @precondition(lambda self: self.pending)
    @rule()
    def start_fails(self) -> None:
        self.pending -= 1
        before = self.outside.starts
        waiting = len(self.pool.waiting)
        self.pool.start_failed()
        self.rests_until = self.outside.now + 1
        assert self.outside.starts - before <= max(waiting - 1, 0)
        self.settle()

    @precondition(lambda self: self.outside.at_work)
    @rule(data=st.data())
    def done_or_lost(self, data: st.DataObject) -> None:
        instance = data.draw(st.sampled_from(sorted(self.outside.at_work)))
        call = self.outside.at_work.pop(instance)
        if data.draw(st.booleans()):
            self.done.append(call)
            self.pool.done(instance)
        else:
            self.lost.append(call)
            self.pool.lost(instance)
        self.settle()

    @precondition(lambda self: self.pool.idle)
    @rule(data=st.data())
    def idle_one_dies(self, data: st.DataObject) -> None:
        instance = data.draw(st.sampled_from(sorted(self.pool.idle)))
        self.pool.lost(instance)
        self.settle()

    @precondition(lambda self: self.outside.stopped)
    @rule(data=st.data())
    def a_stopped_one_is_gone(self, data: st.DataObject) -> None:
        self.pool.lost(data.draw(st.sampled_from(self.outside.stopped)))
        self.settle()

    @rule(seconds=st.sampled_from([0.0, 0.5, 2.0, 6.0, 11.0]))
    def time_passes(self, seconds: float) -> None:
        self.outside.now += seconds
        failed = len(self.outside.failed)
        self.pool.tick()
        self.settle()
        assert all(until > self.outside.now for _, until in self.pool.waiting)
        assert {why for _, why in self.outside.failed[failed:]} <= {Failure.FULL}
        if not self.pool.retired and self.outside.now >= self.rests_until:
            assert self.pool.size >= self.minimum
        old = [
            since for since in self.pool.idle.values() if since + KEEP_ALIVE_S <= self.outside.now
        ]
        assert not old or self.pool.size <= self.minimum

    @rule()
    @precondition(lambda self: not self.pool.retired)
    def retire(self) -> None:
        self.pool.retire()
        self.settle()

    @invariant()
    def no_call_is_lost_or_answered_twice(self) -> None:
        known = [
            *(call for call, _ in self.pool.waiting),
            *self.outside.at_work.values(),
            *(call for call, _ in self.outside.failed),
            *self.done,
            *self.lost,
        ]
        assert sorted(known) == list(range(1, self.calls + 1))

    @invariant()
    def the_pool_knows_who_works(self) -> None:
        assert self.pool.busy == self.outside.at_work
        assert self.pool.starting == self.pending
        assert not set(self.pool.idle) & (set(self.outside.at_work) | set(self.outside.stopped))

    @invariant()
    def there_are_never_too_many(self) -> None:
        assert 0 <= self.pool.size <= self.maximum

    @invariant()
    def nobody_waits_while_somebody_idles(self) -> None:
        assert not (self.pool.waiting and self.pool.idle)
        if self.pool.waiting:
            assert self.pool.size > 0

    @invariant()
    def first_in_is_first_out(self) -> None:
        assert self.outside.order == sorted(self.outside.order)
        assert sorted(call for call, _ in self.pool.waiting) == [c for c, _ in self.pool.waiting]

    @invariant()
    def it_is_drained_once_and_only_when_empty(self) -> None:
        empty = self.pool.retired and not self.pool.size and not self.pool.waiting
        assert self.outside.drains == int(empty)


TestPool = PoolMachine.TestCase
TestPool.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


def test_a_call_that_meets_a_full_pool_is_refused_at_once_without_a_queue() -> None:
    outside = Outside()
    pool = pool_of(outside, maximum=1)
    pool.arrive(1)
    pool.ready(1)
    pool.arrive(2)
    assert outside.failed == [(2, Failure.FULL)]


def test_a_call_waits_as_long_as_the_queue_says_and_is_then_refused() -> None:
    outside = Outside()
    pool = pool_of(outside, maximum=1, queue_s=5)
    pool.arrive(1)
    pool.ready(1)
    pool.arrive(2)
    outside.now = 4.9
    pool.tick()
    assert outside.failed == []
    pool.arrive(3)
    outside.now = 5.0
    pool.tick()
    assert outside.failed == [(2, Failure.FULL)]
    outside.at_work.pop(1)
    pool.done(1)
    assert outside.order == [1, 3]


def test_a_call_that_an_instance_is_started_for_waits_for_it_however_long() -> None:
    outside = Outside()
    pool = pool_of(outside)
    pool.arrive(1)
    outside.now = 1000
    pool.tick()
    pool.ready(1)
    assert outside.at_work == {1: 1}


def test_the_instance_that_was_used_last_is_used_first_and_the_others_age() -> None:
    outside = Outside()
    pool = pool_of(outside, minimum=2, maximum=2)
    pool.open()
    pool.ready(1)
    pool.ready(2)
    for number in range(3):
        pool.arrive(number)
        assert outside.at_work.pop(2) == number
        pool.done(2)


def test_an_idle_instance_goes_after_keep_alive_but_the_minimum_stays() -> None:
    outside = Outside()
    pool = pool_of(outside, minimum=1, maximum=3)
    pool.open(least=3)
    for number in (1, 2, 3):
        pool.ready(number)
    outside.now = KEEP_ALIVE_S - 0.1
    pool.tick()
    assert outside.stopped == []
    outside.now = KEEP_ALIVE_S
    pool.tick()
    assert outside.stopped == [1, 2]


def test_a_minimum_that_cannot_start_is_tried_again_after_a_rest() -> None:
    outside = Outside()
    pool = pool_of(outside, minimum=2, maximum=2)
    pool.open()
    for tries in range(1, 5):
        pool.start_failed()
        pool.start_failed()
        outside.now += 0.9
        pool.tick()
        assert outside.starts == 2 * tries
        outside.now += 0.1
        pool.tick()


def test_each_failed_start_answers_one_call_so_that_failing_ends() -> None:
    outside = Outside()
    pool = pool_of(outside, maximum=3)
    for call in (1, 2, 3):
        pool.arrive(call)
    pending = deque(range(outside.starts))
    while pending:
        pending.popleft()
        before = outside.starts
        pool.start_failed()
        pending.extend(range(outside.starts - before))
    assert outside.failed == [(call, Failure.NOT_STARTED) for call in (1, 2, 3)]
    assert outside.starts == 3


def test_a_minimum_over_the_maximum_does_not_exceed_it() -> None:
    outside = Outside()
    pool = pool_of(outside, minimum=9, maximum=2)
    pool.open()
    pool.tick()
    assert outside.starts == 2


def test_a_retired_pool_finishes_what_it_has_and_is_drained_once() -> None:
    outside = Outside()
    pool = pool_of(outside, maximum=2, queue_s=5)
    for call in (1, 2, 3):
        pool.arrive(call)
    pool.ready(1)
    pool.retire()
    pool.ready(2)
    assert outside.drains == 0
    for instance in (1, 2, 1):
        outside.at_work.pop(instance)
        pool.done(instance)
    for instance in (1, 2):
        pool.lost(instance)
    assert (outside.order, outside.stopped, outside.drains) == ([1, 2, 3], [2, 1], 1)
