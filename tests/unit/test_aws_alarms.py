"""What is watched: each thing that somebody would have to look at has an alarm of its own."""

from dataclasses import replace
from typing import Literal

import pytest

from infra import shop
from infra.aws.names import LONGEST, Names
from infra.aws.watched import Alarm, alarms
from infra.checks.silence import longest_pause_s
from infra.model import Index, Platform, Schedule, Table
from infra.settings import Settings
from tests.unit.sound_shop import SHOP, grant

NAMES = Names("dev")
HOUR = 3600
DAY = 24 * HOUR


def watched(platform: Platform = SHOP) -> dict[str, Alarm]:
    """The alarms by their names, each of which stands for one."""
    found = alarms(platform, NAMES, "api1")
    by_name = {each.name: each for each in found}
    assert len(by_name) == len(found)
    return by_name


def measured(alarm: Alarm) -> list[tuple[str, dict[str, str], str]]:
    """The metrics of an alarm."""
    return [
        (f"{each.namespace} {each.name}", dict(each.dimensions), each.statistic)  # type: ignore[arg-type]
        for each in alarm.metrics
    ]


def called(every_minutes: int | None = None, cron: str | None = None) -> Alarm | None:
    """The alarm of a function that one schedule calls."""
    schedule = Schedule(name="sweep", function="sweep", every_minutes=every_minutes, cron=cron)
    return watched(replace(SHOP, schedules=(schedule,))).get("schedule-sweep-not-run")


def test_every_part_of_a_shop_is_watched() -> None:
    assert sorted(watched()) == [
        "api-5xx",
        "calls-set-aside",
        *(
            f"function-{name}-{kind}"
            for name in ("order-mail", "orders", "sweep")
            for kind in ("errors", "slow", "throttles")
        ),
        "queue-mails-set-aside",
        "schedule-sweep-not-run",
        "table-orders-throttled",
        "table-sessions-throttled",
    ]


def test_a_functions_alarms_count_every_call_whatever_version_was_called() -> None:
    by_name = watched()
    errors = by_name["function-orders-errors"]
    assert measured(errors) == [("AWS/Lambda Errors", {"FunctionName": "shop-dev-orders"}, "Sum")]
    assert (errors.threshold, errors.below, errors.missing) == (0, False, "notBreaching")
    throttles = by_name["function-orders-throttles"]
    assert measured(throttles) == [
        ("AWS/Lambda Throttles", {"FunctionName": "shop-dev-orders"}, "Sum")
    ]


@pytest.mark.parametrize(("name", "threshold_ms"), [("orders", 8_000), ("sweep", 720_000)])
def test_a_function_is_slow_at_four_fifths_of_its_time_out(name: str, threshold_ms: int) -> None:
    slow = watched()[f"function-{name}-slow"]
    assert measured(slow) == [("AWS/Lambda Duration", {"FunctionName": f"shop-dev-{name}"}, "p99")]
    assert slow.threshold == pytest.approx(threshold_ms)


@pytest.mark.parametrize(
    ("name", "queue"),
    [("queue-mails-set-aside", "shop-dev-mails-dead"), ("calls-set-aside", "shop-dev-failed")],
)
def test_whatever_was_set_aside_rings_until_it_is_gone(name: str, queue: str) -> None:
    """A queue that nobody touches stops telling how full it is: that is no reason to be quiet."""
    alarm = watched()[name]
    assert measured(alarm) == [
        ("AWS/SQS ApproximateNumberOfMessagesVisible", {"QueueName": queue}, "Maximum")
    ]
    assert (alarm.threshold, alarm.missing) == (0, "ignore")


def test_the_api_rings_over_one_failure_in_a_hundred_requests_but_not_at_a_handful() -> None:
    alarm = watched()["api-5xx"]
    assert measured(alarm) == [
        ("AWS/ApiGateway 5xx", {"ApiId": "api1"}, "Sum"),
        ("AWS/ApiGateway Count", {"ApiId": "api1"}, "Sum"),
    ]
    assert (alarm.expression, alarm.threshold) == ("IF(m1 >= 20, 100 * m0 / m1, 0)", 1)
    assert "api-5xx" not in watched(replace(SHOP, routes=()))


@pytest.mark.parametrize(
    ("every_minutes", "period_s", "periods"),
    [
        (1, 15 * 60, 1),
        (5, 15 * 60, 1),
        (6, 18 * 60, 1),
        (480, DAY, 1),
        (481, DAY, 2),
        (1440, DAY, 3),
    ],
)
def test_a_function_that_misses_three_runs_and_a_quarter_of_an_hour_rings(
    every_minutes: int, period_s: int, periods: int
) -> None:
    """No numbers at all are the very thing it is about."""
    alarm = called(every_minutes)
    assert alarm is not None
    assert measured(alarm) == [
        ("AWS/Lambda Invocations", {"FunctionName": "shop-dev-sweep"}, "Sum")
    ]
    assert (alarm.threshold, alarm.below, alarm.missing) == (1, True, "breaching")
    assert (alarm.period_s, alarm.periods) == (period_s, periods)


