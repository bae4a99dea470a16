"""What calls functions of its own accord on Alibaba Cloud: by the clock, and from queues."""

import pytest

from infra.alicloud.cron import cron
from infra.alicloud.names import Names
from infra.alicloud.places import Places
from infra.alicloud.queue import stream
from infra.alicloud.schedule import expression
from infra.model import Schedule
from tests.unit.sound_shop import SHOP

PLACES = Places(Names("dev", "shop-dev-1"), "cn-hangzhou", "1234567890123456")


@pytest.mark.parametrize(
    ("schedule", "written"),
    [
        (Schedule(name="s", function="f", every_minutes=5), "@every 5m"),
        (
            Schedule(name="s", function="f", cron="30 4 * * 1-5"),
            "CRON_TZ=UTC 0 30 4 * * MON,TUE,WED,THU,FRI",
        ),
    ],
)
def test_a_schedule_is_written_as_function_compute_writes_it(
    schedule: Schedule, written: str
) -> None:
    assert expression(schedule) == written


@pytest.mark.parametrize(
    ("five", "six"),
    [
        ("30 4 * * *", "0 30 4 * * *"),
        ("0 8 * * 0", "0 0 8 * * SUN"),
        ("0 8 * * 6,0", "0 0 8 * * SUN,SAT"),
        ("*/15 9-17 * * 1-5/2", "0 */15 9-17 * * MON,WED,FRI"),
        ("0 8 * * */2", "0 0 8 * * SUN,TUE,THU,SAT"),
        ("0 8 * * 0-6", "0 0 8 * * *"),
        ("0 0 1,15 */3 *", "0 0 0 1,15 */3 *"),
    ],
)
def test_days_of_the_week_go_by_name_where_function_compute_counts_otherwise(
    five: str, six: str
) -> None:
    """It takes 1 to 7 there or MON to SUN, no 0 and no step."""
    assert cron(five) == six


def test_good_messages_are_not_set_aside_while_all_instances_are_busy() -> None:
    """The other strategy, which is the usual one, gives up within a minute."""
    (queue,) = SHOP.queues
    ran = stream(queue, "shop-dev-mails", "shop-dev-mails-dead", PLACES)["runOptions"]
    assert ran["retryStrategy"] == {"PushRetryStrategy": "EXPONENTIAL_DECAY_RETRY"}
    assert ran["errorsTolerance"] == "ALL"
    assert ran["deadLetterQueue"]["Arn"].endswith("shop-dev-mails-dead")
