"""How the account's concurrent executions are shared out among the functions."""

from collections.abc import Iterator, Mapping
from typing import Final

from infra.errors import Problem
from infra.model import Platform
from infra.settings_aws import Aws

UNRESERVED: Final = 100
"""Executions that Lambda keeps for functions that reserve none; it refuses to reserve into them."""


def reserved(platform: Platform, settings: Aws) -> Mapping[str, int]:
    """The executions that are reserved for each function, by its name: its max_instances.

    Empty for an account that has none to reserve.
    """
    if settings.account_concurrency <= UNRESERVED:
        return {}
    return {each.name: each.scaling.max_instances for each in platform.functions}


def told(platform: Platform, settings: Aws) -> str:
    """What a preview tells of an account that has nothing to reserve; empty for another."""
    if reserved(platform, settings):
        return ""
    return (
        f"account_concurrency is {settings.account_concurrency}: Lambda keeps {UNRESERVED} for "
        "all functions, so none can be reserved and max_instances holds for none of them.\n"
        "The routes' throttles are the limit. → ask for more (Service Quotas, Lambda, concurrent "
        "executions), then state aws.account_concurrency"
    )


def problems(platform: Platform, settings: Aws) -> Iterator[Problem]:
    """What Lambda would refuse of it."""
    account = settings.account_concurrency
    total = sum(reserved(platform, settings).values())
    if total > account - UNRESERVED > 0:
        yield Problem(
            "functions",
            f"max_instances add up to {total}",
            f"of the account's {account} concurrent executions {UNRESERVED} cannot be reserved, "
            f"so Lambda gives {account - UNRESERVED}",
            "lower some (or traffic.peak, where they come from it), or raise the quota and then "
            "aws.account_concurrency",
        )
    for each in platform.functions:
        if each.scaling.min_instances and account <= UNRESERVED:
            yield Problem(
                f"functions.{each.name}.min_instances",
                str(each.scaling.min_instances),
                f"an account of {account} concurrent executions has none to keep ready",
                "write 0 (or traffic.quiet: 0, where it comes from that), or raise the quota and "
                "then aws.account_concurrency",
            )
        if each.scaling.min_instances and each.scaling.snap_start:
            yield Problem(
                f"functions.{each.name}.snap_start",
                "true",
                "Lambda takes no snapshot of a function whose instances are kept ready",
                "remove snap_start, or write min_instances: 0",
            )
