"""The local cloud has as many instances as the work needs, and tells what they do."""

import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from tests.conftest import Counts
from tests.runtime.clients import under_requests
from tests.runtime.gate import NAP, PID, Gate, closed
from tests.support.local_cloud import WELL, LocalCloud
from tests.support.pids import wait_for


@pytest.fixture(scope="module")
def cloud(one_cloud: LocalCloud) -> LocalCloud:
    return one_cloud


def ask_each(gate: Gate, name: str, count: int) -> None:
    """So many calls, each of them at an instance before the next one comes."""
    for number in range(1, count + 1):
        gate.call(f"/{name}")
        wait_for(lambda number=number: gate.cloud.told(name)["in_flight"] == number)  # type: ignore[misc]


@pytest.mark.parametrize("minimum", [0, 1])
def test_a_burst_gets_an_instance_for_each_call_up_to_the_maximum_and_none_stays_for_nothing(
    cloud: LocalCloud, tmp_path: Path, minimum: int
) -> None:
    with closed(cloud, tmp_path / "gate") as gate:
        cloud.put("burst", gate.code, min_instances=minimum, max_instances=5)
        ask_each(gate, "burst", 5)
        assert cloud.get("/burst").status == 503
        told = cloud.told("burst")
        assert (told["busy"], told["idle"], told["starting"], told["maximum"]) == (5, 0, 0, 5)
        assert (told["requests"], told["refused"], told["starts"]) == (6, 1, 5)
        assert len({answer.body for answer in gate.open() if answer.status == 200}) == 5
    cloud.clock.ahead_s += 1000
    wait_for(lambda: cloud.told("burst")["idle"] == minimum)
    told = cloud.told("burst")
    assert (told["busy"], told["stops"]) == (0, 5 - minimum)
    assert told["reason"].startswith("idle times hold")
    assert 0 <= time.time() - told["reason_at"] < 60
    assert cloud.get("/burst").status == 200
    cloud.remove("burst")


def test_no_more_instances_start_than_the_emulated_provider_would_start(
    cloud: LocalCloud, tmp_path: Path
) -> None:
    with closed(cloud, tmp_path / "gate") as gate:
        cloud.put("rate", gate.code, emulate="alicloud", max_instances=9)
        ask_each(gate, "rate", 3)  # one was there, two are started at once
        assert cloud.get("/rate").status == 429
        assert cloud.told("rate")["reason"] == "queued; the provider starts no faster"
        cloud.clock.ahead_s += 100
        gate.call("/rate")
        wait_for(lambda: cloud.told("rate")["in_flight"] == 4)
        assert cloud.get("/rate").status == 429
        assert {answer.status for answer in gate.open()} == {200}
    cloud.remove("rate")


def test_balanced_gives_each_instance_the_same_share_and_recent_gives_one_all_it_can(
    cloud: LocalCloud, tmp_path: Path
) -> None:
    def shares(calls: int) -> list[int]:
        return sorted(Counter(cloud.get("/share").body for _ in range(calls)).values())

    cloud.put("share", PID, min_instances=4)
    wait_for(lambda: cloud.told("share")["idle"] == 4)
    assert shares(12) == [12]
    cloud.configure(balance="balanced")
    assert shares(40) == [10, 10, 10, 10]
    with closed(cloud, tmp_path / "gate") as gate:  # at saturation S = T/N = 1
        cloud.put("share", gate.code, min_instances=4)
        ask_each(gate, "share", 4)
        assert set(Counter(answer.body for answer in gate.open()).values()) == {1}
    cloud.configure()
    cloud.remove("share")


@pytest.mark.parametrize("balance", ["recent", "balanced"])
def test_each_instance_does_the_same_share_while_more_is_asked_than_all_can_do(
    cloud: LocalCloud, counts: Counts, balance: str
) -> None:
    """S = T/N within a tenth, over a load that never lets one of them rest."""
    cloud.configure(balance=balance)
    cloud.put("laden", NAP, min_instances=4, max_instances=4, queue_ms=20_000)
    wait_for(lambda: cloud.told("laden")["idle"] == 4)
    calls = counts(small=200, full=4000)
    with under_requests(lambda: cloud.get("/laden"), clients=12) as answers:
        wait_for(lambda: len(answers) >= calls, limit_s=180)
    shares = Counter(answer.body for answer in answers)
    assert {answer.status for answer in answers} == {200}
    assert list(shares.values()) == pytest.approx([len(answers) / 4] * 4, rel=0.1)
    cloud.configure()
    cloud.remove("laden")


