"""Which call an instance gets, which waits and which is refused, one rule at a time."""

from typing import Any

import pytest

from infra.local.runtime.emulate import Failure
from infra.local.runtime.scaling.balancer import Balance
from infra.local.runtime.scaling.fleet import Fleet
from infra.local.runtime.scaling.maintenance import Bounds
from tests.support.fleets import SCALERS, Outside, fleet_of


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
    fleet.upkeep.weighed(1, 120)
    fleet.done(1, 1)
    assert (outside.stopped, outside.starts, outside.recycled) == ([1], 2, 1)
    fleet.ready(2)
    assert outside.at_work == {2: [2]}


def test_who_comes_while_a_worn_instance_is_replaced_waits_a_second_and_is_not_refused() -> None:
    """Of so few that it had to go first: recycling must cost no call."""
    outside = Outside()
    fleet = fleet_of(outside, maximum=1, bounds=Bounds(requests=1))
    fleet.arrive(1)
    fleet.ready(1)
    outside.at_work.pop(1)
    fleet.done(1, 1)
    for call in (2, 3, 4):
        fleet.arrive(call)
    assert (outside.stopped, outside.failed) == ([1], [])
    outside.now = 0.3
    fleet.ready(2)
    fleet.upkeep.bounds = None
    outside.at_work.pop(2)
    fleet.done(2, 2)
    outside.now = 1.0
    fleet.arrive(5)
    fleet.tick()
    assert outside.at_work == {2: [3]}
    assert outside.failed == [(5, Failure.FULL), (4, Failure.FULL)]


@pytest.mark.parametrize("calls", [0, 6])
def test_of_worn_instances_at_the_maximum_one_goes_at_a_time(calls: int) -> None:
    """Those that started together are worn together, and all but one must go on serving."""
    outside = Outside()
    fleet = fleet_of(outside, minimum=6, maximum=6, bounds=Bounds(age_s=100))
    fleet.open()
    for instance in range(1, 7):
        fleet.ready(instance)
    for call in range(calls):
        fleet.arrive(call)
    outside.now = 101
    for instance in range(1, 7):
        for call in outside.at_work.pop(instance, []):
            fleet.done(instance, call)
    started = 6
    for _ in range(20):
        assert len(fleet.idle) >= 5
        fleet.tick()
        assert len(fleet.idle) >= 5
        while started < outside.starts:
            started += 1
            fleet.ready(started)
    assert (sorted(outside.stopped), sorted(fleet.idle)) == ([*range(1, 7)], [*range(7, 13)])


def test_a_call_waits_as_long_as_the_queue_says_and_is_then_refused() -> None:
    outside = Outside()
    fleet = fleet_of(outside, maximum=1, queue_s=5)
    fleet.arrive(1)
    fleet.ready(1)
    fleet.arrive(2)
    outside.now = 4.9
    fleet.tick()
    assert outside.failed == []
    fleet.arrive(3)
    outside.now = 5.0
    fleet.tick()
    assert outside.failed == [(2, Failure.FULL)]
    outside.at_work[1].remove(1)
    fleet.done(1, 1)
    assert outside.order == [1, 3]


def test_a_call_that_an_instance_is_started_for_waits_for_it_however_long() -> None:
    outside = Outside()
    fleet = fleet_of(outside, SCALERS["slo"]())
    fleet.arrive(1)
    outside.now = 1000
    fleet.tick()
    fleet.ready(1)
    assert outside.at_work == {1: [1]}


def used_to_calls_of_a_millisecond(outside: Outside) -> Fleet[int, int]:
    fleet = fleet_of(outside, SCALERS["slo"](), maximum=3)
    for call in range(20):
        fleet.arrive(call)
        if call == 0:
            outside.now += 1.0
            fleet.ready(1)
        outside.now += 0.001
        outside.at_work[1].remove(call)
        fleet.done(1, call)
    return fleet


