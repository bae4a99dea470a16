"""The local target as plain data: which resources a platform becomes, in which order.

runtime → tables, buckets, storage, queues → functions → schedules, gateway, each after what it
needs, and down again in reverse. A queue needs no function: it waits for its consumer, so whoever
sends finds it there.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra import bundle, model
from infra.bundles import bundles
from infra.local import access, launch
from infra.local.places import Places
from infra.settings_local import Local

ADAPTERS = "local"
BODY_LIMIT = 256 * 1024
LOCAL_STACK = "local"
STORAGE_MODULE = "app.adapters.local.files"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalConfig:
    """What the target needs besides the platform.

    The clone's folder, the local settings, and the tables whose rows an update may delete.
    """

    root: Path
    settings: Local
    replaceable: Collection[str] = ()

    @property
    def places(self) -> Places:
        """Where its local cloud is."""
        return Places(self.root)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One resource: its kind, its name, what it is given, and the names of those before it.

    `on_runtime` says that it has the input `runtime` too: the id of the runtime's resource.
    """

    kind: str
    name: str
    inputs: Mapping[str, Any]
    after: tuple[str, ...] = ()
    on_runtime: bool = True


def plan(platform: model.Platform, config: LocalConfig) -> tuple[Planned, ...]:
    """Every resource, each after those that it needs. Raises Refused where code is missing."""
    cache = bundle.SourceCache()
    code = bundles(config.root, platform, config.settings.emulate, ADAPTERS, cache)
    return (
        _runtime(config),
        *_stores(platform, config, cache),
        *_queues(platform, config),
        *_functions(platform, config, code),
        *_schedules(platform),
        _gateway(platform, config),
    )


def _runtime(config: LocalConfig) -> Planned:
    settings = config.settings
    return Planned(
        kind="Runtime",
        name="runtime",
        on_runtime=False,
        inputs={
            "release": launch.release(),
            **settings.scaling.told,
            "log_max_mb": settings.log_max_mb,
        },
    )


def _stores(
    platform: model.Platform, config: LocalConfig, cache: bundle.SourceCache
) -> Iterator[Planned]:
    for table in platform.tables:
        yield Planned(
            kind="Table",
            name=f"table-{table.name}",
            on_runtime=False,
            inputs={
                "name": table.name,
                "partition": table.partition,
                "sort": table.sort or "",
                "indexes": {
                    each.name: [part for part in (each.partition, each.sort) if part]
                    for each in table.indexes
                },
                "expiring": table.expiring,
                "allow_replace": table.name in config.replaceable,
            },
        )
    for bucket in platform.buckets:
        yield Planned(
            kind="Bucket",
            name=f"bucket-{bucket.name}",
            on_runtime=False,
            inputs={"name": bucket.name},
        )
    if platform.buckets:
        modules = (STORAGE_MODULE,)
        files = bundle.closure(config.root, modules, cache)
        yield Planned(
            kind="Storage",
            name="storage",
            inputs={
                "port": access.storage_port(config.places, config.settings),
                "module": STORAGE_MODULE,
                "source": str(config.root),
                "modules": list(modules),
                "fingerprint": bundle.fingerprint(files),
                "buckets": access.buckets(platform, config.places, config.settings),
            },
            after=tuple(f"bucket-{bucket.name}" for bucket in platform.buckets),
        )


def _queues(platform: model.Platform, config: LocalConfig) -> Iterator[Planned]:
    for queue in platform.queues:
        yield Planned(
            kind="Queue",
            name=f"queue-{queue.name}",
            inputs={
                "name": queue.name,
                "consumer": queue.consumer,
                "batch_size": queue.batch_size,
                "visibility_s": queue.visibility_s,
                "max_attempts": queue.max_attempts,
                "max_concurrency": queue.max_concurrency,
                "durability": config.settings.durability,
            },
        )


def _functions(
    platform: model.Platform, config: LocalConfig, code: Mapping[str, bundle.Bundle]
) -> Iterator[Planned]:
    settings = config.settings
    stores = (
        *(f"table-{each.name}" for each in platform.tables),
        *(f"bucket-{each.name}" for each in platform.buckets),
        *(f"queue-{each.name}" for each in platform.queues),
    )
    for function in platform.functions:
        granted = access.environment(platform, function.name, config.places, settings)
        yield Planned(
            kind="Function",
            name=function.name,
            inputs={
                "name": function.name,
                "emulate": settings.emulate,
                "handler": code[function.name].handler,
                "source": str(config.root),
                "modules": list(code[function.name].modules),
                "fingerprint": code[function.name].fingerprint,
                "memory_mb": function.memory_mb,
                "timeout_s": function.timeout_s,
                "min_instances": function.scaling.min_instances,
                "max_instances": function.scaling.max_instances,
                "queue_ms": function.scaling.queue_ms,
                "environment": {**function.environment, **granted},
            },
            after=stores,
        )


def _schedules(platform: model.Platform) -> Iterator[Planned]:
    for schedule in platform.schedules:
        yield Planned(
            kind="Schedule",
            name=f"schedule-{schedule.name}",
            inputs={
                "name": schedule.name,
                "function": schedule.function,
                "every_minutes": schedule.every_minutes or 0,
                "cron": schedule.cron or "",
            },
            after=(schedule.function,),
        )


def _gateway(platform: model.Platform, config: LocalConfig) -> Planned:
    settings = config.settings
    return Planned(
        kind="Gateway",
        name="gateway",
        inputs={
            "port": access.gateway_port(config.places, settings),
            "emulate": settings.emulate,
            "body_limit": BODY_LIMIT,
            "routes": {route.key: route.function for route in platform.routes},
        },
        after=tuple(function.name for function in platform.functions),
    )
