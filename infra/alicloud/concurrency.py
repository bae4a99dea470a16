"""How many instances each function may have, and what the account has for all."""

import sys
from collections.abc import Iterator, Mapping

from infra.errors import Problem
from infra.model import Platform
from infra.settings_alicloud import Alicloud


def reserved(platform: Platform) -> Mapping[str, int]:
    """The instances that are reserved for each function, by its name, beyond which none runs.

    It is max_instances; for what consumes queues no more than these may have at work at once,
    since EventBridge has no such limit of its own.
    """
    at_once: dict[str, int] = {}
    for queue in platform.queues:
        at_once[queue.consumer] = at_once.get(queue.consumer, 0) + queue.max_concurrency
    return {
        each.name: min(each.scaling.max_instances, at_once.get(each.name, sys.maxsize))
        for each in platform.functions
    }


def problems(platform: Platform, settings: Alicloud) -> Iterator[Problem]:
    """What Function Compute would refuse of it."""
    most = settings.account_instances
    total = sum(reserved(platform).values())
    if total > most:
        yield Problem(
            "functions",
            f"max_instances add up to {total}",
            f"the account runs {most} instances in this region, so no more can be reserved",
            "lower some (or traffic.peak, where they come from it), or raise the quota and then "
            "alicloud.account_instances",
        )
    for each in platform.functions:
        if each.scaling.snap_start:
            yield Problem(
                f"functions.{each.name}.snap_start",
                "true",
                "Function Compute starts no Python function from a snapshot",
                "remove it; min_instances keeps instances ready",
            )
        held = reserved(platform)[each.name]
        ready = {"min_instances": each.scaling.min_instances} | {
            f"scheduled.{one.name}.min_instances": one.min_instances
            for one in each.scaling.scheduled
        }
        for key in (key for key, wanted in ready.items() if wanted > held):
            yield Problem(
                f"functions.{each.name}.{key}",
                str(ready[key]),
                f"its queues let {held} of its instances work at once, so no more would be used",
                f"write 0 to {held}, or raise max_concurrency of its queues",
            )
