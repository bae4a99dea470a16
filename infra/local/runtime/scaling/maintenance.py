"""When an instance has done enough: it is replaced before age, use or memory make it fail."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Instance = TypeVar("Instance", bound=Hashable)


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


@dataclass(slots=True)
class Upkeep(Generic[Instance]):
    """What the instances have reached, and which of them are being replaced.

    Those `worn` work on until another has started in their place; those that are `leaving` end
    with the calls that they have.
    """

    bounds: Bounds | None
    lives: dict[Instance, Life] = field(default_factory=dict)
    worn: dict[Instance, None] = field(default_factory=dict)
    leaving: set[Instance] = field(default_factory=set)

    def newly_worn(self, instance: Instance, now: float) -> str:
        """Why this instance is to be recycled; "" while it may go on, or is being replaced."""
        if self.bounds is None or not (why := outworn(self.lives[instance], self.bounds, now)):
            return ""
        return "" if instance in self.worn or instance in self.leaving else why

    def weighed(self, instance: Instance, memory_mb: float) -> None:
        """An instance holds so much memory; one that is gone already is none of ours."""
        if (life := self.lives.get(instance)) is not None:
            life.memory_mb = memory_mb

    def forget(self, instance: Instance) -> bool:
        """An instance is gone; whether it was being replaced."""
        worn = instance in self.worn or instance in self.leaving
        self.lives.pop(instance, None)
        self.worn.pop(instance, None)
        self.leaving.discard(instance)
        return worn