def test_behind_calls_that_do_not_end_nobody_waits_for_their_end() -> None:
    outside = Outside()
    fleet = used_to_calls_of_a_millisecond(outside)
    fleet.tick()
    for call in (20, 21, 22):  # the first one hangs
        fleet.arrive(call)
    assert (outside.starts, fleet.waited(outside.now)) == (1, 0.0)
    outside.now += 0.005
    fleet.tick()
    assert outside.starts == 1
    outside.now += 0.01
    fleet.tick()
    fleet.tick()
    assert (outside.starts, fleet.reason) == (3, "no call at work ends")
    fleet.ready(2)
    fleet.ready(3)
    assert outside.at_work == {1: [20], 2: [21], 3: [22]}


def test_where_calls_end_too_slowly_for_those_that_wait_one_more_starts() -> None:
    outside = Outside()
    fleet = used_to_calls_of_a_millisecond(outside)
    fleet.tick()
    for call in range(20, 70):
        fleet.arrive(call)
    for _ in range(40):
        outside.now += 0.003
        fleet.done(1, outside.at_work[1].pop())
    fleet.tick()
    assert (outside.starts, fleet.reason) == (2, "waits longer than the goal")


def test_who_waits_for_calls_that_do_not_end_is_refused_when_no_more_may_start() -> None:
    outside = Outside()
    fleet = used_to_calls_of_a_millisecond(outside)
    fleet.tick()
    for call in range(20, 26):
        fleet.arrive(call)
    outside.now += 0.05
    fleet.tick()
    fleet.ready(2)
    fleet.ready(3)
    fleet.arrive(26)
    assert outside.failed == [(26, Failure.FULL)]
    outside.now += 0.94
    fleet.tick()
    assert len(fleet.waiting) == 3
    outside.now += 0.02
    fleet.tick()
    assert [call for call, _ in outside.failed] == [26, 23, 24, 25]


def test_the_end_of_an_instance_that_was_stopped_starts_none() -> None:
    """It is told of when its process is gone, while calls wait that need no start."""
    outside = Outside()
    fleet = used_to_calls_of_a_millisecond(outside)
    fleet.tick()
    for call in (20, 21, 22):
        fleet.arrive(call)
    fleet.lost(99)
    assert (outside.starts, len(fleet.waiting)) == (1, 2)
    fleet.lost(1)
    assert outside.starts == 3


def test_a_retired_fleet_finishes_what_it_has_and_is_drained_once() -> None:
    outside = Outside()
    fleet = fleet_of(outside, maximum=2, queue_s=5)
    for call in (1, 2, 3):
        fleet.arrive(call)
    fleet.ready(1)
    fleet.retire()
    fleet.ready(2)
    assert outside.drains == 0
    for instance in (1, 2, 1):
        fleet.done(instance, outside.at_work[instance].pop())
    for instance in (1, 2):
        fleet.lost(instance)
    assert (outside.order, outside.stopped, outside.drains) == ([1, 2, 3], [2, 1], 1)


def test_a_retired_fleet_leaves_no_call_behind_one_that_hangs() -> None:
    outside = Outside()
    fleet = fleet_of(outside, SCALERS["utilisation"](), maximum=2)
    fleet.arrive(1)
    fleet.ready(1)
    fleet.arrive(2)
    fleet.retire()
    fleet.tick()
    fleet.ready(2)
    assert outside.at_work == {1: [1], 2: [2]}


def test_another_scaler_balance_and_bounds_hold_from_the_next_event_on() -> None:
    outside = Outside()
    fleet = fleet_of(outside, minimum=2, maximum=2)
    fleet.open()
    fleet.ready(1)
    fleet.ready(2)
    fleet.balance = Balance.BALANCED
    fleet.arrive(1)
    fleet.arrive(2)
    assert outside.at_work == {1: [1], 2: [2]}
    fleet.scaler, fleet.upkeep.bounds = SCALERS["slo"](), Bounds(requests=1)
    outside.at_work.pop(1)
    fleet.done(1, 1)
    assert (outside.stopped, fleet.reason) == ([1], "recycled after 1 requests")
