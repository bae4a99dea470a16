"""The simulator agrees with Erlang and Little, repeats itself, and serves every call once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from infra import capacity
from infra.errors import PlatformError
from infra.local.runtime.scaling.autoscaler import Autoscaler, Goal
from infra.local.runtime.scaling.balancer import Balance
from infra.local.runtime.scaling.decisions import Scaler
from infra.local.runtime.scaling.utilisation import Utilisation
from infra.simulation import trace, workloads
from infra.simulation.baselines import Fixed, Horizontal, KeepFor, Knative
from infra.simulation.events import Outcome, Simulation, World
from infra.simulation.frontier import Point, cheapest, frontier, judged, table, verdicts
from tests.conftest import Counts

MEAN_S = 0.1
SCALERS: dict[str, Callable[[float], Scaler]] = {
    "slo": lambda now: Autoscaler(now, Goal(start_rate=capacity.START_RATES["alicloud"])),
    "utilisation": Utilisation,
    "KPA": Knative,
    "HPA": Horizontal,
    "keep": lambda _: KeepFor(10),
}


def fixed(load: float, servers: int, count: int, queue_s: float, **more: object) -> Outcome:
    calls = workloads.steady(1, load / MEAN_S, MEAN_S, count)
    world = World(0.0, maximum=servers, minimum=servers, queue_s=queue_s, **more)  # type: ignore[arg-type]
    return Simulation(calls, lambda _: Fixed(), world).run()


@pytest.mark.parametrize(("load", "servers"), [(4, 5), (20, 22)])
def test_a_full_fleet_refuses_what_erlang_b_says(counts: Counts, load: float, servers: int) -> None:
    calls = counts(small=10_000, full=1_000_000)
    share = fixed(load, servers, calls, 0).refused / calls
    expected = capacity.refused(load, servers)
    assert share == pytest.approx(expected, rel=counts(small=20, full=2) / 100)


@pytest.mark.parametrize(("load", "servers"), [(1, 2), (4, 6)])
def test_in_a_queue_as_many_wait_as_erlang_c_says_and_as_long(
    counts: Counts, load: float, servers: int
) -> None:
    calls = counts(small=10_000, full=1_000_000)
    delays = fixed(load, servers, calls, float("inf")).delays
    close = counts(small=25, full=5) / 100
    waiting = sum(1 for each in delays if each > 0) / calls
    assert waiting == pytest.approx(capacity.waits(load, servers), rel=close)
    late = sum(1 for each in delays if each > 0.05) / calls
    assert late == pytest.approx(capacity.waits_longer(load, servers, MEAN_S, 0.05), rel=close)


def test_work_in_flight_is_rate_times_time_as_little_says(counts: Counts) -> None:
    """Of busy instances, measured from outside, and with starts and stops in between."""
    calls = workloads.steady(2, 100, MEAN_S, counts(small=8_000, full=400_000))
    outcome = Simulation(calls, SCALERS["slo"], World(0.3)).run()
    rate, lasted_s = len(calls) / calls[-1][0], calls[-1][0]
    work = capacity.work_in_flight(rate, MEAN_S)
    assert outcome.busy_s / lasted_s == pytest.approx(work, rel=counts(small=5, full=3) / 100)


def test_each_has_the_same_share_when_balanced_and_at_saturation(counts: Counts) -> None:
    """S = T/N within a tenth."""
    calls = counts(small=8_000, full=400_000)
    for load, balance in ((4, Balance.BALANCED), (7.9, Balance.RECENT)):
        worked = fixed(load, 8, calls, float("inf"), balance=balance).worked
        mean = sum(worked.values()) / 8
        assert len(worked) == 8
        assert all(each == pytest.approx(mean, rel=0.1) for each in worked.values())


@pytest.mark.parametrize("name", sorted(SCALERS))
@pytest.mark.parametrize("maximum", [6, 1000])
def test_every_call_is_served_once_in_order_and_never_by_too_many(name: str, maximum: int) -> None:
    calls = workloads.flash_sale(7, until_s=60)
    outcome = Simulation(calls, SCALERS[name], World(0.3, maximum=maximum)).run(900)
    assert outcome.order == list(range(len(calls)))
    assert outcome.refused == 0
    assert outcome.most <= maximum
    assert outcome.busy_s == pytest.approx(sum(work_s for _, work_s in calls))
    assert sum(outcome.worked.values()) == pytest.approx(outcome.busy_s)
    assert outcome.instance_s >= outcome.busy_s


@pytest.mark.parametrize("name", sorted(set(SCALERS) - {"HPA"}))
def test_without_calls_each_comes_down_to_none(name: str) -> None:
    calls = workloads.flash_sale(7, until_s=60)
    outcome = Simulation(calls, SCALERS[name], World(0.3)).run(4000)
    assert outcome.sizes[-1][1] == 0


@pytest.mark.parametrize("name", sorted(SCALERS))
def test_a_run_repeats_itself(name: str) -> None:
    first, second = (
        Simulation(workloads.on_off(3, 120), SCALERS[name], World(0.3)).run(200) for _ in range(2)
    )
    assert first == second
    assert workloads.on_off(3, 120) != workloads.on_off(4, 120)


def test_a_provider_that_starts_slowly_bounds_how_fast_instances_come() -> None:
    goal = Goal(start_rate=capacity.StartRate(at_once=3, per_s=1.0))
    calls = [(0.0, 60.0)] * 50
    outcome = Simulation(calls, lambda now: Autoscaler(now, goal), World(0.3)).run()
    assert all(size <= 3 + at for at, size in outcome.sizes)
    assert outcome.most > 20


def test_a_flash_sale_is_six_times_the_calls_for_a_third_of_the_time() -> None:
    times = [at for at, _ in workloads.flash_sale(1)]
    thirds = [sum(1 for at in times if 300 * n <= at < 300 * (n + 1)) for n in range(3)]
    assert times == sorted(times)
    assert thirds[1] == pytest.approx(6 * thirds[0], rel=0.1)
    assert thirds[2] == pytest.approx(thirds[0], rel=0.1)


def points() -> list[Point]:
    return [
        Point("ours", "a", 0.02, 2.0),
        Point("ours", "b", 0.001, 4.0),
        Point("KPA", "", 0.02, 3.0),
        Point("keep", "60", 0.001, 3.5),
        Point("keep", "600", 0.0, 9.0),
    ]


def test_the_frontier_is_what_nobody_beats_in_both_and_losses_are_told() -> None:
    made = points()
    assert [each.name for each in frontier(made)] == ["ours a", "keep 60", "keep 600"]
    assert cheapest(0.015, made[:2]) == made[1]
    assert cheapest(0.0, made[:2]) is None
    assert verdicts(made, "ours") == [
        "beats KPA, 2.000% late at 3.00: ours a has 2.000% late at cost 2.00 (-33%)",
        "lost  to keep 60, 0.100% late at 3.50: ours b has 0.100% late at cost 4.00 (+14%)",
        "lost  to keep 600: none of ours has 0.000% late or less",
    ]
    assert "* keep 60" in table(made)
    assert "  KPA " in table(made)


def test_a_refused_call_is_late_and_cost_is_what_instances_had_over_what_they_did() -> None:
    outcome = Outcome(delays=[0.0, 0.2, -1.0, 0.1], busy_s=2.0, instance_s=5.0, starts=3, most=2)
    assert judged("x", "", [outcome], 0.1) == Point("x", "", 0.5, 2.5, float("inf"), 3, 2)


def write_trace(folder: Path, minutes: dict[str, list[int]], run_ms: list[float]) -> None:
    columns = ",".join(f"minute_{each}" for each in range(1, 1441))
    rows = [
        f"{name},{','.join(map(str, counts + [0] * (1440 - len(counts))))}"
        for name, counts in minutes.items()
    ]
    (folder / "a_inv.csv").write_text("\n".join([f"HashFunction,{columns}", *rows]))
    percentiles = ",".join(f"percentile_Average_{each}" for each in (0, 1, 25, 50, 75, 99, 100))
    runs = [f"{name},{run_ms[3]},{','.join(map(str, run_ms))}" for name in minutes]
    (folder / "a_run.csv").write_text("\n".join([f"HashFunction,Average,{percentiles}", *runs]))


def test_a_trace_gives_each_minute_its_calls_and_run_times_between_the_percentiles(
    tmp_path: Path,
) -> None:
    write_trace(tmp_path, {"f": [3, 0, 2]}, [10, 20, 30, 40, 50, 60, 70])
    [function] = trace.read(tmp_path)
    calls = function.calls(1, 3)
    assert [int(at // 60) for at, _ in calls] == [0, 0, 0, 2, 2]
    assert all(0.01 <= work_s <= 0.07 for _, work_s in calls)
    assert calls == function.calls(1, 3)
    assert function.calls(1, 2) == [each for each in function.calls(1, 2) if each[0] < 120]


def test_the_halves_share_no_function_and_leave_out_what_does_not_count(tmp_path: Path) -> None:
    minutes = {f"f{each}": [each] for each in range(10)}
    write_trace(tmp_path, minutes, [10] * 7)
    tune, held = trace.halves(trace.read(tmp_path), 1, range(2, 9), 1.0)
    assert {each.name for each in tune} | {each.name for each in held} == {
        f"f{each}" for each in range(2, 9)
    }
    assert len(tune) + len(held) == 7
    assert trace.halves(trace.read(tmp_path), 1, range(2, 9), 0.001) == ([], [])


def test_a_folder_without_a_trace_is_refused_with_what_it_should_hold(tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match=r"0 files \*_inv.csv.*\n→ give a folder with exactly"):
        trace.read(tmp_path)
    (tmp_path / "a_inv.csv").write_text("HashFunction\nf\n")
    (tmp_path / "a_run.csv").write_text("HashFunction\nf\n")
    with pytest.raises(PlatformError, match="not a trace, KeyError"):
        trace.read(tmp_path)
