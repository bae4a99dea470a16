"""Traffic is shared out among routes, and brings with it what was measured of them, no more."""

from dataclasses import replace
from typing import Any

import pytest

from infra.demand import Demand, Units, demand
from infra.errors import Refused
from infra.measured import Cost, Measured
from infra.model import Function, Platform, Queue, Route, Schedule, Table
from infra.settings_traffic import Traffic
from infra.shop import NAMES
from infra.shop_traffic import MIX

SHOP = Platform(
    stack="dev",
    functions=(
        Function(name="front"), Function(name="mail"), Function(name="log"), Function(name="clock"),
        Function(name="unused"),
    ),
    routes=(
        Route(method="GET", path="/x", function="front"),
        Route(method="POST", path="/y", function="front"),
        Route(method="GET", path="/none", function="unused"),
    ),
    tables=(Table(name="t", partition="id"), Table(name="idle", partition="id")),
    queues=(Queue(name="mails", consumer="mail"), Queue(name="logs", consumer="log")),
    schedules=(Schedule(name="sweep", function="clock", every_minutes=2),),
)  # fmt: skip
MEASURED: dict[str, Any] = {
    "requests": {
        "GET /x": Cost(count=9, compute_ms=20, store_ms=0, calls=1, reads={"t": 2}),
        "POST /y": Cost(
            count=9, compute_ms=60, store_ms=0, calls=1, reads={"t": 1},
            writes={"t": 1.5, "gone": 9}, sends={"mails": 0.5, "of-another-shop": 7},
        ),
    },
    "messages": {
        "mails": Cost(
            count=9, compute_ms=100, store_ms=0, calls=1, reads={"t": 3}, sends={"logs": 0.2}
        ),
        "logs": Cost(count=9, compute_ms=0, store_ms=0, calls=0),
    },
    "runs": {
        "sweep": Cost(
            count=9, compute_ms=4000, store_ms=0, calls=1, writes={"t": 60}, sends={"logs": 6}
        )
    },
}  # fmt: skip
# three of four requests are GET /x: 30/s, and 10/s are POST /y
TRAFFIC = Traffic(peak=40, mix={"GET /x": 3, "POST /y": 1})


def by_compute(_: Function, cost: Cost) -> float:
    """A target where nothing but computing takes time."""
    return cost.compute_ms / 1000


def demanded(
    traffic: Traffic = TRAFFIC, platform: Platform = SHOP, **measured: dict[str, Cost]
) -> Demand:
    """What it demands of the shop, or of another, as measured but for what is given."""
    return demand(platform, traffic, Measured(**{**MEASURED, **measured}), by_compute, "the test")


def test_the_peak_is_shared_out_by_the_mix_among_routes_that_have_a_share() -> None:
    assert demanded().routes == {"GET /x": 30, "POST /y": 10}


def test_a_functions_time_is_the_mean_of_its_routes_by_their_rates() -> None:
    """(30/s of 20 ms and 10/s of 60 ms) are 1.2 in flight: 40/s of 30 ms."""
    front = demanded().functions["front"]
    assert (front.rate, front.service_s, front.work) == pytest.approx((40, 0.03, 1.2))


def test_messages_come_of_requests_of_messages_and_of_runs() -> None:
    """10/s with 0.5 mails each; of these 5/s with 0.2 logs, and 6 of a run each two minutes."""
    queues = demanded().queues
    assert queues.keys() == {"mails", "logs"}
    assert (queues["mails"].rate, queues["mails"].work) == pytest.approx((5, 0.5))
    assert queues["logs"].rate == pytest.approx(1 + 6 / 120)
    assert queues["logs"].service_s > 0, "no call takes no time at all"
    assert demanded().functions["mail"] == queues["mails"]


