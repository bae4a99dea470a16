"""Worn instances are replaced, and settings change under requests: no call notices."""

import os
from collections import Counter

import pytest

from infra.local.runtime.memory import resident_mb
from tests.conftest import Counts
from tests.runtime.clients import under_requests
from tests.runtime.gate import NAP, PID
from tests.support.local_cloud import LocalCloud
from tests.support.pids import wait_for

HOARD = PID.replace("def", "held = []\ndef").replace(
    "    return", "    held.append(b'x' * (120 << 20))\n    return"
)


@pytest.fixture(scope="module")
def cloud(one_cloud: LocalCloud) -> LocalCloud:
    return one_cloud


def test_recycling_loses_no_call_and_fails_none(cloud: LocalCloud, counts: Counts) -> None:
    calls = counts(small=60, full=5000)
    cloud.put("worn", PID, max_instances=1)
    cloud.configure(recycle_requests=5)
    served = Counter(cloud.get("/worn").body for _ in range(calls))
    assert served.keys() == {pid for pid in served if pid.isdigit()}
    assert max(served.values()) == 5
    told = cloud.told("worn")
    assert (told["requests"], told["recycled"]) == (calls, calls // 5)
    assert (told["refused"], told["failed"]) == (0, 0)
    cloud.put("worn", NAP, max_instances=6)
    with under_requests(lambda: cloud.get("/worn")) as answers:
        wait_for(lambda: cloud.told("worn")["recycled"] > calls // 5 + 5)
    assert {answer.status for answer in answers} == {200}
    assert cloud.told("worn")["requests"] == calls + len(answers)
    cloud.configure()
    cloud.remove("worn")


def test_instances_are_recycled_by_age_when_there_is_no_work(cloud: LocalCloud) -> None:
    cloud.put("old", PID, min_instances=1)
    before = cloud.get("/old").body
    cloud.configure(recycle_age_s=500)
    cloud.clock.ahead_s += 499
    assert cloud.get("/old").body == before
    cloud.clock.ahead_s += 2
    wait_for(lambda: cloud.told("old")["recycled"] == 1)
    wait_for(lambda: cloud.told("old")["idle"] == 1)
    assert cloud.get("/old").body != before
    cloud.configure()
    cloud.remove("old")


@pytest.mark.skipif(
    resident_mb(os.getpid()) is None, reason="only Linux's /proc tells what a process holds"
)
def test_instances_are_recycled_by_the_memory_that_they_hold(cloud: LocalCloud) -> None:
    cloud.configure(recycle_memory_mb=100)
    cloud.put("hoard", PID, min_instances=1)
    assert cloud.get("/hoard").status == 200
    cloud.clock.ahead_s += 2
    assert 0 < cloud.told("hoard")["memory_mb"] < 100
    assert cloud.told("hoard")["recycled"] == 0
    cloud.put("hoard", HOARD, min_instances=1)
    cloud.get("/hoard")
    assert cloud.told("hoard")["memory_mb"] > 120
    cloud.clock.ahead_s += 2
    wait_for(lambda: cloud.told("hoard")["recycled"] == 1)
    cloud.configure()
    cloud.remove("hoard")


CHANGES: list[dict[str, object]] = [
    {"mode": "utilisation"},
    {"mode": "utilisation", "used_percent": 30, "balance": "balanced"},
    {"wait_ms": 1, "recycle_requests": 3},
    {"balance": "balanced", "price_s": 1, "recycle_memory_mb": 1},
    {},
]


def test_a_change_of_the_settings_under_requests_loses_none_and_restarts_nothing(
    cloud: LocalCloud, counts: Counts
) -> None:
    cloud.put("steered", NAP, max_instances=10)
    revision = cloud.describe()["functions"]["steered"]["fingerprint"]
    with under_requests(lambda: cloud.get("/steered")) as answers:
        for _ in range(counts(small=2, full=50)):
            for changes in CHANGES:
                cloud.configure(**changes)
                assert cloud.describe()["runtime"].items() >= changes.items()
                seen = len(answers) + 8
                wait_for(lambda seen=seen: len(answers) >= seen)  # type: ignore[misc]
    assert {answer.status for answer in answers} == {200}
    assert cloud.describe()["functions"]["steered"]["fingerprint"] == revision
    cloud.remove("steered")


def test_settings_alone_end_no_instance(cloud: LocalCloud) -> None:
    cloud.put("kept", PID)
    pid = cloud.get("/kept").body
    for changes in ({"mode": "utilisation"}, {"balance": "balanced"}, {"wait_ms": 7}, {}):
        cloud.configure(**changes)
        assert cloud.get("/kept").body == pid
    cloud.remove("kept")
