"""What the simulator says of the same sale: the same arrivals, limits and autoscaler.

Its calls take what they took on this machine one at a time, its starts what starts took. It knows
nothing of processors: on a machine with fewer of them than instances at work, calls take longer.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from bench.flash_plan import Visit
from bench.flash_seen import Call, Result, result
from bench.flash_shop import Contestant
from bench.flash_steps import Steps, summed
from infra.local.runtime.scaling.decisions import Decision, Instance, Scaler, Seen
from infra.simulation.events import Calls, Simulation, World

_TICK_S: Final = 0.05  # so often the local cloud's own clock ticks
_REFUSED: Final = float("inf")

Stretch = Callable[[float], float]
"""How many times as long a call takes that is due at a moment."""


@dataclass(frozen=True, slots=True)
class Times:
    """What was measured one at a time, in seconds: calls by route, starts by function."""

    work_s: Mapping[str, Sequence[float]]
    start_s: Mapping[str, float]


class Often:
    """A scaler that is asked as often as the local cloud asks it."""

    tick_s = _TICK_S

    def __init__(self, scaler: Scaler) -> None:
        self._scaler = scaler

    def arrived(self, now: float, seen: Seen[Instance]) -> Decision[Instance]:
        """As the scaler says."""
        return self._scaler.arrived(now, seen)

    def started(self, took_s: float) -> None:
        """The scaler is told."""
        self._scaler.started(took_s)

    def finished(self, now: float, took_s: float, seen: Seen[Instance]) -> None:
        """The scaler is told."""
        self._scaler.finished(now, took_s, seen)

    def tick(self, now: float, seen: Seen[Instance]) -> Decision[Instance]:
        """As the scaler says."""
        return self._scaler.tick(now, seen)


def works(visits: Sequence[Visit], times: Times, seed: int) -> list[float]:
    """How long each visit's call takes by itself, in seconds: one of those that were measured."""
    random = Random(seed)  # noqa: S311 - has to be repeatable, not secret
    return [random.choice(times.work_s[each.route]) for each in visits]


def predicted(  # noqa: PLR0913 - a sale, by name
    visits: Sequence[Visit],
    *,
    seconds: float,
    functions: Mapping[str, str],
    contestant: Contestant,
    times: Times,
    scaler: Callable[[float], Scaler],
    before: Mapping[str, Calls],
    seed: int,
    stretch: Stretch = lambda _: 1.0,
) -> tuple[Result, dict[str, Steps]]:
    """The figures, and the instances of each function over time."""
    taken = [
        work * stretch(each.at)
        for each, work in zip(visits, works(visits, times, seed), strict=True)
    ]
    calls: list[Call] = []
    sizes: dict[str, Steps] = {}
    busy_s = 0.0
    for function in dict.fromkeys(functions.values()):
        mine = [
            (each.at, work)
            for each, work in zip(visits, taken, strict=True)
            if functions[each.route] == function
        ]
        earlier = list(before.get(function, ()))
        whole = [*earlier, *mine]
        ahead = -min([0.0, *(at for at, _ in whole)])
        whole = [(at + ahead, work) for at, work in whole]
        world = World(
            times.start_s[function],
            contestant.maximum,
            contestant.minimum,
            queue_s=contestant.queue_ms / 1000,
        )
        outcome = Simulation(whole, lambda now: Often(scaler(now)), world).run(seconds + ahead)
        delays = outcome.delays[len(earlier) :]
        for (at, work), delay in zip(mine, delays, strict=True):
            if at < 0:
                continue
            calls.append((at, delay + work if delay >= 0 else _REFUSED))
            busy_s += work if delay >= 0 else 0.0
        sizes[function] = [(at - ahead, float(size)) for at, size in outcome.sizes]
    calls.sort()
    return result(calls, seconds, summed(list(sizes.values())), busy_s), sizes
