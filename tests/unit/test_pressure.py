"""What the thread that hands out calls tells of its own time."""

import time

import pytest

from infra.local.runtime.pressure import Pressure, wanted


class Times:
    """The time that has passed, and what of it a thread wanted."""

    def __init__(self) -> None:
        self.now, self.wanted = 100.0, 7.0

    def second(self, wanted: float, lasting: float = 1.0) -> None:
        self.now += lasting
        self.wanted += wanted


@pytest.mark.parametrize(("share", "crowded"), [(0.0, False), (0.89, False), (0.91, True)])
def test_a_thread_with_less_than_a_tenth_of_its_time_to_rest_is_crowded(
    share: float, *, crowded: bool
) -> None:
    times = Times()
    pressure = Pressure(lambda: times.wanted, lambda: times.now)
    assert not pressure.crowded()
    times.second(share)
    assert pressure.crowded() is crowded


def test_what_was_found_holds_for_a_second_and_then_the_next_one_counts_alone() -> None:
    times = Times()
    pressure = Pressure(lambda: times.wanted, lambda: times.now)
    times.second(1.0)
    assert pressure.crowded()
    times.second(0.0, lasting=0.5)
    assert pressure.crowded()
    times.second(0.2, lasting=0.6)
    assert not pressure.crowded()


def test_a_thread_wants_the_time_that_it_works_and_not_the_time_that_it_sleeps() -> None:
    before = wanted()
    time.sleep(0.05)
    slept = wanted() - before
    until = time.thread_time() + 0.1
    while time.thread_time() < until:
        pass
    assert wanted() - before - slept >= 0.09
