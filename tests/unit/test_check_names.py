"""Names are legal on every provider, stand for one thing, and name something that is there."""

from dataclasses import replace
from typing import Any

import pytest

from infra.model import Bucket, Function, Grant, Queue, Route, Schedule, Table
from tests.unit.sound_shop import SHOP, found, grant


def test_a_name_stands_for_one_thing_of_its_kind() -> None:
    """Two functions of one name would be one resource; a function and a table may share one."""
    keep = "declared 2 times → keep one, or rename the others"
    assert found(functions=(*SHOP.functions, SHOP.functions[0])) == [f"functions.orders: {keep}"]
    assert found(tables=(*SHOP.tables, SHOP.tables[1])) == [f"tables.sessions: {keep}"]
    assert found(buckets=SHOP.buckets * 2) == [f"buckets.images: {keep}"]
    assert found(queues=SHOP.queues * 2) == [f"queues.mails: {keep}"]
    assert found(schedules=(*SHOP.schedules, SHOP.schedules[0])) == [f"schedules.sweep: {keep}"]


@pytest.mark.parametrize("name", ["Sweep", "sweep_up", "-sweep", "sweep-", "a--b", "1st", "", "ü"])
def test_names_are_what_both_clouds_take(name: str) -> None:
    """Lower-case words joined by single hyphens."""
    schedules = (Schedule(name=name, function="sweep", every_minutes=5),)
    assert found(schedules=schedules)[0] == (
        f"schedules.{name}: {name} → "
        "use lower-case letters and digits, a letter first, words joined by hyphens"
    )


def test_a_tables_name_has_no_hyphen() -> None:
    """TableStore refuses it, so no provider gets one."""
    tables = (*SHOP.tables, Table(name="cart-lines", partition="id"))
    grants = (*SHOP.grants, grant("orders", "table", "cart-lines", "read"))
    assert found(tables=tables, grants=grants) == [
        (
            "tables.cart-lines: cart-lines → "
            "use lower-case letters and digits, a letter first, words joined by underscores"
        )
    ]


@pytest.mark.parametrize(
    ("kind", "length", "allowed"),
    [
        ("function", 65, "1 to 64"),
        ("table", 65, "3 to 64"),
        ("table", 2, "3 to 64"),
        ("bucket", 64, "3 to 63"),
        ("bucket", 2, "3 to 63"),
        ("queue", 65, "1 to 64"),
    ],
)
def test_names_are_as_long_as_the_clouds_take(kind: str, length: int, allowed: str) -> None:
    """The provider would refuse it in the middle of a deployment."""
    name = "n" * length
    route = Route(method="GET", path="/n", function=name)
    changed: dict[str, dict[str, Any]] = {
        "function": {
            "functions": (*SHOP.functions, Function(name=name)),
            "routes": (*SHOP.routes, route),
        },
        "table": {"tables": (*SHOP.tables, Table(name=name, partition="id"))},
        "bucket": {"buckets": (*SHOP.buckets, Bucket(name=name))},
        "queue": {"queues": (*SHOP.queues, Queue(name=name, consumer="order-mail"))},
    }
    use: dict[str, tuple[Grant, ...]] = {
        "function": (),
        "table": (grant("orders", "table", name, "read"),),
        "bucket": (grant("orders", "bucket", name, "read"),),
        "queue": (grant("orders", "queue", name, "send"),),
    }
    assert found(**changed[kind], grants=(*SHOP.grants, *use[kind])) == [
        f"{kind}s.{name}: {length} characters → use {allowed} characters"
    ]


def test_whatever_calls_a_function_names_one_that_is_there() -> None:
    """The nearest name is offered."""
    routes = (*SHOP.routes, Route(method="GET", path="/x", function="order"))
    assert found(routes=routes) == ["routes.GET /x.function: order → write orders"]
    schedules = (*SHOP.schedules, Schedule(name="x", function="swep", every_minutes=1))
    assert found(schedules=schedules) == ["schedules.x.function: swep → write sweep"]
    queues = (*SHOP.queues, replace(SHOP.queues[0], consumer="order-mial", name="more"))
    grants = (*SHOP.grants, grant("orders", "queue", "more", "send"))
    assert found(queues=queues, grants=grants) == [
        "queues.more.consumer: order-mial → write order-mail"
    ]
    grants = (*SHOP.grants, grant("zzz", "table", "orders", "read"))
    assert found(grants=grants) == [
        "grants.zzz.function: zzz → use one of: order-mail, orders, sweep"
    ]
