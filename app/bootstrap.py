"""The one composition root: a function's environment becomes what its handlers work with.

The environment names the adapters (`SHOP_ADAPTERS`) and, from the function's grants, each table,
bucket, queue and secret that it may use. Nothing is imported or opened before it is asked for: a
function pays for what it uses, and a process that forks has nothing open yet. Only the ports that a
function's own code imports are packed with it, so their types are imported for reading alone.
"""

from __future__ import annotations

import json
from functools import cached_property
from importlib import import_module

TYPE_CHECKING = False  # typing's own would be loaded for it, in every cold start
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from app.metering import Meter
    from app.ports.adapters import Adapters, Stated
    from app.ports.blobs import Bucket
    from app.ports.clock import Clock
    from app.ports.notifications import Notifications
    from app.ports.passwords import Passwords
    from app.ports.payments import Payments
    from app.ports.queue import Queue
    from app.ports.secrets import Secrets
    from app.ports.tables import Table
    from app.ports.tokens import Tokens

_ADAPTERS = ("local", "aws", "alicloud")
_PROVIDERS = ("fake", "stripe")
_CARRIERS = ("kept", "smtp")
_LETTERS = ("SHOP_NOTIFICATIONS", "SHOP_NOTIFICATIONS_FROM")


class ConfigurationError(Exception):
    """The function's environment cannot be used; it says which key, and why."""


class Services:
    """What a handler may use: all of it from the function's environment and its grants."""

    def __init__(self, environment: Mapping[str, str], adapters: Adapters | None = None) -> None:
        """Wire everything; without `adapters`, those that the environment names.

        Raises ConfigurationError.
        """
        self.stack = required(environment, "SHOP_STACK")
        self.environment = environment
        self._function = required(environment, "SHOP_HANDLER")
        self._adapters = adapters or _Named(environment.get("SHOP_ADAPTERS", ""))
        self.meter: Meter | None = None
        if environment.get("SHOP_METER"):  # packed with it then, and never otherwise
            meter: Meter = import_module("app.metering").Meter()
            self.meter, self._adapters = meter, meter.adapters(self._adapters)
        self._stated = {kind: _stated(environment, kind) for kind in _KINDS}
        self._tables: dict[str, Table] = {}
        self._buckets: dict[str, Bucket] = {}
        self._queues: dict[str, Queue] = {}

    def table(self, name: str) -> Table:
        """The table, with what is granted on it. Raises AccessDeniedError without any grant."""
        if name not in self._tables:
            stated = self._granted("table", name)
            common = import_module("app.adapters.common.tables")
            opened = self._adapters.table(name, stated)
            self._tables[name] = common.granted(opened, name, stated, self._function)
        return self._tables[name]

    def bucket(self, name: str) -> Bucket:
        """The bucket, with what is granted on it. Raises AccessDeniedError without any grant."""
        if name not in self._buckets:
            stated = self._granted("bucket", name)
            common = import_module("app.adapters.common.blobs")
            opened = self._adapters.bucket(name, stated)
            self._buckets[name] = common.granted(opened, name, stated, self._function)
        return self._buckets[name]

    def queue(self, name: str) -> Queue:
        """The queue, with what is granted on it. Raises AccessDeniedError without any grant."""
        if name not in self._queues:
            stated = self._granted("queue", name)
            common = import_module("app.adapters.common.queue")
            opened = self._adapters.queue(name, stated)
            self._queues[name] = common.granted(opened, name, stated, self._function)
        return self._queues[name]

    @cached_property
    def secrets(self) -> Secrets:
        """The secrets that are granted; any other raises AccessDeniedError."""
        common = import_module("app.adapters.common.secrets")
        stated = self._stated["secret"]
        found: Secrets = common.granted(self._adapters.secrets(stated), stated, self._function)
        return found

    @cached_property
    def passwords(self) -> Passwords:
        """What hashes passwords."""
        return self._adapters.passwords()

    @cached_property
    def clock(self) -> Clock:
        """The time."""
        return self._adapters.clock()

    @cached_property
    def tokens(self) -> Tokens:
        """What makes and reads bearer tokens, with the secret `token-key`."""
        module = import_module("app.adapters.common.tokens")
        found: Tokens = module.JwtTokens(self.secrets, self.clock)
        return found

    @cached_property
    def payments(self) -> Payments:
        """The provider of payments. Raises ConfigurationError where none is stated."""
        return self._adapters.payments(self)

    @cached_property
    def notifications(self) -> Notifications:
        """What sends letters. Raises ConfigurationError where it is not stated how."""
        by, sender = (self.environment.get(key, "") for key in _LETTERS)
        if by not in _CARRIERS:
            raise ConfigurationError(
                f"{_LETTERS[0]} is {by!r}: it must be one of {', '.join(_CARRIERS)}; "
                "a function that sends letters is named so in infra/shop_letters.py"
            )
        opened: Notifications = import_module("app.adapters.common.notifications").open_letters(
            by, sender, self.table, self.secrets, self.clock
        )
        return opened

    def _granted(self, kind: str, name: str) -> Stated:
        stated = self._stated[kind].get(name)
        if stated is None:
            errors = import_module("app.ports.errors")
            raise errors.AccessDeniedError(
                f"the function {self._function} has no grant on the {kind} {name}: "
                "add one in infra/shop.py"
            )
        return stated


