"""When an instance has done enough: it is replaced before age, use or memory make it fail."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """What an instance may reach before it is recycled; 0 sets no bound.

    Seconds since it was ready, requests served, megabytes it holds.
    """

    age_s: float = 0
    requests: int = 0
    memory_mb: float = 0


@dataclass(slots=True)
class Life:
    """What an instance has reached; `began` is when it was ready, on the fleet's clock."""

    began: float
    served: int = 0
    memory_mb: float = 0


def outworn(life: Life, bounds: Bounds, now: float) -> str:
    """Why this instance is to be recycled, or "" while it may go on."""
    if 0 < bounds.requests <= life.served:
        return f"recycled after {life.served} requests"
    if 0 < bounds.age_s <= now - life.began:
        return f"recycled at the age of {now - life.began:.0f} s"
    if 0 < bounds.memory_mb <= life.memory_mb:
        return f"recycled at {life.memory_mb:.0f} MB"
    return ""
