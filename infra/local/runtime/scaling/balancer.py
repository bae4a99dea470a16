"""Which instance takes a call.

`recent`, the default, takes the idle instance that worked last: the others' idle time grows, so
that what is surplus shows and can go. `balanced` takes the one that has been idle the longest,
which gives each the same share of the work in flight, S = T/N, and never lets one of them age.
Where an instance takes several calls at once, the one with the fewest takes the next.
"""

from collections.abc import Hashable, Mapping
from enum import StrEnum
from typing import TypeVar

Instance = TypeVar("Instance", bound=Hashable)


class Balance(StrEnum):
    """How calls are spread over idle instances."""

    RECENT = "recent"
    BALANCED = "balanced"


def idle_one(idle: dict[Instance, float], balance: Balance) -> Instance | None:
    """An idle instance, out of those that are, the longest idle one first; None without any."""
    return next(reversed(idle) if balance is Balance.RECENT else iter(idle), None)


def least_outstanding(outstanding: Mapping[Instance, int], slots: int) -> Instance | None:
    """The instance with the fewest calls, the first of equals; None where all `slots` are full."""
    if not outstanding:
        return None
    least = min(outstanding, key=outstanding.__getitem__)
    return least if outstanding[least] < slots else None
