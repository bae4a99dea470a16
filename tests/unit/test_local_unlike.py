"""What a stack states reaches this machine's plan, or is named as what it does not carry out."""

from collections.abc import Mapping
from functools import reduce
from pathlib import Path
from typing import Any

import pytest

from infra import settings, shop
from infra.demanded import demanded
from infra.local.counterparts import COUNTERPARTS
from infra.local.plan import LOCAL_STACK, LocalConfig, Planned, plan
from infra.local.unlike import UNLIKE
from tests.support.limits import NAMED, stated, with_setting

ROOT = Path(__file__).resolve().parents[2]
BASE: Mapping[str, Any] = {"target": "local", "functions": {"auth": {"min_instances": 1}}}
DAY = {"cron": "0 7 * * 1-5", "min_instances": 5}

CHANGES: tuple[tuple[tuple[str, ...], Any], ...] = (
    (("functions", "auth", "memory_mb"), 1024),
    (("functions", "auth", "timeout_s"), 7),
    (("functions", "auth", "min_instances"), 2),
    (("functions", "auth", "max_instances"), 33),
    (("functions", "auth", "queue_ms"), 500),
    (("functions", "auth", "snap_start"), True),
    (("functions", "auth", "scheduled"), {"day": DAY}),
    (("functions", "auth", "environment"), {"GREETING": "hello"}),
    (("traffic",), {"peak": 5}),
    (("throttle",), {"rate": 7, "burst": 8}),
    (("routes", "POST /users"), {"rate": 3, "burst": 4}),
    (("tables", "users", "allow_replace"), True),
    (("tables", "users", "max_reads"), 11),
    (("tables", "users", "max_writes"), 12),
    (("buckets", "uploads", "allow_replace"), True),
    (("buckets", "uploads", "pending_days"), 9),
    (("queues", "welcome", "batch_size"), 4),
    (("queues", "welcome", "max_concurrency"), 6),
    (("queues", "welcome", "visibility_s"), 77),
    (("queues", "welcome", "max_attempts"), 2),
    (("origins",), ["https://shop.example.com"]),
    (("payments",), "stripe"),
    (("notifications",), {"by": "smtp", "sender": "shop@letters.example"}),
)


def planned(raw: Mapping[str, Any]) -> tuple[Planned, ...]:
    """The plan of a stack with these settings."""
    read = settings.parse(raw, "test", shop.NAMES)
    replaceable = [name for name, table in read.tables.items() if table.allow_replace]
    config = LocalConfig(root=ROOT, settings=read.local, replaceable=replaceable)
    return plan(demanded(shop.platform(read, LOCAL_STACK), read, ROOT).platform, config)


def named(path: tuple[str, ...]) -> tuple[str, ...]:
    """The setting without the name of a function, table …; throttles are one, a route's too."""
    if path[0] in NAMED:
        return (path[0], path[2])
    return ("throttle",) if path[0] == "routes" else path[:1]


def unlike() -> set[tuple[str, ...]]:
    """The settings that are named as not carried out."""
    keys = [tuple(each.split(".")) for each in UNLIKE]
    return {key[:1] if key[0] == "throttle" else key for key in keys}


def test_what_is_unlike_changes_nothing_of_the_plan() -> None:
    changes = [(path, value) for path, value in CHANGES if named(path) in unlike()]
    assert {named(path) for path, _ in changes} == unlike()
    changed = reduce(lambda raw, change: with_setting(raw, *change), changes, BASE)
    assert planned(changed) == planned(BASE)


@pytest.mark.long
def test_all_else_that_a_stack_states_of_the_shop_is_in_the_plan() -> None:
    before = planned(BASE)
    for path, value in CHANGES:
        if named(path) not in unlike():
            assert planned(with_setting(BASE, path, value)) != before, path


def test_every_setting_is_tried_here() -> None:
    """One that nothing looks at could be read and forgotten."""
    ours = {path for path in stated("local") if path[0] not in ("target", "local")}
    tried = {named(path) for path, _ in CHANGES}
    assert tried == {path if path[0] in NAMED else named(path) for path in ours}


def test_every_kind_of_resource_of_this_machine_is_named_and_no_other() -> None:
    """docs/targets.md says what each is there for."""
    assert {f"local:index:{each.kind}" for each in planned(BASE)} == COUNTERPARTS.keys()
