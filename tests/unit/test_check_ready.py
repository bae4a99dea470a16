"""What is kept ready by the clock comes at times that can be told, and adds to what always is."""

from dataclasses import replace
from typing import Any, get_args

import pytest

from infra.checks.ready import zone
from infra.model import KeptReady, Provider, Scaling
from tests.unit.sound_shop import SHOP, found

AT = "functions.orders.scheduled"
DAY = KeptReady(name="day", cron="0 7 * * 1-5", time_zone="Asia/Shanghai", min_instances=10)
NIGHT = KeptReady(name="night", cron="0 19 * * 1-5", min_instances=2)


def kept(*scheduled: KeptReady, least: int = 2, provider: Provider = "aws") -> list[str]:
    """What is wrong when `orders`, of which 10 may run, keeps so many ready."""
    scaling = Scaling(min_instances=least, scheduled=scheduled)
    first, *rest = SHOP.functions
    return found(provider, functions=(replace(first, scaling=scaling), *rest), local=False)


@pytest.mark.parametrize("provider", get_args(Provider))
def test_more_by_day_and_the_usual_by_night_suits_every_provider(provider: Provider) -> None:
    """The lowest and the highest numbers that can stand there."""
    assert kept(DAY, NIGHT, provider=provider) == []


RANGE = "write 2 to 10, or change min_instances or max_instances"
FIELDS = "write minute, hour, day of the month, month, day of the week: 30 4 * * 1"
ZONES = "write one as Asia/Shanghai or Europe/Berlin, or UTC"


@pytest.mark.parametrize(
    ("key", "value", "remedy"),
    [
        ("min_instances", 11, RANGE),
        ("min_instances", 1, RANGE),
        ("cron", "0 7 * *", FIELDS),
        ("cron", "0 24 * * *", "use numbers from 0 to 23, *, a-b, /step and commas"),
        ("time_zone", "Asia/Shangai", "write Asia/Shanghai"),
        ("time_zone", "asia/shanghai", "write Asia/Shanghai"),
        ("time_zone", "+08:00", ZONES),
        ("time_zone", "localtime", ZONES),
    ],
)
def test_what_no_clock_or_no_cloud_can_keep_is_refused(key: str, value: Any, remedy: str) -> None:
    """Below min_instances one cloud would go and the other would not, so nothing goes there."""
    wrong: dict[str, Any] = {key: value}
    assert kept(replace(DAY, **wrong)) == [f"{AT}.day.{key}: {value} → {remedy}"]


def test_no_two_begin_at_the_same_times_by_the_same_clock() -> None:
    """Which of the two numbers holds no cloud tells."""
    twin = replace(DAY, name="again", cron="00 7  * * 1,2,3-5", min_instances=3)
    assert kept(DAY, twin) == [
        f"{AT}.again.cron: {twin.cron} → give one of them other times, or remove it"
    ]
    assert kept(DAY, replace(twin, time_zone="Europe/Berlin")) == []
    assert kept(DAY, replace(twin, cron="1 7 * * 1-5")) == []


def test_one_name_stands_for_one_time() -> None:
    assert kept(DAY, replace(NIGHT, name="day")) == [
        f"{AT}.day: declared 2 times → keep one, or rename the others"
    ]


@pytest.mark.parametrize("name", ["Day", "by day", "by_day", "1st", "d" * 65])
def test_a_name_is_one_that_every_cloud_takes(name: str) -> None:
    (problem,) = kept(replace(DAY, name=name))
    assert problem.startswith(f"{AT}.{name}: {name} → use up to 64 lower-case letters")


def test_the_clock_adds_to_instances_that_are_ready_and_does_not_begin_with_none() -> None:
    assert kept(DAY, least=0) == [
        f"{AT}: with min_instances: 0 → write min_instances: 1 or more, or remove scheduled"
    ]


def test_a_min_instances_that_cannot_be_is_told_alone() -> None:
    """No number could stand between it and the most."""
    assert kept(DAY, least=11) == [
        "functions.orders.min_instances: 11 → write 0 to 10, or raise max_instances"
    ]


def test_a_machine_that_knows_no_time_zones_says_so() -> None:
    """It is not the name that is wrong."""
    (problem,) = zone("here", "Asia/Shanghai", ())
    assert problem.remedy == "write UTC, or install the package tzdata of the system"
    assert list(zone("here", "Asia/Shanghai", ("Asia/Shanghai",))) == []