_KINDS = {
    "table": "SHOP_TABLES",
    "bucket": "SHOP_BUCKETS",
    "queue": "SHOP_QUEUES",
    "secret": "SHOP_SECRETS",
}


class _Named:
    """Adapters found by the name of their package, when they are asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def table(self, name: str, stated: Stated) -> Table:
        table: Table = self._module("tables").open_table(name, stated)
        return table

    def bucket(self, name: str, stated: Stated) -> Bucket:
        bucket: Bucket = self._module("blobs").open_bucket(name, stated)
        return bucket

    def queue(self, name: str, stated: Stated) -> Queue:
        queue: Queue = self._module("queue").open_queue(name, stated)
        return queue

    def secrets(self, stated: Mapping[str, Stated]) -> Secrets:
        secrets: Secrets = self._module("secrets").open_secrets(stated)
        return secrets

    def passwords(self) -> Passwords:
        passwords: Passwords = import_module("app.adapters.common.passwords").Argon2Passwords()
        return passwords

    def clock(self) -> Clock:
        clock: Clock = import_module("app.adapters.common.clock").SystemClock()
        return clock

    def payments(self, services: Services) -> Payments:
        stated = services.environment.get("SHOP_PAYMENTS", "")
        if stated not in _PROVIDERS:
            raise ConfigurationError(
                f"SHOP_PAYMENTS is {stated!r}: it must be one of {', '.join(_PROVIDERS)}; "
                "a function that pays is named so in infra/shop_payments.py"
            )
        opened: Payments = import_module("app.adapters.common.payments").open_payments(
            stated, services.table, services.secrets, services.clock
        )
        return opened

    def _module(self, port: str) -> Any:
        if self._name not in _ADAPTERS:
            raise ConfigurationError(
                f"SHOP_ADAPTERS is {self._name!r}: it must be one of {', '.join(_ADAPTERS)}"
            )
        return import_module(f"app.adapters.{self._name}.{port}")


def required(environment: Mapping[str, str], key: str) -> str:
    """The value of `key`. Raises ConfigurationError when it is missing or empty."""
    value = environment.get(key, "")
    if not value:
        raise ConfigurationError(
            f"the environment has no {key}: the function cannot start; "
            f"deploy it through its stack, which sets {key}"
        )
    return value


def _stated(environment: Mapping[str, str], kind: str) -> dict[str, Stated]:
    """The resources of one kind that the environment states, by name."""
    key = _KINDS[kind]
    try:
        found: Any = json.loads(environment.get(key) or "{}")
    except ValueError as error:
        raise ConfigurationError(f"{key} is not JSON: {error}") from error
    right = isinstance(found, dict) and all(
        isinstance(each, dict) and isinstance(each.get("may"), list) for each in found.values()
    )
    if not right:
        raise ConfigurationError(f"{key} does not map each {kind}'s name to what it may do")
    return dict(found)
