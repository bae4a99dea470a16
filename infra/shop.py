"""The shop: what it is made of, whichever provider runs it.

To add a function, write `app/handlers/<name>.py`, then one `Function` and what calls it below: a
`Route`, a `Queue` or a `Schedule`. What it may use of the stores it is granted, line by line.
A stack's settings may change a function's size and limits; they cannot add one.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

from infra import shop_letters, shop_payments
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
    Function(name="catalog"),
    Function(name="carts"),
    Function(name="orders", timeout_s=20),
    Function(name="webhooks", timeout_s=20),
    Function(name="admin", timeout_s=20),
    Function(name="notify"),
    Function(name="events"),
    Function(name="sweep", timeout_s=60),
    Function(name="settle", timeout_s=60),
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
    Route(method="POST", path="/password-resets", function="auth"),
    Route(method="POST", path="/password-resets/{token}", function="auth"),
    Route(method="POST", path="/uploads", function="uploads"),
    Route(method="GET", path="/uploads/{key}", function="uploads"),
    Route(method="GET", path="/products", function="catalog"),
    Route(method="GET", path="/products/{product}", function="catalog"),
    Route(method="POST", path="/carts", function="carts"),
    Route(method="GET", path="/cart", function="carts"),
    Route(method="DELETE", path="/cart", function="carts"),
    Route(method="POST", path="/cart/lines", function="carts"),
    Route(method="PUT", path="/cart/lines/{product}", function="carts"),
    Route(method="DELETE", path="/cart/lines/{product}", function="carts"),
    Route(method="POST", path="/orders", function="orders"),
    Route(method="GET", path="/orders", function="orders"),
    Route(method="GET", path="/orders/{order}", function="orders"),
    Route(method="POST", path="/orders/{order}/confirm", function="orders"),
    Route(method="POST", path="/orders/{order}/cancel", function="orders"),
    Route(method="POST", path="/payments/webhooks", function="webhooks"),
    Route(method="GET", path="/admin/products", function="admin"),
    Route(method="POST", path="/admin/products", function="admin"),
    Route(method="GET", path="/admin/products/{product}", function="admin"),
    Route(method="PUT", path="/admin/products/{product}", function="admin"),
    Route(method="DELETE", path="/admin/products/{product}", function="admin"),
    Route(method="POST", path="/admin/products/{product}/images", function="admin"),
    Route(method="PUT", path="/admin/products/{product}/image", function="admin"),
    Route(method="GET", path="/admin/products/{product}/stock", function="admin"),
    Route(method="POST", path="/admin/products/{product}/stock", function="admin"),
    Route(method="GET", path="/admin/promotions", function="admin"),
    Route(method="POST", path="/admin/promotions", function="admin"),
    Route(method="GET", path="/admin/promotions/{code}", function="admin"),
    Route(method="PUT", path="/admin/promotions/{code}", function="admin"),
    Route(method="GET", path="/admin/orders", function="admin"),
    Route(method="GET", path="/admin/orders/{order}", function="admin"),
    Route(method="POST", path="/admin/orders/{order}/fulfil", function="admin"),
    Route(method="POST", path="/admin/orders/{order}/cancel", function="admin"),
    Route(method="POST", path="/admin/orders/{order}/refunds", function="admin"),
    Route(method="GET", path="/admin/audit", function="admin"),
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
    Table(name="resets", partition="reset", expiring=True),
    Table(name="letters", partition="recipient", sort="letter", expiring=True),
    Table(name="products", partition="product", indexes=(
        Index(name="by_listing", partition="listed", sort="product"),
        Index(name="by_category", partition="listed_in", sort="product"),
        Index(name="by_any", partition="shelf", sort="product"),
        Index(name="by_outbox", partition="outbox", sort="outbox_at"),
        Index(name="by_reindex", partition="reindex", sort="reindex_at"),
    )),
    Table(name="words", partition="word", sort="product"),
    Table(name="image_uploads", partition="owner", sort="upload", indexes=(
        Index(name="by_pending", partition="pending", sort="upload"),
    )),
    Table(name="carts", partition="cart", indexes=(
        Index(name="by_idle", partition="idle", sort="idle_at"),
    )),
    Table(name="stock", partition="product"),
    Table(name="adjustments", partition="product", sort="adjustment", indexes=(
        Index(name="by_outbox", partition="outbox", sort="outbox_at"),
    )),
    Table(name="promotions", partition="code", indexes=(
        Index(name="by_any", partition="shelf", sort="code"),
        Index(name="by_outbox", partition="outbox", sort="outbox_at"),
    )),
    Table(name="orders", partition="order", indexes=(
        Index(name="by_customer", partition="principal", sort="placed"),
        Index(name="by_day", partition="day", sort="placed"),
        Index(name="by_outbox", partition="outbox", sort="outbox_at"),
    )),
    Table(name="due", partition="shard", sort="at"),
    Table(name="audits", partition="subject", sort="entry", indexes=(
        Index(name="by_day", partition="day", sort="entry"),
    )),
    Table(name="runs", partition="run"),
)  # fmt: skip

BUCKETS = (
    Bucket(name="uploads"),
    Bucket(name="images", public=True),
)  # fmt: skip

QUEUES = (
    Queue(name="welcome", consumer="notify"),
    Queue(name="events", consumer="events"),
)  # fmt: skip

SCHEDULES = (
    Schedule(name="sweep", function="sweep", every_minutes=5),
    Schedule(name="settle", function="settle", every_minutes=1),
)  # fmt: skip

# function → what it may use: kind, name, actions
GRANTS: dict[str, tuple[tuple[ResourceKind, str, tuple[Action, ...]], ...]] = {
    "auth": (
        ("table", "users", ("read", "write")),
        ("table", "sessions", ("read", "write")),
        ("table", "attempts", ("read", "write")),
        ("table", "resets", ("read", "write")),
        ("table", "carts", ("read", "write")),
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
    "catalog": (
        ("table", "products", ("read",)),
        ("table", "words", ("read",)),
        ("table", "stock", ("read",)),
        ("bucket", "images", ("read",)),
    ),
    "carts": (
        ("table", "users", ("read",)),
        ("table", "sessions", ("read",)),
        ("table", "carts", ("read", "write")),
        ("table", "products", ("read",)),
        ("table", "promotions", ("read",)),
        ("secret", "token-key", ("read",)),
    ),
    "orders": (
        ("table", "users", ("read",)),
        ("table", "sessions", ("read",)),
        ("table", "carts", ("read", "write")),
        ("table", "products", ("read",)),
        ("table", "stock", ("read", "write")),
        ("table", "adjustments", ("read", "write")),
        ("table", "promotions", ("read", "write")),
        ("table", "orders", ("read", "write")),
        ("table", "due", ("write",)),
        ("queue", "events", ("send",)),
        ("secret", "token-key", ("read",)),
    ),
    "webhooks": (
        ("table", "stock", ("read", "write")),
        ("table", "adjustments", ("read", "write")),
        ("table", "promotions", ("read", "write")),
        ("table", "orders", ("read", "write")),
        ("table", "due", ("write",)),
        ("queue", "events", ("send",)),
    ),
    "admin": (
        ("table", "users", ("read",)),
        ("table", "sessions", ("read",)),
        ("table", "products", ("read", "write")),
        ("table", "words", ("write",)),
        ("table", "image_uploads", ("read", "write")),
        ("table", "stock", ("read", "write")),
        ("table", "adjustments", ("read", "write")),
        ("table", "promotions", ("read", "write")),
        ("table", "orders", ("read", "write")),
        ("table", "due", ("write",)),
        ("table", "audits", ("read",)),
        ("bucket", "images", ("read", "write")),
        ("queue", "events", ("send",)),
        ("secret", "token-key", ("read",)),
    ),
    "notify": (
        ("table", "users", ("read",)),
        ("table", "resets", ("write",)),
        ("table", "notifications", ("read", "write")),
    ),
    "events": (
        ("table", "notifications", ("read", "write")),
        ("table", "audits", ("write",)),
        ("table", "orders", ("read",)),
    ),
    "sweep": (
        ("table", "users", ("read", "write")),
        ("table", "sessions", ("write",)),
        ("table", "attempts", ("write",)),
        ("table", "resets", ("write",)),
        ("table", "letters", ("write",)),
        ("table", "uploads", ("read", "write")),
        ("table", "image_uploads", ("read", "write")),
        ("table", "carts", ("read", "write")),
        ("table", "products", ("read", "write")),
        ("table", "words", ("write",)),
        ("bucket", "uploads", ("write",)),
        ("bucket", "images", ("write",)),
        ("queue", "welcome", ("send",)),
        ("queue", "events", ("send",)),
    ),
    "settle": (
        ("table", "products", ("read", "write")),
        ("table", "stock", ("read", "write")),
        ("table", "adjustments", ("read", "write")),
        ("table", "promotions", ("read", "write")),
        ("table", "orders", ("read", "write")),
        ("table", "due", ("read", "write")),
        ("table", "runs", ("read", "write")),
        ("queue", "events", ("send",)),
    ),
}  # fmt: skip

# with every provider of payments
EVERY_FUNCTION = (*FUNCTIONS, *shop_payments.EVERY.functions)
NAMES = {
    "functions": tuple(each.name for each in EVERY_FUNCTION),
    "routes": tuple(each.key for each in (*ROUTES, *shop_payments.EVERY.routes)),
    "tables": tuple(each.name for each in (*TABLES, *shop_payments.EVERY.tables)),
    "buckets": tuple(each.name for each in BUCKETS),
    "queues": tuple(each.name for each in (*QUEUES, *shop_payments.EVERY.queues)),
}


def platform(settings: Settings, stack: str) -> Platform:
    """The shop as this stack wants it, not yet checked."""
    kind = settings.provider_of_payments
    parts = shop_payments.parts_of((each.name for each in FUNCTIONS), kind)
    return Platform(
        stack=stack,
        origins=tuple(settings.origins),
        functions=tuple(
            fitted(function, settings.functions.get(function.name, FunctionOverrides()), stack)
            for function in shop_letters.sending(
                shop_payments.paying(FUNCTIONS, kind),
                settings.notifications.by,
                settings.notifications.sender,
            )
        ),
        routes=tuple(
            throttled(route, settings.routes.get(route.key, settings.throttle))
            for route in (*ROUTES, *parts.routes)
        ),
        tables=tuple(
            sized(table, settings.tables.get(table.name)) for table in (*TABLES, *parts.tables)
        ),
        buckets=tuple(sized(bucket, settings.buckets.get(bucket.name)) for bucket in BUCKETS),
        queues=tuple(
            sized(queue, settings.queues.get(queue.name)) for queue in (*QUEUES, *parts.queues)
        ),
        schedules=SCHEDULES,
        grants=tuple(_grants(settings)),
        given=frozenset((*shop_payments.ELSEWHERE, *shop_letters.ELSEWHERE)),
    )


def throttled(route: Route, wanted: ThrottleOverrides | None) -> Route:
    """A route with the stack's own throttle for it."""
    if wanted is None:
        return route
    return replace(route, throttle=Throttle(rate=wanted.rate, burst=wanted.burst))


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


def _grants(settings: Settings) -> Iterator[Grant]:
    grants = shop_payments.granted(GRANTS, settings.provider_of_payments)
    for function, may in shop_letters.granted(grants, settings.notifications.by).items():
        for kind, resource, actions in may:
            yield Grant(function=function, kind=kind, resource=resource, actions=frozenset(actions))
