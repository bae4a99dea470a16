"""Queues and schedules call their functions as every provider can."""

from dataclasses import replace
from typing import Any

import pytest

from infra.model import Queue, Schedule
from tests.unit.sound_shop import SHOP, found


def mails(**changed: Any) -> tuple[Queue, ...]:
    """The queues, with something changed about `mails`."""
    return (replace(SHOP.queues[0], **changed),)


def nightly(**changed: Any) -> tuple[Schedule, ...]:
    """The schedules, with something changed about `nightly`."""
    return (SHOP.schedules[0], replace(SHOP.schedules[1], **changed))


def test_a_message_does_not_come_back_while_it_is_worked_on() -> None:
    """Its visibility is six times the consumer's time-out or more: AWS's rule."""
    assert found(queues=mails(visibility_s=59)) == [
        "queues.mails.visibility_s: 59 → write 60 or more: 6 times its time-out"
    ]


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("batch_size", 0, "1 to 10"),
        ("batch_size", 11, "1 to 10"),
        ("visibility_s", 43201, "1 to 43200"),
        ("max_attempts", 0, "1 to 1000"),
        ("max_attempts", 1001, "1 to 1000"),
        ("max_concurrency", 1, "2 to 1000"),
    ],
)
def test_a_queue_keeps_to_the_ranges_of_both_clouds(key: str, value: int, allowed: str) -> None:
    """The narrower range is the shop's."""
    assert found(queues=mails(**{key: value})) == [f"queues.mails.{key}: {value} → write {allowed}"]


def test_a_queue_starts_no_more_consumers_than_may_run() -> None:
    """Messages that a full function refuses would use up their attempts."""
    assert found(queues=mails(max_concurrency=11)) == [
        "queues.mails.max_concurrency: 11 → write 10 or less, or raise its max_instances"
    ]


def test_a_schedule_says_when_in_one_way() -> None:
    """Neither or both leaves it open."""
    assert found(schedules=nightly(every_minutes=5)) == [
        "schedules.nightly: both every_minutes and cron → remove one of them"
    ]
    assert found(schedules=nightly(cron=None)) == [
        "schedules.nightly: neither every_minutes nor cron → add one of them"
    ]


@pytest.mark.parametrize("minutes", [0, -5, 1441])
def test_a_schedule_repeats_within_a_day(minutes: int) -> None:
    """A longer pause is a cron's."""
    assert found(schedules=nightly(every_minutes=minutes, cron=None)) == [
        f"schedules.nightly.every_minutes: {minutes} → write 1 to 1440, or use cron"
    ]


@pytest.mark.parametrize(
    "cron",
    [
        "* * * * *",
        "*/5 0-6,22 * * *",
        "0 0 1,15 */2 *",
        "0-30/10 4 * * 1-5",
        "59 23 31 12 *",
        "0 4 29 2 *",
        "0 4 31 2-3 *",
    ],
)
def test_a_right_cron_is_taken(cron: str) -> None:
    """Numbers, ranges, lists and steps."""
    assert found(schedules=nightly(cron=cron)) == []


@pytest.mark.parametrize(
    ("cron", "remedy"),
    [
        ("* * * *", "write minute, hour, day of the month, month, day of the week: 30 4 * * 1"),
        ("0 0 4 * * 1", "write minute, hour, day of the month, month, day of the week: 30 4 * * 1"),
        ("", "write minute, hour, day of the month, month, day of the week: 30 4 * * 1"),
        ("60 * * * *", "use numbers from 0 to 59, *, a-b, /step and commas"),
        ("* 24 * * *", "use numbers from 0 to 23, *, a-b, /step and commas"),
        ("* * 0 * *", "use numbers from 1 to 31, *, a-b, /step and commas"),
        ("* * * JAN *", "use numbers from 1 to 12, *, a-b, /step and commas"),
        ("* * * * 7", "use numbers from 0 to 6, *, a-b, /step and commas"),
        ("9-5 * * * *", "use numbers from 0 to 59, *, a-b, /step and commas"),
        ("*/0 * * * *", "use numbers from 0 to 59, *, a-b, /step and commas"),
        ("5/10 * * * *", "use numbers from 0 to 59, *, a-b, /step and commas"),
        ("1,,2 * * * *", "use numbers from 0 to 59, *, a-b, /step and commas"),
        ("0 4 1 * 1", "write * for one of the two days"),
        ("0 4 30 2 *", "choose a day that one of its months has"),
        ("0 4 31 4,6,9,11 *", "choose a day that one of its months has"),
    ],
)
def test_a_wrong_cron_is_refused(cron: str, remedy: str) -> None:
    """Also one that AWS cannot carry out, though others can."""
    assert found(schedules=nightly(cron=cron)) == [f"schedules.nightly.cron: {cron} → {remedy}"]
