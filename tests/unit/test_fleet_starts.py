"""What a fleet starts, keeps and tries again."""

from collections import deque

import pytest

from infra.local.runtime.emulate import Failure
from tests.support.fleets import SCALERS, Outside, fleet_of


def test_an_idle_instance_goes_but_the_minimum_stays() -> None:
    outside = Outside()
    fleet = fleet_of(outside, minimum=1, maximum=3)
    fleet.open(least=3)
    for instance in (1, 2, 3):
        fleet.ready(instance)
    outside.now = 9.9
    fleet.tick()
    assert outside.stopped == []
    outside.now = 11.0
    fleet.tick()
    assert outside.stopped == [1, 2]


def test_a_minimum_that_cannot_start_is_tried_again_after_a_rest() -> None:
    outside = Outside()
    fleet = fleet_of(outside, minimum=2, maximum=2)
    fleet.open()
    for tries in range(1, 5):
        fleet.start_failed()
        fleet.start_failed()
        outside.now += 0.9
        fleet.tick()
        assert outside.starts == 2 * tries
        outside.now += 0.1
        fleet.tick()


def test_each_failed_start_answers_one_call_so_that_failing_ends() -> None:
    outside = Outside()
    fleet = fleet_of(outside, maximum=3)
    for call in (1, 2, 3):
        fleet.arrive(call)
    pending = deque(range(outside.starts))
    while pending:
        pending.popleft()
        before = outside.starts
        fleet.start_failed()
        pending.extend(range(outside.starts - before))
    assert outside.failed == [(call, Failure.NOT_STARTED) for call in (1, 2, 3)]
    assert outside.starts == 3


@pytest.mark.parametrize("scaler", ["slo", "utilisation"])
def test_calls_that_were_lost_or_refused_are_no_work_that_instances_are_kept_for(
    scaler: str,
) -> None:
    outside = Outside()
    fleet = fleet_of(outside, SCALERS[scaler](), maximum=2)
    for instance in (1, 2):
        fleet.arrive(instance)
        if len(outside.at_work) < instance:
            fleet.ready(instance)
        fleet.lost(instance)
        fleet.arrive(10 + instance)
        while fleet.starting:
            fleet.start_failed()
    ready = 10
    for _ in range(400):
        outside.now += 1.0
        fleet.tick()
        while fleet.starting:
            ready += 1
            fleet.ready(ready)
    assert (fleet.in_flight, len(fleet.waiting), fleet.size) == (0, 0, 0)
