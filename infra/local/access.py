"""What a function's grants put into its environment: where each thing is, and what it may do there.

The functions' composition root hands out what stands here and nothing else. That is a check in the
function's own process, not isolation: all instances run as one user.
"""

import json
from collections.abc import Mapping
from typing import Any

from infra.local.places import Places
from infra.model import Bucket, Grant, Platform, Queue, ResourceKind, Table
from infra.settings import Local

_VARIABLES: Mapping[ResourceKind, str] = {
    "table": "SHOP_TABLES",
    "bucket": "SHOP_BUCKETS",
    "queue": "SHOP_QUEUES",
    "secret": "SHOP_SECRETS",
}


def environment(
    platform: Platform, function: str, places: Places, settings: Local
) -> dict[str, str]:
    """The variables that state this function's adapters and its grants."""
    granted = [grant for grant in platform.grants if grant.function == function]
    found = {"SHOP_ADAPTERS": "local"}
    for kind, variable in _VARIABLES.items():
        of_kind = {
            grant.resource: {
                "may": sorted(grant.actions),
                **_where(platform, grant, places, settings),
            }
            for grant in sorted(granted, key=lambda grant: grant.resource)
            if grant.kind == kind
        }
        if of_kind:
            found[variable] = compact(of_kind)
    return found


def buckets(platform: Platform, places: Places, settings: Local) -> str:
    """All buckets, as the process that serves their signed addresses needs them."""
    return compact({each.name: bucket(each, places, settings) for each in platform.buckets})


def table(stated: Table, places: Places, settings: Local) -> dict[str, Any]:
    """Where a table is, and its keys."""
    return {
        "at": str(places.data / "tables" / stated.name),
        "durability": settings.durability,
        "partition": stated.partition,
        "sort": stated.sort,
        "indexes": {each.name: [each.partition, each.sort] for each in stated.indexes},
        "expiring": stated.expiring,
        **({"lag_ms": settings.index_lag_ms} if settings.index_lag_ms else {}),
    }


def bucket(stated: Bucket, places: Places, settings: Local) -> dict[str, Any]:
    """Where a bucket is, and the address and key of what is signed for it."""
    return {
        "at": str(places.data / "buckets" / stated.name),
        "durability": settings.durability,
        "url": f"http://127.0.0.1:{storage_port(places, settings)}",
        "key": str(places.secrets / "storage-key"),
    }


def queue(stated: Queue, places: Places, settings: Local) -> dict[str, Any]:
    """Where a queue is."""
    return {
        "at": str(places.data / "queues" / f"{stated.name}.db"),
        "durability": settings.durability,
    }


def gateway_port(places: Places, settings: Local) -> int:
    """The port that the shop answers on."""
    return places.port if settings.port == "auto" else settings.port


def storage_port(places: Places, settings: Local) -> int:
    """The port of the buckets' signed addresses."""
    return places.storage_port if settings.storage_port == "auto" else settings.storage_port


def compact(value: object) -> str:
    """JSON without spaces, its keys in order, so that the same is written the same."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def _where(platform: Platform, grant: Grant, places: Places, settings: Local) -> dict[str, Any]:
    name = grant.resource
    match grant.kind:
        case "table":
            return table({each.name: each for each in platform.tables}[name], places, settings)
        case "bucket":
            return bucket({each.name: each for each in platform.buckets}[name], places, settings)
        case "queue":
            return queue({each.name: each for each in platform.queues}[name], places, settings)
        case "secret":
            return {"at": str(places.secrets / name)}