def test_what_is_silent_for_a_week_anyway_has_no_alarm() -> None:
    """CloudWatch looks back no further."""
    daily, on_workdays, weekly = (called(cron=f"30 4 * * {day}") for day in ("*", "1-5", "1"))
    assert daily is not None
    assert (daily.period_s, daily.periods) == (DAY, 3)
    assert on_workdays is not None
    assert (on_workdays.period_s, on_workdays.periods) == (DAY, 7)
    assert weekly is None


def test_of_several_schedules_of_one_function_the_most_frequent_is_missed() -> None:
    """The shop's `sweep` runs each five minutes, and at night besides."""
    assert watched()["schedule-sweep-not-run"].period_s == 15 * 60


@pytest.mark.parametrize(
    ("cron", "pause_s"),
    [
        ("* * * * *", 60),
        ("*/7 * * * *", 7 * 60),
        ("0 * * * *", HOUR),
        ("0 8-20 * * *", 12 * HOUR),
        ("30 4 * * *", DAY),
        ("0,10 6,18 * * *", 12 * HOUR - 600),
        ("30 4 * * 1-5", 3 * DAY),
        ("0 0 1 * *", 31 * DAY),
        ("0 0 1 1 *", 366 * DAY),
        ("0 0 29 2 *", 1461 * DAY),
    ],
)
def test_the_longest_pause_of_a_cron_is_that_between_two_of_its_runs(
    cron: str, pause_s: int
) -> None:
    assert longest_pause_s(Schedule(name="x", function="x", cron=cron)) == pause_s


def test_a_table_has_one_alarm_for_its_indexes_and_for_what_is_granted() -> None:
    """DynamoDB reports an index apart from the table."""
    by_name = watched()
    here = {"TableName": "shop-dev-orders"}
    index = {**here, "GlobalSecondaryIndexName": "by_user"}
    read, written = (f"AWS/DynamoDB {kind}ThrottleEvents" for kind in ("Read", "Write"))
    throttled = by_name["table-orders-throttled"]
    assert measured(throttled) == [
        (metric, place, "Sum") for metric in (read, written) for place in (here, index)
    ]
    assert "to read or write rows of orders" in throttled.meaning
    assert "raise max_reads or max_writes" in throttled.first
    throttled = by_name["table-sessions-throttled"]
    assert measured(throttled) == [(read, {"TableName": "shop-dev-sessions"}, "Sum")]
    assert "to read rows of sessions" in throttled.meaning


@pytest.mark.parametrize("target", [("aws-dev", "fake"), ("aws-prod", "stripe")])
def test_what_the_shop_pays_for_its_alarms_is_a_part_of_the_smallest_budget(
    target: tuple[str, Literal["fake", "stripe"]],
) -> None:
    """Ten cents a month for each metric of an alarm; aws-dev's budget is twenty dollars."""
    stack, payments = target
    whole = shop.platform(Settings(target="aws", payments=payments), stack)
    assert sum(len(each.metrics) for each in watched(whole).values()) <= 125


def test_no_alarm_asks_for_more_than_cloudwatch_takes() -> None:
    """Ten metrics in an expression, seven days, a name and a description that fit."""
    indexes = tuple(Index(name=f"by_{number}", partition=f"p{number}") for number in range(5))
    full = Table(name="t" * 64, partition="id", indexes=indexes)
    both = grant("orders", "table", full.name, "read", "write")
    schedules = (*SHOP.schedules, Schedule(name="d", function="orders", cron="0 4 * * 1-5"))
    platform = replace(SHOP, tables=(full,), grants=(*SHOP.grants, both), schedules=schedules)
    found = watched(platform)
    assert {f"table-{full.name}-reads-throttled", f"table-{full.name}-writes-throttled"} <= {*found}
    for alarm in found.values():
        assert 1 <= len(alarm.metrics) <= 10
        assert (len(alarm.metrics) == 1) or alarm.expression
        assert alarm.period_s % 60 == 0
        limit = DAY if alarm.period_s < HOUR else 7 * DAY
        assert alarm.period_s * alarm.periods <= limit
        assert len(NAMES.of(alarm.name)) <= LONGEST["alarm"]
        assert len(alarm.description) <= 1024


def test_every_message_says_what_it_means_and_what_to_do_first() -> None:
    for alarm in watched().values():
        meaning, _, first = alarm.description.partition(" First: ")
        assert meaning.endswith(".")
        assert first.endswith(".")
    assert watched()["function-sweep-slow"].description == (
        "One call in a hundred of sweep takes over 80% of 900 s, after which it is ended. First: "
        "see whether a store answers slowly or is throttled; more memory_mb is also more CPU."
    )
