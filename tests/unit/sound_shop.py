"""A sound shop with every kind of thing, for tests that spoil one part of it."""

from dataclasses import replace
from typing import Any

from infra.check import problems
from infra.model import (
    Action,
    Bucket,
    Function,
    Grant,
    Index,
    Platform,
    Provider,
    Queue,
    ResourceKind,
    Route,
    Schedule,
    Table,
)


def grant(function: str, kind: ResourceKind, resource: str, *actions: Action) -> Grant:
    """A grant in one line."""
    return Grant(function=function, kind=kind, resource=resource, actions=frozenset(actions))


SHOP = Platform(
    stack="dev",
    functions=(
        Function(name="orders", handler="app.handlers.orders.handle"),
        Function(name="order-mail"),
        Function(name="sweep", timeout_s=900),
    ),
    routes=(
        Route(method="GET", path="/", function="orders"),
        Route(method="GET", path="/orders", function="orders"),
        Route(method="POST", path="/orders", function="orders"),
        Route(method="GET", path="/orders/{id}", function="orders"),
        Route(method="GET", path="/orders/latest", function="orders"),
        Route(method="ANY", path="/{rest+}", function="orders"),
    ),
    tables=(
        Table(name="orders", partition="id", indexes=(Index(name="by_user", partition="user"),)),
        Table(name="sessions", partition="id", expiring=True),
    ),
    buckets=(Bucket(name="images"),),
    queues=(Queue(name="mails", consumer="order-mail"),),
    schedules=(
        Schedule(name="sweep", function="sweep", every_minutes=5),
        Schedule(name="nightly", function="sweep", cron="30 4 * * 1-5"),
    ),
    grants=(
        grant("orders", "table", "orders", "read", "write"),
        grant("orders", "table", "sessions", "read"),
        grant("orders", "bucket", "images", "read"),
        grant("orders", "queue", "mails", "send"),
        grant("orders", "secret", "token-key", "read"),
    ),
)


def found(provider: Provider = "aws", *, local: bool = True, **changed: Any) -> list[str]:
    """The problems of SHOP with these parts changed, as `path: value → remedy`."""
    listed = problems(replace(SHOP, **changed), provider, local=local)
    return [f"{p.path}: {p.value} → {p.remedy}" for p in listed]
