"""The shop: what it is made of, whichever provider runs it.

To add a function, write `app/handlers/<name>.py`, then one `Function` and what calls it below: a
`Route`, a `Queue` or a `Schedule`. What it may use of the stores it is granted, line by line.
A stack's settings may change a function's size and limits; they cannot add one.
"""

from collections.abc import Iterator
from dataclasses import replace

from infra.model import (
    Action,
    Bucket,
    Function,
    Grant,
    Index,
    Platform,
    Queue,
    ResourceKind,
    Route,
    Schedule,
    Table,
)
from infra.settings import FunctionOverrides, Settings

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
    "functions": tuple(function.name for function in FUNCTIONS),
    "tables": tuple(table.name for table in TABLES),
}


def platform(settings: Settings, stack: str) -> Platform:
    """The shop as this stack wants it, not yet checked."""
    return Platform(
        stack=stack,
        functions=tuple(
            fitted(function, settings.functions.get(function.name, FunctionOverrides()), stack)
            for function in FUNCTIONS
        ),
        routes=ROUTES,
        tables=TABLES,
        buckets=BUCKETS,
        queues=QUEUES,
        schedules=SCHEDULES,
        grants=tuple(_grants()),
    )


def fitted(function: Function, wanted: FunctionOverrides, stack: str) -> Function:
    """`function` with the stack's own values, and with the variables its entrypoint needs."""
    given = wanted.model_dump(exclude_none=True, exclude={"environment"})
    sizes = {key: given[key] for key in ("memory_mb", "timeout_s") if key in given}
    scaling = {key: given[key] for key in given if key not in sizes}
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
