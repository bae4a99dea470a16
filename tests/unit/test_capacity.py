"""The formulas that limits come from give known values, and hold what defines them."""

import math
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from infra import capacity
from tests.conftest import Counts

LOADS = st.floats(0.01, 200)
SERVERS = st.integers(1, 300)


def test_the_three_formulas_divide_what_littles_law_gives() -> None:
    work = capacity.work_in_flight(rate=200, service_s=0.05)
    assert work == pytest.approx(10)
    assert capacity.share(work, 4) == pytest.approx(2.5)
    assert capacity.instances_for_share(work, 2.5) == 4
    assert capacity.instances_for_use(work, 0.7) == 15


@example(work=6e-8, each=60.0)  # little work is work
@given(work=st.floats(0, 1e6), each=st.floats(0.01, 100))
def test_scaling_undoes_balancing_with_no_instance_to_spare(work: float, each: float) -> None:
    instances = capacity.instances_for_share(work, each)
    assert instances * each >= work * (1 - 1e-8) - 1e-8
    assert (instances - 1) * each < work or instances == 0


@pytest.mark.parametrize(
    ("load", "servers", "chance"),
    [(1, 1, 1 / 2), (2, 2, 2 / 5), (5, 10, 0.018385), (10, 10, 0.214582), (100, 117, 0.0098)],
)
def test_erlang_b_gives_the_values_of_the_tables(load: float, servers: int, chance: float) -> None:
    assert capacity.refused(load, servers) == pytest.approx(chance, rel=2e-3)


@pytest.mark.parametrize(
    ("load", "servers", "chance"), [(0.5, 1, 0.5), (1, 2, 1 / 3), (2, 3, 4 / 9), (8, 10, 0.409180)]
)
def test_erlang_c_gives_the_values_of_the_tables(load: float, servers: int, chance: float) -> None:
    assert capacity.waits(load, servers) == pytest.approx(chance, rel=1e-5)


@given(load=LOADS, servers=SERVERS)
def test_erlang_b_is_the_share_of_time_that_all_are_busy(load: float, servers: int) -> None:
    """By its definition, a sum of Poisson terms, in logarithms."""
    terms = [n * math.log(load) - math.lgamma(n + 1) for n in range(servers + 1)]
    most = max(terms)
    expected = math.exp(terms[-1] - most) / math.fsum(math.exp(each - most) for each in terms)
    assert capacity.refused(load, servers) == pytest.approx(expected, rel=1e-9, abs=1e-300)


@given(load=LOADS, servers=SERVERS)
def test_erlang_c_follows_its_own_recurrence(load: float, servers: int) -> None:
    """From C(N-1) alone, without B."""
    if servers <= load + 1 or servers == 1:
        assert capacity.waits(load, servers) >= capacity.refused(load, servers)
        return
    before = capacity.waits(load, servers - 1)
    above = (servers - 1 - load) * load * before
    below = (servers - 1) * (servers - load) - load * before
    assert capacity.waits(load, servers) == pytest.approx(above / below, rel=1e-6)


@pytest.mark.parametrize("servers", [1000, 5000, 20_000])
def test_thousands_of_servers_overflow_nothing(servers: int) -> None:
    load = servers - 2 * math.sqrt(servers)
    full, waits = capacity.refused(load, servers), capacity.waits(load, servers)
    # at two square roots to spare both have limits (Halfin and Whitt, 1981)
    assert full * math.sqrt(servers) == pytest.approx(0.0553, rel=0.1)
    assert waits == pytest.approx(0.0269, abs=0.003)
    assert capacity.refused(servers * 10, servers) == pytest.approx(0.9, abs=1e-3)
    assert capacity.refused(0.001, servers) == 0.0


@given(load=st.floats(0.001, 200), goal=st.floats(1e-6, 0.5))
def test_the_least_that_refuse_no_more_than_the_goal_are_the_least(
    load: float, goal: float
) -> None:
    least = capacity.least_refusing(load, goal)
    assert capacity.refused(load, least) <= goal
    assert least == 0 or capacity.refused(load, least - 1) > goal


@given(
    load=st.floats(0.001, 200),
    service_s=st.floats(0.001, 10),
    wait_s=st.floats(0, 1),
    goal=st.floats(1e-6, 0.5),
)
def test_the_least_that_let_nobody_wait_too_long_are_the_least(
    load: float, service_s: float, wait_s: float, goal: float
) -> None:
    least = capacity.least_waiting(load, service_s, wait_s, goal)
    assert least > load
    assert capacity.waits_longer(load, least, service_s, wait_s) <= goal
    fewer = least - 1
    assert fewer <= load or capacity.waits_longer(load, fewer, service_s, wait_s) > goal


def test_no_load_needs_no_server() -> None:
    assert capacity.least_waiting(0, 0.1, 0.1, 0.01) == 0
    assert capacity.least_refusing(0, 0.01) == 0


