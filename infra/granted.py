"""What a function's grants put into its environment, whatever the target; pure.

Each variable is JSON: by a resource's name, what the function `may` do with it and where it is. The
functions' composition root hands out what stands there and nothing else.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from infra.model import Grant, Platform, ResourceKind, Table

VARIABLES: Final[Mapping[ResourceKind, str]] = {
    "table": "SHOP_TABLES",
    "bucket": "SHOP_BUCKETS",
    "queue": "SHOP_QUEUES",
    "secret": "SHOP_SECRETS",
}


def environment(
    platform: Platform,
    function: str,
    adapters: str,
    where: Callable[[Grant], Mapping[str, Any]],
) -> dict[str, str]:
    """The variables that state this function's adapters and its grants.

    `where` tells what an adapter needs to find what is granted: `at`, and more by its kind.
    """
    granted = list(grants(platform, function))
    found = {"SHOP_ADAPTERS": adapters}
    for kind, variable in VARIABLES.items():
        of_kind = {
            grant.resource: {"may": sorted(grant.actions), **where(grant)}
            for grant in granted
            if grant.kind == kind
        }
        if of_kind:
            found[variable] = compact(of_kind)
    return found


def grants(platform: Platform, function: str) -> Iterator[Grant]:
    """What this function is granted, by kind and name."""
    mine = [each for each in platform.grants if each.function == function]
    yield from sorted(mine, key=lambda grant: (grant.kind, grant.resource))


def keys(stated: Table) -> dict[str, Any]:
    """A table's keys, its indexes', and whether its rows expire."""
    return {
        "partition": stated.partition,
        "sort": stated.sort,
        "indexes": {each.name: [each.partition, each.sort] for each in stated.indexes},
        "expiring": stated.expiring,
    }


def compact(value: object) -> str:
    """JSON without spaces, its keys in order, so that the same is written the same."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
