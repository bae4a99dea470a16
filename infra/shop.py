"""The shop: what it is made of, whichever provider runs it.

To add a function, write `app/handlers/<name>.py`, then one `Function` and what calls it below: a
`Route`, a `Queue` or a `Schedule`. What it may use of the stores it is granted, line by line.
A stack's settings may change a function's size and limits; they cannot add one.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

from infra.model import (
    Action,
    Bucket,
    Function,
    Grant,
    Index,
    KeptReady,
    Platform,
    Queue,
    ResourceKind,
    Route,
    Schedule,
    Table,
    Throttle,
)
from infra.settings import Settings
from infra.settings_overrides import FunctionOverrides, ThrottleOverrides
from infra.settings_part import Part

Declared = TypeVar("Declared", Table, Bucket, Queue)

FUNCTIONS = (
    Function(name="health", memory_mb=128, timeout_s=5),
    Function(name="docs", memory_mb=128, timeout_s=5),
    Function(name="auth", memory_mb=512),  # a password takes 19 MB and a good part of a CPU
    Function(name="uploads"),
    Function(name="notify", timeout_s=5),
    Function(name="sweep", timeout_s=60),
)  # fmt: skip

ROUTES = (
    Route(method="GET", path="/health", function="health"),
    Route(method="GET", path="/docs", function="docs"),
    Route(method="GET", path="/openapi.json", function="docs"),
    Route(method="POST", path="/users", function="auth"),
    Route(method="GET", path="/users/me", function="auth"),
    Route(method="PUT", path="/users/me/password", function="auth"),
    Route(method="POST", path="/sessions", function="auth"),
    Route(method="DELETE", path="/sessions/current", function="auth"),
    Route(method="POST", path="/uploads", function="uploads"),
    Route(method="GET", path="/uploads/{key}", function="uploads"),
)  # fmt: skip

TABLES = (
    Table(name="users", partition="username", indexes=(
        Index(name="by_outbox", partition="outbox", sort="outbox_at"),
    )),
    Table(name="sessions", partition="session", expiring=True),
    Table(name="attempts", partition="scope", sort="attempt", expiring=True),
    Table(name="uploads", partition="owner", sort="upload", indexes=(
        Index(name="by_pending", partition="pending", sort="upload"),
    )),
    Table(name="notifications", partition="event"),
)  # fmt: skip

BUCKETS = (
    Bucket(name="uploads"),
)  # fmt: skip

QUEUES = (
    Queue(name="welcome", consumer="notify", visibility_s=30),
)  # fmt: skip

SCHEDULES = (
    Schedule(name="sweep", function="sweep", every_minutes=5),
)  # fmt: skip

# function → what it may use: kind, name, actions
GRANTS: dict[str, tuple[tuple[ResourceKind, str, tuple[Action, ...]], ...]] = {
    "auth": (
        ("table", "users", ("read", "write")),
        ("table", "sessions", ("read", "write")),
        ("table", "attempts", ("read", "write")),
        ("queue", "welcome", ("send",)),
        ("secret", "token-key", ("read",)),
    ),
    "uploads": (
        ("table", "users", ("read",)),
        ("table", "sessions", ("read",)),
        ("table", "uploads", ("read", "write")),
        ("bucket", "uploads", ("read", "write")),
        ("secret", "token-key", ("read",)),
    ),
    "notify": (
        ("table", "notifications", ("write",)),
    ),
    "sweep": (
        ("table", "users", ("read", "write")),
        ("table", "sessions", ("write",)),
        ("table", "attempts", ("write",)),
        ("table", "uploads", ("read", "write")),
        ("bucket", "uploads", ("write",)),
        ("queue", "welcome", ("send",)),
    ),
}  # fmt: skip

NAMES = {
    "functions": tuple(each.name for each in FUNCTIONS),
    "routes": tuple(each.key for each in ROUTES),
    "tables": tuple(each.name for each in TABLES),
    "buckets": tuple(each.name for each in BUCKETS),
    "queues": tuple(each.name for each in QUEUES),
}


def platform(settings: Settings, stack: str) -> Platform:
    """The shop as this stack wants it, not yet checked."""
    return Platform(
        stack=stack,
        origins=tuple(settings.origins),
        functions=tuple(
            fitted(function, settings.functions.get(function.name, FunctionOverrides()), stack)
            for function in FUNCTIONS
        ),
        routes=tuple(
            replace(route, throttle=throttle(settings.routes.get(route.key, settings.throttle)))
            for route in ROUTES
        ),
        tables=tuple(sized(table, settings.tables.get(table.name)) for table in TABLES),
        buckets=tuple(sized(bucket, settings.buckets.get(bucket.name)) for bucket in BUCKETS),
        queues=tuple(sized(queue, settings.queues.get(queue.name)) for queue in QUEUES),
        schedules=SCHEDULES,
        grants=tuple(_grants()),
    )


def throttle(wanted: ThrottleOverrides) -> Throttle:
    """What a route lets through, as the stack states it."""
    return Throttle(rate=wanted.rate, burst=wanted.burst)


def sized(declared: Declared, wanted: Part | None) -> Declared:
    """A table, bucket or queue with the stack's own values for it."""
    if wanted is None:
        return declared
    return replace(declared, **wanted.model_dump(exclude_none=True, exclude={"allow_replace"}))


def fitted(function: Function, wanted: FunctionOverrides, stack: str) -> Function:
    """`function` with the stack's own values, and with the variables its entrypoint needs."""
    given = wanted.model_dump(exclude_none=True, exclude={"environment"})
    sizes = {key: given[key] for key in ("memory_mb", "timeout_s") if key in given}
    scaling = {key: given[key] for key in given if key not in sizes}
    if "scheduled" in given:
        by_name = sorted(given["scheduled"].items())
        scaling["scheduled"] = tuple(KeptReady(name=name, **each) for name, each in by_name)
    ours = {"SHOP_STACK": stack}
    if function.handler is None:
        ours["SHOP_HANDLER"] = function.name
    return replace(
        function,
        **sizes,
        scaling=replace(function.scaling, **scaling),
        environment={**function.environment, **wanted.environment, **ours},
    )


def _grants() -> Iterator[Grant]:
    for function, granted in GRANTS.items():
        for kind, resource, actions in granted:
            yield Grant(function=function, kind=kind, resource=resource, actions=frozenset(actions))