def test_a_table_bears_the_units_of_requests_messages_and_runs_while_they_run() -> None:
    """30 * 2 + 10 * 1 + 5 * 3 reads; 10 * 1.5 writes, and 60 of a run that takes 4 s."""
    tables = demanded().tables
    each = {"GET /x": 2.0, "POST /y": 1.0, "mails": 3.0}
    expected = Units(reads=85, writes=30, reads_each=each, writes_each={"POST /y": 1.5})
    assert tables["t"] == expected
    assert tables["idle"] == Units()
    assert tables.keys() == {"t", "idle"}


def test_what_nothing_reaches_has_no_demand() -> None:
    assert demanded().functions.keys() == {"front", "mail", "log", "clock"}


def test_a_short_run_has_its_units_in_one_second() -> None:
    run = MEASURED["runs"]["sweep"].model_copy(update={"compute_ms": 10.0})
    assert demanded(runs={"sweep": run}).tables["t"].writes == pytest.approx(15 + 60)


def test_a_schedule_that_was_not_measured_adds_nothing() -> None:
    found = demanded(runs={})
    assert "clock" not in found.functions
    assert found.queues["logs"].rate == pytest.approx(1)


def test_a_route_with_a_share_that_was_never_measured_is_refused_and_named() -> None:
    mix = {**TRAFFIC.mix, "GET /none": 1.0}
    with pytest.raises(Refused, match="the test: 1 problem") as caught:
        demanded(Traffic(peak=40, mix=mix))
    (problem,) = caught.value.problems
    assert problem.path == "traffic.mix.GET /none"
    assert problem.consequence.startswith("this route was never measured")
    assert problem.remedy.startswith("run make measure, or give it a share of 0")


def test_a_queue_that_gets_messages_and_was_never_measured_is_refused_and_named() -> None:
    with pytest.raises(Refused) as caught:
        demanded(messages={"mails": MEASURED["messages"]["mails"]})
    assert [each.path for each in caught.value.problems] == ["queues.logs"]


def test_a_mix_of_nothing_is_refused() -> None:
    with pytest.raises(Refused, match="no route has a share of the requests"):
        demanded(Traffic(peak=40, mix=dict.fromkeys(TRAFFIC.mix, 0.0)))


def test_messages_that_lead_to_messages_without_an_end_are_refused() -> None:
    circle = {
        name: each.model_copy(update={"sends": {"logs": 1.0}})
        for name, each in MEASURED["messages"].items()
    }
    with pytest.raises(Refused, match="each message there leads to another one"):
        demanded(messages=circle)


def test_messages_that_are_sent_again_now_and_then_are_counted_to_their_end() -> None:
    """One in ten is sent again: 1 + 1/10 + 1/100 … = 10/9 of them."""
    again = MEASURED["messages"]["mails"].model_copy(update={"sends": {"mails": 0.1}})
    logs = MEASURED["messages"]["logs"]
    found = demanded(messages={"mails": again, "logs": logs})
    assert found.queues["mails"].rate == pytest.approx(5 * 10 / 9)


def test_a_stacks_share_replaces_the_shops_own_of_that_route_alone() -> None:
    key = "GET /products"
    route = Route(method="GET", path="/products", function="front")
    shop = replace(SHOP, routes=(*SHOP.routes, route))
    requests = {**MEASURED["requests"], key: MEASURED["requests"]["GET /x"]}
    own = MIX[key]
    usual = demanded(replace_mix(), shop, requests=requests).routes
    assert usual[key] == pytest.approx(40 * own / (own + 4))
    stated = demanded(replace_mix(**{key: 4.0}), shop, requests=requests).routes
    assert stated == pytest.approx({"GET /x": 15, "POST /y": 5, key: 20})


def replace_mix(**more: float) -> Traffic:
    """The same traffic with more shares stated."""
    return TRAFFIC.model_copy(update={"mix": {**TRAFFIC.mix, **more}})


def test_the_shops_own_mix_names_routes_of_the_shop_and_leaves_out_what_watches_it() -> None:
    left = {"GET /health", "GET /docs", "GET /openapi.json"}
    assert MIX.keys() == {*NAMES["routes"]} - left
    assert all(share > 0 for share in MIX.values())
    assert 90 < sum(MIX.values()) < 115, "shares are about percents, to be read as such"
