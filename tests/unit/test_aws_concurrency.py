"""What the account's concurrent executions allow is told before Lambda refuses it."""

from dataclasses import replace

import pytest

from infra.aws.concurrency import UNRESERVED, problems, reserved, told
from infra.model import Platform, Scaling
from infra.settings_aws import Aws
from tests.unit.sound_shop import SHOP


def scaled(scaling: Scaling) -> Platform:
    """The shop, whose first function scales in this way."""
    first, *rest = SHOP.functions
    return replace(SHOP, functions=(replace(first, scaling=scaling), *rest))


def found(platform: Platform, account: int) -> list[str]:
    """What is wrong, each in a line."""
    return [
        f"{each.path}: {each.value} → {each.remedy}"
        for each in problems(platform, Aws(account_concurrency=account))
    ]


@pytest.mark.parametrize("account", [10, UNRESERVED])
def test_an_account_without_a_raised_quota_reserves_nothing_and_says_so(account: int) -> None:
    settings = Aws(account_concurrency=account)
    assert reserved(SHOP, settings) == {}
    assert f"account_concurrency is {account}" in told(SHOP, settings)
    assert found(SHOP, account) == []


def test_each_function_reserves_its_most_instances_where_the_account_has_them() -> None:
    settings = Aws(account_concurrency=130)
    assert reserved(SHOP, settings) == {"orders": 10, "order-mail": 10, "sweep": 10}
    assert told(SHOP, settings) == ""


def test_what_is_reserved_leaves_the_executions_that_lambda_keeps() -> None:
    assert found(SHOP, 130) == []
    assert found(SHOP, 129) == [
        (
            "functions: max_instances add up to 30 → "
            "lower some (or traffic.peak, where they come from it), or raise the quota and then "
            "aws.account_concurrency"
        )
    ]


def test_an_account_that_has_none_to_reserve_keeps_none_ready() -> None:
    platform = scaled(Scaling(min_instances=1))
    assert found(platform, 1000) == []
    assert found(platform, 10) == [
        (
            "functions.orders.min_instances: 1 → "
            "write 0 (or traffic.quiet: 0, where it comes from that), or raise the quota and "
            "then aws.account_concurrency"
        )
    ]


def test_a_function_starts_from_a_snapshot_or_has_instances_ready_never_both() -> None:
    assert found(scaled(Scaling(snap_start=True)), 1000) == []
    assert found(scaled(Scaling(snap_start=True, min_instances=1)), 1000) == [
        "functions.orders.snap_start: true → remove snap_start, or write min_instances: 0"
    ]
