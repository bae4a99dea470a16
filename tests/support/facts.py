"""What a platform says, as plain facts: what a cloud's program is held to.

A fact names a thing of the shop, a part of it, and its value: `("functions", "auth", "timeout_s",
10)`. The readers of each cloud find the same facts in its resources alone.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from infra.model import Platform, ResourceKind

Fact = tuple[Any, ...]
Kinds = dict[str, dict[str, dict[str, Any]]]
"""The inputs of resources by kind, without the provider, and name."""

_STATED: tuple[tuple[ResourceKind, str], ...] = (
    ("table", "SHOP_TABLES"),
    ("bucket", "SHOP_BUCKETS"),
    ("queue", "SHOP_QUEUES"),
    ("secret", "SHOP_SECRETS"),
)
GIVEN = frozenset({
    "SHOP_ADAPTERS", "SHOP_TABLES", "SHOP_TABLESTORE", "SHOP_BUCKETS", "SHOP_QUEUES",
    "SHOP_SECRETS",
})  # fmt: skip
"""The variables that a target gives a function."""


def facts(platform: Platform, unlike: Collection[str]) -> set[Fact]:
    """The platform's facts, but those of limits that are `unlike`, as `tables.max_reads`."""
    return {fact for fact in _facts(platform) if f"{fact[0]}.{fact[2]}" not in unlike}


def _facts(platform: Platform) -> Iterator[Fact]:
    yield from _of_calls(platform)
    yield from _of_stores(platform)
    for grant in platform.grants:
        for action in grant.actions:
            yield "grants", grant.function, grant.kind, grant.resource, action


def _of_calls(platform: Platform) -> Iterator[Fact]:
    for function in platform.functions:
        here = ("functions", function.name)
        yield *here, "memory_mb", function.memory_mb
        yield *here, "timeout_s", function.timeout_s
        yield *here, "min_instances", function.scaling.min_instances
        yield *here, "max_instances", function.scaling.max_instances
        for ready in function.scaling.scheduled:
            yield *here, "scheduled", ready.name, ready.cron, ready.time_zone, ready.min_instances
        yield *here, "trigger", platform.trigger(function.name)
        for name, value in function.environment.items():
            yield *here, "environment", name, value
    for route in platform.routes:
        here = ("routes", route.key)
        yield *here, "function", route.function
        yield "throttle", route.key, "rate", route.throttle.rate
        yield "throttle", route.key, "burst", route.throttle.burst
    for schedule in platform.schedules:
        here = ("schedules", schedule.name)
        yield *here, "function", schedule.function
        yield *here, "every_minutes", schedule.every_minutes


def _of_stores(platform: Platform) -> Iterator[Fact]:
    for table in platform.tables:
        here = ("tables", table.name)
        yield *here, "key", (table.partition, table.sort)
        yield *here, "expiring", table.expiring
        yield *here, "max_reads", table.max_reads
        yield *here, "max_writes", table.max_writes
        for index in table.indexes:
            yield *here, "index", index.name, (index.partition, index.sort)
    for bucket in platform.buckets:
        yield "buckets", bucket.name, "pending_days", bucket.pending_days
        yield "buckets", bucket.name, "public", bucket.public
    for queue in platform.queues:
        here = ("queues", queue.name)
        yield *here, "consumer", queue.consumer
        yield *here, "batch_size", queue.batch_size
        yield *here, "visibility_s", queue.visibility_s
        yield *here, "max_attempts", queue.max_attempts
        yield *here, "max_concurrency", queue.max_concurrency


def kinds(found: Iterable[tuple[str, str, dict[str, Any]]]) -> Kinds:
    """Resources by their kinds, `aws:sqs/queue:Queue` as `Queue`, and names."""
    by_kind: Kinds = {}
    for kind, name, inputs in found:
        by_kind.setdefault(kind.rpartition(":")[2], {})[name] = inputs
    return by_kind


def of_variables(function: str, variables: Mapping[str, str]) -> Iterator[Fact]:
    """What a function's variables tell: its own, and what it is told that it may do."""
    for name, value in variables.items():
        if name not in GIVEN:
            yield "functions", function, "environment", name, value
    for kind, name in _STATED:
        for resource, stated in json.loads(variables.get(name, "{}")).items():
            for action in stated["may"]:
                yield "told", function, kind, resource, action


def told(platform: Platform) -> set[Fact]:
    """What functions are told that they may do: their grants."""
    return {
        ("told", each.function, each.kind, each.resource, action)
        for each in platform.grants
        for action in each.actions
    }
