"""What a function's grants put into its environment: where each thing is, and what it may do there.

The functions' composition root hands out what stands here and nothing else. That is a check in the
function's own process, not isolation: all instances run as one user.
"""

from typing import Any

from infra import granted
from infra.local.places import Places
from infra.model import Bucket, Grant, Platform, Queue, Table
from infra.settings_local import Local


def environment(
    platform: Platform, function: str, places: Places, settings: Local
) -> dict[str, str]:
    """The variables that state this function's adapters and its grants."""

    def where(grant: Grant) -> dict[str, Any]:
        return _where(platform, grant, places, settings)

    return granted.environment(platform, function, "local", where)


def buckets(platform: Platform, places: Places, settings: Local) -> str:
    """All buckets, as the process that serves their signed addresses needs them."""
    return granted.compact({each.name: bucket(each, places, settings) for each in platform.buckets})


def table(stated: Table, places: Places, settings: Local) -> dict[str, Any]:
    """Where a table is, and its keys."""
    return {
        "at": str(places.data / "tables" / stated.name),
        "durability": settings.durability,
        **granted.keys(stated),
        **({"lag_ms": settings.index_lag_ms} if settings.index_lag_ms else {}),
    }


def bucket(stated: Bucket, places: Places, settings: Local) -> dict[str, Any]:
    """Where a bucket is, and the address and key of what is signed for it."""
    return {
        "at": str(places.data / "buckets" / stated.name),
        "durability": settings.durability,
        "url": f"http://127.0.0.1:{storage_port(places, settings)}",
        "key": str(places.secrets / "storage-key"),
        **({"public": True} if stated.public else {}),
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
            given = {"given": True} if name in platform.given else {}
            return {"at": str(places.secrets / name), **given}