def test_the_use_of_instances_rises_with_scale() -> None:
    """What M = T/U cannot say: for one goal, large systems need less to spare."""
    use = [load / capacity.least_waiting(load, 0.05, 0.1, 0.01) for load in (1, 10, 100, 1000)]
    assert use == sorted(use)
    assert use[-1] > 0.98


@given(load=st.floats(20, 150), peakedness=st.floats(1, 4))
def test_bursts_need_about_what_hayward_says(load: float, peakedness: float) -> None:
    by_chance = capacity.least_refusing(load, 0.01)
    found = capacity.least_peaked(by_chance, capacity.carried_refusing(by_chance, 0.01), peakedness)
    hayward = peakedness * capacity.least_refusing(load / peakedness, 0.01)
    assert found >= by_chance
    assert found == pytest.approx(hayward, rel=0.1, abs=2 * peakedness)


GOALS = st.floats(1e-6, 0.5)


@given(servers=st.integers(0, 200), goal=GOALS)
def test_what_servers_carry_is_what_they_are_just_enough_for(servers: int, goal: float) -> None:
    comes = capacity.carried_refusing(servers, goal) / (1 - goal)
    assert capacity.refused(comes, servers) == pytest.approx(goal if servers else 1, rel=1e-6)
    if servers:
        waiting = capacity.carried_waiting(servers, 0.05, 0.1, goal)
        assert capacity.waits_longer(waiting, servers, 0.05, 0.1) == pytest.approx(goal, rel=1e-6)
        assert capacity.least_waiting(waiting * (1 - 1e-9), 0.05, 0.1, goal) <= servers


def for_bursts(load: float, goal: float, patience: float | None, peakedness: float) -> int:
    """What a load needs; those that wait do so for so many service times."""
    if patience is None:
        least = capacity.least_refusing(load, goal)
        carried = capacity.carried_refusing(least, goal)
    else:
        least = capacity.least_waiting(load, 1, patience, goal)
        carried = capacity.carried_waiting(least, 1, patience, goal)
    return capacity.least_peaked(least, carried, peakedness)


@pytest.mark.parametrize("peakedness", [1, 1.5, 2, 10, 100])
@pytest.mark.parametrize("patience", [None, 0, 2, 600])
@pytest.mark.parametrize("goal", [1e-6, 0.001, 0.01, 0.5])
def test_more_load_in_bursts_never_needs_less(
    goal: float, patience: float | None, peakedness: float, counts: Counts
) -> None:
    """In steps so small that several have the same number of servers by chance."""
    loads = [0.1 * each for each in range(counts(small=40, full=150))]
    found = [for_bursts(load, goal, patience, peakedness) for load in loads]
    assert found == sorted(found)


@given(
    load=st.floats(0.001, 100),
    more=st.floats(1, 1.5),
    goal=GOALS,
    patience=st.none() | st.floats(0, 100),
    peakedness=st.floats(1, 100),
)
def test_no_two_loads_in_bursts_need_less_for_more(
    load: float, more: float, goal: float, patience: float | None, peakedness: float
) -> None:
    few = for_bursts(load, goal, patience, peakedness)
    assert few <= for_bursts(load * more, goal, patience, peakedness)
    assert few >= load * (1 - goal) - 1e-6


@given(rate=st.floats(0, 50), window_s=st.floats(0.01, 5), goal=st.floats(1e-4, 0.5))
def test_a_burst_is_the_least_that_more_calls_seldom_exceed(
    rate: float, window_s: float, goal: float
) -> None:
    mean, count = rate * window_s, capacity.burst(rate, window_s, goal)
    assert _poisson_above(mean, count) <= goal + 1e-9
    assert count == 0 or _poisson_above(mean, count - 1) > goal - 1e-9


def _poisson_above(mean: float, count: int) -> float:
    if mean == 0:
        return 0.0
    logs = (n * math.log(mean) - mean - math.lgamma(n + 1) for n in range(count + 1))
    return 1 - math.fsum(map(math.exp, logs))


def test_starts_beyond_the_burst_come_at_the_providers_pace() -> None:
    assert capacity.START_RATES["aws"].seconds(1000) == 0
    assert capacity.START_RATES["aws"].seconds(2000) == 10
    assert capacity.START_RATES["alicloud"].seconds(900) == 120


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: capacity.share(1, 0), "instances=0 has no answer: a finite number from 1 on"),
        (lambda: capacity.instances_for_share(1, 0), "each=0 .* above 0"),
        (lambda: capacity.instances_for_use(1, 1.5), "used=1.5 is no share of the time"),
        (lambda: capacity.refused(-1, 1), "load=-1 "),
        (lambda: capacity.least_refusing(1, 0), "goal=0 cannot be reached"),
        (lambda: capacity.least_waiting(math.inf, 1, 1, 0.1), "load=inf "),
        (lambda: capacity.work_in_flight(math.nan, 1), "rate=nan "),
    ],
)
def test_a_quantity_without_an_answer_is_refused_by_name(
    call: Callable[[], float], said: str
) -> None:
    with pytest.raises(capacity.CapacityError, match=said):
        call()
