"""Limits follow from demand by the formulas, give their reasons, and yield to what is stated."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra import capacity, limits
from infra.capacity import StartRate
from infra.demand import Demand, Units, Work
from infra.derived import Limit, derive
from infra.limited import limited, told
from infra.model import (
    Function,
    KeptReady,
    Platform,
    Queue,
    Route,
    Scaling,
    Schedule,
    Table,
    Throttle,
)
from infra.settings_traffic import Traffic

SHOP = Platform(
    stack="dev",
    functions=(Function(name="front"), Function(name="mail"), Function(name="clock")),
    routes=(
        Route(method="GET", path="/x", function="front"),
        Route(method="GET", path="/quiet", function="front"),
    ),
    tables=(Table(name="t", partition="id"), Table(name="idle", partition="id")),
    queues=(Queue(name="mails", consumer="mail"), Queue(name="more", consumer="mail")),
    schedules=(Schedule(name="sweep", function="clock", every_minutes=2),),
)
STARTS = StartRate(1000, 100.0)
# Z = 1, chance alone, and round numbers: what follows can be looked up in a table
BY_CHANCE: dict[str, Any] = {
    "peakedness": 1,
    "goal": {"refused": 0.01, "late": 0.01, "wait_ms": 100, "used": 0.5},
}


def of(rate: float, service_s: float, writes: float = 0, each: float = 0) -> Demand:
    """A demand of so many GET /x, each with a message, and of 85 reads a second of a table."""
    return Demand(
        routes={"GET /x": rate},
        functions={
            "front": Work(rate=rate, service_s=service_s),
            "mail": Work(rate=rate, service_s=service_s),
            "clock": Work(rate=1 / 120, service_s=5),
        },
        queues={"mails": Work(rate=rate, service_s=service_s)},
        tables={
            "t": Units(reads=85, writes=writes, writes_each={"GET /x": each}),
            "idle": Units(),
        },
    )


def found(
    wanted: Demand,
    platform: Platform = SHOP,
    stated: Mapping[str, int] | None = None,
    **traffic: Any,
) -> dict[str, Limit]:
    """The limits by their paths."""
    told_of = Traffic.model_validate({"peak": 40, **BY_CHANCE, **traffic})
    return {each.path: each for each in derive(platform, told_of, wanted, stated or {}, STARTS)}


def values(*given: Any, **traffic: Any) -> dict[str, int]:
    """Their numbers."""
    return {path: each.value for path, each in found(*given, **traffic).items()}


def test_the_limits_are_those_of_the_tables() -> None:
    """Of 1.2 erlangs 5 refuse 0.6 % and 4 would 2.6 % (B); with 2 45 % wait, 3.1 % of all longer
    than 100 ms, with 3 0.04 % (C).
    """
    assert values(of(40, 0.03)) == {
        "functions.front.max_instances": 5,
        "functions.mail.max_instances": 3 + 2,  # of the other queue, as declared
        "queues.mails.max_concurrency": 3,
        "routes.GET /x.rate": 80,
        "routes.GET /x.burst": 102,  # P(X > 102) is 0.8 % for a mean of 80, P(X > 101) 1.0 %
        "tables.t.max_reads": 170,
    }


def test_bursts_widen_what_stands_above_the_mean_by_the_root_of_their_peakedness() -> None:
    """1.35 + 2 * 3.65, of what 5 carry; 80 + 2 * 22 and 85 + 2 * 85. A queue can wait, and a rate
    is a mean.
    """
    assert values(of(40, 0.03), peakedness=4) == {
        "functions.front.max_instances": 9,
        "functions.mail.max_instances": 5,
        "queues.mails.max_concurrency": 3,
        "routes.GET /x.rate": 80,
        "routes.GET /x.burst": 124,
        "tables.t.max_reads": 255,
    }


def test_each_limit_gives_its_reason_in_one_line() -> None:
    made = found(of(40, 0.03), peakedness=4, quiet=10)
    assert "\n".join(map(str, made.values())) == (
        "functions.front.max_instances = 9: T = 1.2 in flight (40/s of 30 ms): 5 refuse 0.63 % "
        "(Erlang B); 9 for bursts (peakedness 4)\n"
        "functions.front.min_instances = 1: quiet T = 0.3 in flight (10/s of 30 ms), used 50 %\n"
        "functions.mail.max_instances = 5: as many as its queues let work at once: mails 3, "
        "more 2\n"
        "queues.mails.max_concurrency = 3: T = 1.2 in flight (40/s of 30 ms): 3 let 0.035 % wait "
        "over 100 ms (Erlang C)\n"
        "routes.GET /x.rate = 80: 40/s at the peak, used 50 %\n"
        "routes.GET /x.burst = 124: at 80/s more than 102 come in a second 1 % of the time; "
        "124 for bursts (peakedness 4)\n"
        "tables.t.max_reads = 255: 85 units/s, used 50 %; 255 for bursts (peakedness 4)"
    )
    assert told([], {}) == "Limits that follow from the stated traffic:"


def test_a_preview_lists_no_limit_of_which_nothing_comes_but_says_so() -> None:
    made = list(found(of(40, 0.03)).values())
    uncounted, uncapped = "requests are not counted", "no table has a cap"
    unheld = {"throttle.rate": uncounted, "throttle.burst": uncounted, "tables.max_reads": uncapped}
    assert told(made, {**unheld, "tables.max_writes": uncapped}).splitlines() == [
        "Limits that follow from the stated traffic:",
        *(str(each) for each in made if not each.path.startswith(("routes.", "tables."))),
        "Nothing comes of throttle.rate, throttle.burst here: requests are not counted.",
        "Nothing comes of tables.max_reads here: no table has a cap.",
    ]
    assert told(made, {}).splitlines()[1:] == [str(each) for each in made]


def test_where_calls_may_wait_the_limit_is_for_those_that_wait_too_long() -> None:
    """Only this machine lets them: Erlang C in place of B."""
    front = replace(SHOP.functions[0], scaling=Scaling(queue_ms=100))
    waiting = replace(SHOP, functions=(front, *SHOP.functions[1:]))
    limit = found(of(40, 0.03), waiting)["functions.front.max_instances"]
    assert limit.value == 3
    assert "3 let 0.035 % wait over 100 ms (Erlang C)" in limit.reason


def test_what_is_stated_wins_and_is_told_beside_what_demand_asks() -> None:
    stated = {"functions.front.max_instances": 33, "tables.t.max_reads": 7, "routes.GET /x.rate": 9}
    limits_of = found(of(40, 0.03), SHOP, stated)
    assert {path: each.holds for path, each in limits_of.items() if each.stated} == stated
    assert str(limits_of["tables.t.max_reads"]) == (
        "tables.t.max_reads, stated: 7; demand asks 170: 85 units/s, used 50 %"
    )
    by_hand = replace(SHOP.tables[0], max_reads=7)
    kept = limited(replace(SHOP, tables=(by_hand, SHOP.tables[1])), limits_of.values())
    assert kept.tables[0].max_reads == 7
    assert kept.functions[0].scaling.max_instances == SHOP.functions[0].scaling.max_instances
    assert kept.routes[0].throttle == Throttle(rate=50, burst=102)


def test_the_platform_gets_what_is_derived_and_keeps_all_else() -> None:
    made = limited(SHOP, found(of(40, 0.03, writes=2.5, each=2), quiet=10).values())
    assert [each.scaling for each in made.functions] == [
        Scaling(min_instances=1, max_instances=5),
        Scaling(max_instances=5),
        Scaling(),  # it runs by the clock
    ]
    assert [each.throttle for each in made.routes] == [Throttle(rate=80, burst=102), Throttle()]
    assert [each.max_concurrency for each in made.queues] == [3, 2]
    assert [(each.max_reads, each.max_writes) for each in made.tables] == [(170, 204), (None, None)]
    undone = limited(made, [])
    assert undone == made


def test_a_table_takes_what_a_burst_that_is_let_through_takes() -> None:
    """Of what the throttles let pass no store should refuse a part; by hand they let pass less."""
    wanted = of(40, 0.03, writes=90, each=2.2)
    limit = found(wanted)["tables.t.max_writes"]
    assert limit.value == 225  # 102 of 2.2
    assert limit.reason == "90 units/s, used 50 %; at least 225: a burst of GET /x takes as many"
    by_hand = found(wanted, SHOP, {"routes.GET /x.rate": 5, "routes.GET /x.burst": 10})
    assert by_hand["tables.t.max_writes"].value == 180


def test_a_table_takes_what_a_queues_consumers_take_who_have_fallen_behind() -> None:
    """3 of them at 30 ms have 100 messages/s, of 2.5 each, though 40 come; 4 by hand have more.

    A table that takes less refuses them until their attempts are used up.
    """
    behind = Units(writes=40, writes_each={"GET /x": 1, "mails": 2.5})
    wanted = replace(of(40, 0.03), tables={"t": behind})
    limit = found(wanted)["tables.t.max_writes"]
    assert limit.value == 250
    assert limit.reason.endswith("at least 250: the consumers of mails take as many")
    by_hand = found(wanted, SHOP, {"queues.mails.max_concurrency": 4})
    assert by_hand["tables.t.max_writes"].value == 334


@pytest.mark.parametrize(("quiet", "ready"), [(0, None), (5, 3), (20, 12), (40, 20)])
def test_for_quiet_times_so_many_are_kept_ready_as_are_used_that_far(
    quiet: float, ready: int | None
) -> None:
    """T is 5/s of 0.3 s: 1.5, for which 3 are used half the time. No more than 20 may run."""
    made = values(of(40, 0.3), quiet=quiet)
    assert made["functions.front.max_instances"] == 20
    assert made.get("functions.front.min_instances") == ready


def test_what_the_provider_cannot_start_in_time_is_kept_ready() -> None:
    slow = StartRate(3, 0.5)
    traffic = Traffic.model_validate({"peak": 40, **BY_CHANCE, "rise_s": 4})
    by_path = {each.path: each for each in derive(SHOP, traffic, of(40, 0.3), {}, slow)}
    most = by_path["functions.front.max_instances"].value
    limit = by_path["functions.front.min_instances"]
    assert limit.value == most - 5
    assert limit.reason == f"of {most} the provider starts 5 in 4 s"


def test_what_starts_from_a_snapshot_is_not_kept_ready() -> None:
    """Lambda takes no snapshot of a function whose instances are."""
    front = replace(SHOP.functions[0], scaling=Scaling(snap_start=True))
    frozen = replace(SHOP, functions=(front, *SHOP.functions[1:]))
    assert "functions.front.min_instances" not in values(of(40, 0.3), frozen, quiet=20)


def test_no_fewer_may_run_than_are_kept_ready_by_hand_or_by_the_clock() -> None:
    day = KeptReady(name="day", cron="0 7 * * *", min_instances=30)
    night = KeptReady(name="night", cron="0 19 * * *", min_instances=2)
    front = replace(SHOP.functions[0], scaling=Scaling(min_instances=2, scheduled=(day, night)))
    clocked = replace(SHOP, functions=(front, *SHOP.functions[1:]))
    made = found(of(40, 0.03), clocked, {"functions.front.min_instances": 2})
    assert made["functions.front.max_instances"].value == 30
    assert made["functions.front.max_instances"].reason.endswith(
        "at least 30: as many are kept ready"
    )
    derived = found(of(40, 0.3), clocked, quiet=20)["functions.front.min_instances"]
    assert derived.value == 2
    assert derived.reason.endswith("at most 2: scheduled keeps as few")


def test_what_is_kept_ready_as_it_is_declared_or_for_a_queue_may_run() -> None:
    """Or a stack that states its traffic would be refused for what it does not say."""
    ready = [replace(each, scaling=Scaling(min_instances=9)) for each in SHOP.functions]
    made = found(of(40, 0.03), replace(SHOP, functions=tuple(ready)))
    for name in ("front", "mail"):
        limit = made[f"functions.{name}.max_instances"]
        assert limit.value == 9
        assert limit.reason.endswith("; at least 9: as many are kept ready")


def test_a_consumer_that_is_held_by_hand_holds_its_queue() -> None:
    """Messages that are refused use up their attempts."""
    made = found(of(4000, 0.03), SHOP, {"functions.mail.max_instances": 20})
    assert made["queues.mails.max_concurrency"].value == 20
    assert made["queues.mails.max_concurrency"].reason.endswith("at most 20: mail may run no more")


def test_what_no_cloud_takes_is_clipped_and_the_reason_says_so() -> None:
    made = found(of(90_000, 0.5, writes=1e6))
    assert {path: each.value for path, each in made.items()} == {
        "functions.front.max_instances": 1000,
        "functions.mail.max_instances": 1000,
        "queues.mails.max_concurrency": 1000,
        "routes.GET /x.rate": 10_000,
        "routes.GET /x.burst": 5000,
        "tables.t.max_reads": 170,
        "tables.t.max_writes": 40_000,
    }
    clipped = {path: each.reason.partition("; at most ")[2] for path, each in made.items()}
    assert clipped.pop("tables.t.max_reads") == ""
    assert clipped.pop("functions.mail.max_instances") == "1000: no function has more"
    assert clipped["routes.GET /x.rate"] == "10000: a region takes no more"
    assert all(clipped.values())


RATES = st.floats(0.001, 300)
TIMES = st.floats(1e-6, 2)
PEAKS = st.floats(1, 10)


@given(rate=RATES, service_s=TIMES, peakedness=PEAKS, more=st.floats(1, 5), quiet=st.floats(0, 1))
def test_more_traffic_never_asks_for_less_and_every_value_is_one_that_clouds_take(
    rate: float, service_s: float, peakedness: float, more: float, quiet: float
) -> None:
    def made(times: float) -> dict[str, int]:
        peak = 40 * times
        units = Units(reads=rate * times, reads_each={"GET /x": 1.0})
        wanted = replace(of(rate * times, service_s), tables={"t": units})
        return values(wanted, peak=peak, quiet=quiet * 40, peakedness=peakedness)

    some, many = made(1), made(more)
    assert all(many[path] >= value for path, value in some.items())
    for path, value in many.items():
        bounds = {
            "min_instances": limits.INSTANCES,
            "max_instances": range(1, 1001),
            "max_concurrency": limits.CONSUMERS,
            "rate": limits.RATE,
            "burst": limits.BURST,
            "max_reads": limits.TABLE_UNITS,
        }
        assert value in bounds[path.rpartition(".")[2]], path
    ready = many.get("functions.front.min_instances", 0)
    assert ready <= many["functions.front.max_instances"]
    assert many["queues.mails.max_concurrency"] <= many["functions.mail.max_instances"]


@pytest.mark.parametrize("peakedness", [2, 10])
def test_no_limit_falls_as_the_load_grows_in_small_steps(peakedness: float) -> None:
    """Whole numbers stay for many of the steps, and what comes on top of them must not fall."""
    before: dict[str, int] = {}
    for step in range(1, 200):
        times = step / 20
        units = Units(reads=8.5 * times, reads_each={"GET /x": 0.01})
        wanted = replace(of(40 * times, 0.03), tables={"t": units})
        made = values(wanted, peak=40 * times, peakedness=peakedness)
        fallen = {path: made[path] for path, value in before.items() if made[path] < value}
        assert not fallen, f"at {times} times the load"
        before = made


@given(rate=RATES, service_s=TIMES)
def test_the_goal_is_met_and_one_less_would_miss_it(rate: float, service_s: float) -> None:
    work = rate * service_s
    most = values(of(rate, service_s))["functions.front.max_instances"]
    if most < limits.INSTANCES[-1]:
        assert capacity.refused(work, most) <= 0.01
    if most > 1:
        assert capacity.refused(work, most - 1) > 0.01
