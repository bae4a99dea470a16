"""A platform that some provider would refuse, or that contradicts itself, is refused whole."""

from dataclasses import replace

import pytest

from infra.check import check
from infra.errors import Refused
from tests.unit.sound_shop import SHOP, found


def test_a_sound_platform_with_every_kind_has_no_problem_anywhere() -> None:
    """What the other tests change is right to begin with."""
    assert found("aws", local=False) == found("alicloud", local=False) == []
    check(SHOP, "aws", "stacks/Pulumi.dev.yaml")


def test_all_problems_come_in_one_report_that_names_the_source() -> None:
    """Nobody mends a platform one error at a time."""
    small = replace(SHOP.functions[0], memory_mb=1, timeout_s=30)
    wrong = replace(SHOP, functions=(small, *SHOP.functions[1:]), schedules=())
    with pytest.raises(Refused) as caught:
        check(wrong, "aws", "stacks/Pulumi.dev.yaml")
    assert str(caught.value) == (
        "stacks/Pulumi.dev.yaml: 3 problems, nothing was changed\n"
        "  functions.orders.memory_mb: 1\n"
        "    AWS Lambda offers no function of this size\n"
        "    → write 128 to 10240\n"
        "  functions.orders.timeout_s: 30\n"
        "    a route's caller gets no answer that takes longer than 29 s\n"
        "    → write 1 to 29\n"
        "  functions.sweep\n"
        "    nothing calls this function, so it would never run\n"
        "    → give it a route, a queue or a schedule, or remove it"
    )
