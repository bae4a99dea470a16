"""What a scaler is told, what it can see, and what it may decide."""

from collections.abc import Hashable, Mapping, Sized
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

Instance = TypeVar("Instance", bound=Hashable)


class Decision(NamedTuple, Generic[Instance]):
    """Start so many instances, stop these idle ones; why, in a few words for people.

    `capped`: more would have been started if the provider started them faster.
    """

    start: int = 0
    stop: tuple[Instance, ...] = ()
    reason: str = ""
    capped: bool = False


NOTHING: Final[Decision[Any]] = Decision()
"""As things are they may stay; made once, since it is what most calls lead to."""


class Seen(Protocol[Instance]):
    """A fleet as a scaler sees it: counts of now."""

    minimum: int
    maximum: int
    slots: int  # requests that one instance takes at once
    in_flight: int  # requests at instances

    @property
    def starting(self) -> int:
        """Instances that were ordered and are not ready."""

    @property
    def size(self) -> int:
        """Instances there are or soon will be."""

    @property
    def idle(self) -> Mapping[Instance, float]:
        """The idle instances and since when, the longest idle one first."""

    @property
    def waiting(self) -> Sized:
        """The requests that no instance has taken."""

    def waited(self, now: float) -> float:
        """How long the one of them that came first has waited; 0 where none waits."""


class Scaler(Protocol):
    """Decides how many instances there are. Times are seconds on one clock that never goes back."""

    tick_s: float

    def arrived(self, now: float, seen: Seen[Instance]) -> Decision[Instance]:
        """A request came; it is at an instance already, or waits."""

    def started(self, took_s: float) -> None:
        """An instance is ready to work, so long after it was ordered."""

    def finished(self, now: float, took_s: float, seen: Seen[Instance]) -> None:
        """A request is done; an instance worked on it for `took_s`."""

    def tick(self, now: float, seen: Seen[Instance]) -> Decision[Instance]:
        """`tick_s` has passed, or less."""


def to_size(
    size: int, seen: Seen[Instance], now: float, rested_s: float, reason: str
) -> Decision[Instance]:
    """What leads to `size` instances: starts, or stops of those idle the longest.

    Only instances that were idle for `rested_s` are stopped; minimum and maximum hold.
    """
    size = max(seen.minimum, min(size, seen.maximum))
    surplus = seen.size - size
    if surplus == 0:
        return NOTHING
    if surplus < 0:
        return Decision(-surplus, (), reason)
    stop: list[Instance] = []
    for instance, since in seen.idle.items():
        if len(stop) >= surplus or now - since < rested_s:
            break
        stop.append(instance)
    return Decision(0, tuple(stop), reason)
