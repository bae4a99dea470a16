"""What `make bench` makes of a flash sale: its plan, its figures, its rules. Nothing is timed."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree  # noqa: ICN001 - its name

import pytest

from bench import flash, flash_log, flash_plan, flash_seen, flash_steps, flash_told
from bench.flash import goal, judged
from bench.flash_client import NOT_SENT, Told
from bench.flash_live import Live
from bench.flash_log import Line
from bench.flash_plan import CONFIRM, FOLLOWING, LOOK, ORDER, PAGE, PAY, PRODUCT, Goods, Visit
from bench.flash_predicted import Times, predicted
from bench.flash_seen import Look
from bench.flash_shop import CONTESTANTS, Contestant, under_load
from infra.local.runtime.scaling.autoscaler import Autoscaler
from infra.shop_traffic import MIX
from infra.simulation import workloads

SECONDS = 60
FUNCTIONS = under_load()


@pytest.fixture(scope="module")
def visits() -> list[Visit]:
    return flash_plan.drawn(flash_plan.arrivals(1, SECONDS, 1.0), 1)


def test_requests_come_when_the_simulator_has_them_come(visits: Sequence[Visit]) -> None:
    of_the_sale = [each.at for each in visits if each.at >= 0]
    assert of_the_sale == [at for at, _ in workloads.flash_sale(1, SECONDS)]


def test_before_a_sale_requests_come_in_by_and_by(visits: Sequence[Visit]) -> None:
    early = [each.at for each in visits if each.at < 0]
    assert early[0] > -flash_plan.LEAD_S
    assert early == sorted(early)
    first, second = (sum(-at // (flash_plan.LEAD_S / 2) == half for at in early) for half in (1, 0))
    assert 0 < first < second


def test_a_sale_twice_as_large_takes_as_long() -> None:
    once, twice = (flash_plan.arrivals(1, SECONDS, scale) for scale in (1.0, 2.0))
    assert max(twice) < SECONDS
    assert 1.7 < len(twice) / len(once) < 2.3


def test_what_is_asked_for_is_shared_out_as_in_the_shop(visits: Sequence[Visit]) -> None:
    counted = Counter(each.route for each in visits)
    whole = sum(MIX[each] for each in flash_plan.ROUTES)
    for route in (PAGE, PRODUCT, flash_plan.SEEN_CART):
        assert counted[route] / len(visits) == pytest.approx(MIX[route] / whole, rel=0.15)
    assert counted[ORDER] > 10


def test_each_step_of_an_order_comes_once_and_a_second_after_the_one_before(
    visits: Sequence[Visit],
) -> None:
    steps: dict[int, list[Visit]] = {}
    for each in visits:
        if each.route in FOLLOWING:
            steps.setdefault(each.order, []).append(each)
    assert {PAY, CONFIRM, LOOK} <= {each.route for some in steps.values() for each in some}
    for order, some in steps.items():
        whole = [visits[order], *some]
        assert [each.route for each in whole] == [ORDER, *FOLLOWING][: len(whole)]
        gaps = [b.at - a.at for a, b in pairwise(whole)]
        assert min(gaps) >= 1.0


def test_each_order_has_a_full_cart_of_its_own_and_whoever_asks_for_it_shows_that_cart(
    visits: Sequence[Visit],
) -> None:
    orders = sum(each.route == ORDER for each in visits)
    goods = Goods(("hot", "other"), [f"full-{n}" for n in range(orders)], ["common"])
    plan = flash_plan.asked(visits, goods, 1)
    carts = {n: each.headers["x-cart-token"] for n, each in enumerate(plan) if each.route == ORDER}
    assert sorted(carts.values()) == sorted(goods.full)
    keys = [each.headers["idempotency-key"] for each in plan if each.route == ORDER]
    assert len(set(keys)) == orders
    for each in plan:
        if each.route in (CONFIRM, LOOK):
            assert each.headers["x-cart-token"] == carts[each.order]
        elif each.route in (PAGE, PRODUCT):
            assert each.headers == {}
    looked = Counter(each.path for each in plan if each.route == PRODUCT)
    assert looked["/products/hot"] > looked["/products/other"] > 0


# The log of the local cloud, and its refusals.


def line(began: float, ended: float, *, refused: bool = False, of: str = "catalog") -> Line:
    return Line(of, began, ended, refused)


def test_a_log_gives_each_call_of_a_function_with_its_whole_stay() -> None:
    text = (
        b'{"time":"2026-01-02T03:04:05.500Z","event":"request","function":"catalog","ms":250.0}\n'
        b'{"time":"2026-01-02T03:04:05.600Z","event":"request","function":"carts","ms":0.5,'
        b'"failure":"every instance is busy and no more may start"}\n'
        b'{"time":"2026-01-02T03:04:05.600Z","event":"request","function":null,"ms":0.5}\n'
        b'{"time":"2026-01-02T03:04:05.600Z","event":"print","text":"\\"request\\"","function":"x"}'
        b"\n"
    )
    first, second = flash_log.lines(text)
    assert (first.function, first.refused, second.function, second.refused) == (
        "catalog", False, "carts", True,
    )  # fmt: skip
    assert first.ended - first.began == pytest.approx(0.25)


def test_a_refusal_is_right_where_as_many_others_were_there_as_may_be() -> None:
    there = [line(0.0, 2.0), line(0.5, 2.0), line(1.0, 1.1, refused=True)]
    assert flash_log.unfounded(there, {"catalog": 2}) == []


@pytest.mark.parametrize(
    "others",
    [
        [line(0.0, 2.0)],
        [line(0.0, 2.0), line(0.0, 0.9)],
        [line(0.0, 2.0), line(1.2, 2.0)],
        [line(0.0, 2.0), line(0.0, 2.0, of="carts")],
    ],
    ids=["too few", "gone", "later", "another function"],
)
def test_a_refusal_with_fewer_others_there_is_told(others: list[Line]) -> None:
    (told,) = flash_log.unfounded([*others, line(1.0, 1.1, refused=True)], {"catalog": 2})
    assert "1 others were there, of 2" in told


def test_whoever_is_refused_at_once_takes_no_place_and_whoever_waited_did() -> None:
    there, waited = line(0.0, 3.0), line(0.5, 1.55, refused=True)
    at_once = [line(1.0, 1.1, refused=True), line(1.01, 1.09, refused=True)]
    assert len(flash_log.unfounded([there, *at_once], {"catalog": 2})) == 2
    assert flash_log.unfounded([there, line(0.4, 0.9), waited, *at_once], {"catalog": 2}) == []


# What came of it.


def told(status: int, *, due: float = 1.0, took: float = 0.01, route: str = PAGE) -> Told:
    return Told(route, due, due, due + took, status)


def look(at: float, **counts: int) -> Look:
    usual = dict.fromkeys(("starting", "busy", "idle", "in_flight"), 0) | {"maximum": 2}
    return Look(at, dict.fromkeys(FUNCTIONS.values(), usual | counts))


def test_only_another_answer_than_the_one_asked_for_or_a_refusal_is_an_error() -> None:
    fine = [told(200), told(503), told(429), told(NOT_SENT, route=PAY), told(201, route=ORDER)]
    assert flash_seen.errors(fine) == []
    assert len(flash_seen.errors([told(500), told(0), told(200, route=ORDER), told(409)])) == 4


def test_what_is_late_counts_from_when_it_was_due_and_a_refusal_is_late() -> None:
    late = Told(PAGE, 1.0, 1.15, 1.2, 200)
    calls = flash_seen.calls_of([told(200), late, told(503), told(NOT_SENT, route=PAY)])
    found = flash_seen.result(calls, 2.0, [(0.0, 2.0)], 0.5)
    assert (found.calls, found.refused) == (3, 1)
    assert found.late == pytest.approx(2 / 3)
    assert found.p99_ms == pytest.approx(200)
    assert (found.instance_s, found.mean, found.cost) == (4.0, 2.0, 8.0)
    (empty, full) = found.per_s
    assert (empty.due, empty.p99_ms) == (0, None)
    assert (full.due, full.answered, full.refused, full.late) == (3, 2, 1, 2)


def test_an_area_is_of_what_lies_between_and_begins_with_the_value_that_holds_then() -> None:
    assert flash_steps.area([(-1.0, 3.0), (1.0, 1.0), (4.0, 9.0)], 0.0, 3.0) == 3 * 1 + 1 * 2


def test_a_sum_of_steps_changes_where_one_of_them_does() -> None:
    found = flash_steps.summed([[(0.0, 1.0), (2.0, 3.0)], [(1.0, 5.0)]])
    assert found == [(0.0, 1.0), (1.0, 6.0), (2.0, 8.0)]


def test_the_lesser_of_two_is_of_each_moment() -> None:
    found = flash_steps.lesser([(0.0, 1.0), (2.0, 3.0)], [(1.0, 2.0)])
    assert found == [(0.0, 0.0), (1.0, 1.0), (2.0, 2.0)]


def test_a_refusal_is_wrong_where_every_look_during_it_saw_instances_to_spare() -> None:
    refused = told(503, took=1.0)
    spare, none_left = look(1.2, busy=1), look(1.4, busy=1, starting=1)
    assert flash_seen.without_need([refused], [spare, none_left], FUNCTIONS) == []
    assert len(flash_seen.without_need([refused], [spare], FUNCTIONS)) == 1
    assert flash_seen.too_many([none_left], ["catalog"]) == []
    assert len(flash_seen.too_many([look(1.0, busy=2, idle=1)], ["catalog"])) == 1


# What the simulator says.


def times(work_s: float, start_s: float = 0.1) -> Times:
    return Times(
        dict.fromkeys(flash_plan.ROUTES, (work_s,)),
        dict.fromkeys(FUNCTIONS.values(), start_s),
    )


def said(visits: Sequence[Visit], contestant: Contestant, work_s: float) -> Any:
    return predicted(
        visits,
        seconds=SECONDS,
        functions=FUNCTIONS,
        contestant=contestant,
        times=times(work_s),
        scaler=lambda now: Autoscaler(now, goal()),
        before={"catalog": [(-5.0, work_s)]},
        seed=1,
    )[0]


def test_calls_with_an_instance_each_take_what_they_take_alone(visits: Sequence[Visit]) -> None:
    found = said(
        [each for each in visits if each.at >= 0][:200], Contestant("many", 200, 200), 0.02
    )
    assert (found.refused, found.late) == (0, 0.0)
    assert found.p50_ms == found.p99_ms == pytest.approx(20)
    assert found.busy_s == pytest.approx(200 * 0.02)
    assert found.mean == pytest.approx(200 * len({*FUNCTIONS.values()}), rel=0.01)


def test_what_one_instance_cannot_do_is_refused_once_it_has_waited_as_long_as_it_may(
    visits: Sequence[Visit],
) -> None:
    found = said(visits, Contestant("one", 1, 1), 0.05)
    assert found.refused > 100
    assert found.most == len({*FUNCTIONS.values()})
    longest = max(each.p99_ms for each in found.per_s if each.p99_ms is not None)
    assert 1000 < longest < 1200, "a wait of a second, a tick, and the call itself"


def test_the_autoscaler_of_the_simulator_is_late_less_often_than_one_and_cheaper_than_eight(
    visits: Sequence[Visit],
) -> None:
    ours, one, eight = (
        said(visits, each, 0.02)
        for each in (CONTESTANTS[0], CONTESTANTS[1], Contestant("eight", 8, 8))
    )
    assert ours.late < one.late
    assert ours.cost < eight.cost


def test_a_sale_in_which_calls_took_twice_as_long_is_told_as_such() -> None:
    """Each waits for as long as the one before is at work: that is no time of its own."""
    visits = [Visit(each / 10, PAGE) for each in range(0, 600, 2)]
    visits = sorted([*visits, *visits], key=lambda each: each.at)
    live = Live(
        told=[told(200, due=each.at) for each in visits],
        looks=[look(n / 4, idle=1) for n in range(-10, 240)],
        log=[
            line(each.at, each.at + 0.04 * (1 + number % 2)) for number, each in enumerate(visits)
        ],
        wrong=(),
        cpu_s=1.0,
        generator_cpu_s=0.1,
        machine_s=None,
        load=(0.0, 0.0),
    )
    run = judged(CONTESTANTS[0], live, visits, times(0.02), SECONDS, 1)
    assert run.stretch == pytest.approx([2.0] * 3)
    assert run.alone.busy_s == pytest.approx(600 * 0.02)
    assert run.slowed.busy_s == pytest.approx(600 * 0.04)
    assert run.seen.busy_s == pytest.approx(600 * 0.04)
    assert run.lags_ms == (0.0, 0.0)
    assert not run.lagged
    assert run.seen.late == 0.0


def test_a_report_has_what_was_seen_and_predicted_of_each_and_says_what_is_wrong() -> None:
    visits = [Visit(each / 10, PAGE) for each in range(600)]
    lagging = Told(PAGE, 59.9, 60.1, 60.2, 200)
    live = Live(
        told=[*(told(200, due=each.at) for each in visits[:-1]), lagging],
        looks=[look(n / 4, idle=1) for n in range(-10, 240)],
        log=[line(each.at, each.at + 0.02) for each in visits],
        wrong=["three pieces were taken, and two sold"],
        cpu_s=6.0,
        generator_cpu_s=1.2,
        machine_s=30.0,
        load=(0.5, 1.5),
    )
    run = judged(CONTESTANTS[0], live, visits, times(0.02), SECONDS, 1)
    sale = flash.Sale(SECONDS, visits, times(0.02), [run])
    said = flash_told.report(sale, 2, [])
    for part in (
        "autoscaler (0 to 8 instances), seen ",
        "predicted, calls as alone ",
        "the shop 5%, the generator 1%, all else on this machine 19%; load average 0.5 to 1.5",
        "at most 200 ms\n  THE GENERATOR LAGGED",
        "WRONG:\n  autoscaler: three pieces were taken, and two sold",
    ):
        assert part in said
    assert flash.plain(sale)["wrong"] == ["autoscaler: three pieces were taken, and two sold"]
    assert {"p99", "instances", "requests"} == flash_told.plots(sale).keys()
    for text in flash_told.plots(sale).values():
        ElementTree.fromstring(text)  # noqa: S314 - ours