def test_the_work_in_flight_is_the_rate_times_the_time_of_a_call(
    cloud: LocalCloud, counts: Counts
) -> None:
    """Little's law, L = λW, over a window in which all calls come and end."""
    cloud.put("little", NAP, max_instances=2, queue_ms=20_000)
    samples: list[tuple[float, int]] = []

    def look() -> int:
        told = cloud.told("little")
        samples.append((time.monotonic(), told["in_flight"] + told["waiting"]))
        return int(told["requests"])

    look()
    with under_requests(lambda: cloud.get("/little"), clients=5) as answers:
        wait_for(lambda: look() >= counts(small=100, full=2000), limit_s=180)
    look()
    window_s = samples[-1][0] - samples[0][0]
    in_flight = sum((after - at) * work for (at, work), (after, _) in pairwise(samples))
    lines = [line for line in cloud.log('"little"') if line["event"] == "request"]
    assert {answer.status for answer in answers} == {200}
    assert len(lines) == len(answers) == cloud.told("little")["requests"]
    rate, each_s = len(lines) / window_s, sum(line["ms"] for line in lines) / len(lines) / 1000
    assert in_flight / window_s == pytest.approx(rate * each_s, rel=0.1)
    cloud.remove("little")


def test_the_busy_share_is_what_the_utilisation_mode_aims_at(
    cloud: LocalCloud, tmp_path: Path
) -> None:
    """M = T/U: with three calls in flight all the time, at 50 percent, six instances."""
    cloud.configure(mode="utilisation", used_percent=50)
    with closed(cloud, tmp_path / "gate") as gate:
        cloud.put("used", gate.code, max_instances=9)
        for _ in range(3):
            gate.call("/used")
        wait_for(lambda: cloud.told("used")["requests"] == 3)
        wait_until_sized(cloud, "used", 6)
        assert cloud.told("used")["reason"] == "M = T/U = 3.00/0.5"
        assert {answer.status for answer in gate.open()} == {200}
    cloud.configure()
    cloud.remove("used")


def wait_until_sized(cloud: LocalCloud, name: str, size: int) -> None:
    """Put the clock forward until the function has so many instances, none of them starting."""

    def sized() -> bool:
        cloud.clock.ahead_s += 16
        told = cloud.told(name)
        return bool(told["busy"] + told["idle"] == size and not told["starting"])

    wait_for(sized)


def failing(code: str) -> str:
    return WELL.replace("    return", f"    {code}\n    return")


@pytest.mark.parametrize(
    ("code", "timeout_s"),
    [
        ("raise ValueError", 20),
        ("__import__('os')._exit(1)", 20),
        ("__import__('time').sleep(60)", 1),
    ],
    ids=["raised", "crashed", "too slow"],
)
def test_a_call_that_comes_to_no_result_is_told_as_failed_and_its_instance_replaced(
    cloud: LocalCloud, code: str, timeout_s: int
) -> None:
    cloud.put("fails", failing(code), timeout_s=timeout_s, min_instances=1)
    assert cloud.get("/fails").status == 500
    wait_for(lambda: cloud.told("fails")["idle"] == 1)
    told = cloud.told("fails")
    assert (told["requests"], told["failed"], told["refused"]) == (1, 1, 0)
    assert told["starts"] - told["stops"] == 1
    assert (told["stops"], told["recycled"]) == (int("raise" not in code), 0)
    cloud.remove("fails")


def test_what_is_told_outlives_a_revision_and_quantiles_are_of_the_last_seconds(
    cloud: LocalCloud,
) -> None:
    cloud.put("told", NAP)
    told = cloud.told("told")
    assert [told[name] for name in ("p50_ms", "p99_ms", "wait_p99_ms", "reason_at")] == [None] * 4
    for _ in range(3):
        cloud.get("/told")
    cloud.put("told", NAP)
    told = cloud.told("told")
    assert (told["requests"], told["starts"]) == (3, 2)
    assert 30 * 0.95 <= told["p50_ms"] <= told["p99_ms"]
    assert told["wait_p99_ms"] < told["p50_ms"]
    cloud.clock.ahead_s += 100
    assert cloud.told("told")["p99_ms"] is None
    cloud.remove("told")
    cloud.put("told", PID)
    assert cloud.told("told")["requests"] == 0
    cloud.remove("told")
