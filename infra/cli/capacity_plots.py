"""Plots of `make capacity`: instances, refusals and waiting against the load; pure.

What is drawn comes from the demand at loads from next to nothing to twice the peak, each derived
anew; what is refused or waits then does so with the instances that hold at the stated peak.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from infra import capacity
from infra.demand import Demand, Work
from infra.derived import Limit
from infra.model import Platform
from infra.settings_traffic import Traffic
from infra.svg import Axis, Mark, Series, plot

_STEPS: Final = 100  # loads that are looked at
_LEAST_PERCENT: Final = 0.0001

At = Callable[[float], tuple[Demand, tuple[Limit, ...]]]
"""What is demanded, and derived, of a peak of so many requests/s."""


@dataclass(frozen=True, slots=True)
class Point:
    """A load in requests/s, and what comes of it."""

    load: float
    wanted: Demand
    limits: Mapping[str, Limit]


def sweep(peak: float, at: At) -> list[Point]:
    """Loads up to twice the peak, which is one of them."""
    found = []
    for step in range(1, _STEPS + 1):
        load = 2 * peak * step / _STEPS
        wanted, limits = at(load)
        found.append(Point(load, wanted, {each.path: each for each in limits}))
    return found


def plots(
    platform: Platform, traffic: Traffic, points: Sequence[Point]
) -> Iterator[tuple[str, str]]:
    """File name and document of each plot; `platform` has the limits that hold."""
    load = Axis("requests/s, of all routes together", upto=2 * traffic.peak)
    at_peak = Mark(traffic.peak, f"peak {traffic.peak:g}")
    peak = min(points, key=lambda each: abs(each.load - traffic.peak))
    instances = list(_instances(platform, points, peak))
    yield (
        "instances.svg",
        plot("Instances that the load asks for", load, Axis("instances"), instances, [at_peak]),
    )
    refused = list(_refused(platform, traffic, points, peak))
    goal = _goal(traffic.goal.refused)
    yield (
        "refused.svg",
        plot("Calls refused, with the instances that hold (Erlang B; C where calls may wait)",
             load, _percents("refused, %", goal), refused, [at_peak, goal]),
    )  # fmt: skip
    late = list(_late(platform, traffic, points, peak))
    soon = _goal(traffic.goal.late)
    waited = f"{traffic.goal.wait_ms:g} ms"
    yield (
        "waiting.svg",
        plot(f"Messages that wait longer than {waited}, with the consumers that hold (Erlang C)",
             load, _percents("late, %", soon), late, [at_peak, soon]),
    )  # fmt: skip


def refused_share(work: Work, instances: int, queue_ms: int, peakedness: float) -> float:
    """The share of calls that is refused: Erlang B, or that waits too long: Erlang C.

    Bursts make the instances above the load count less, by the root of the peakedness, as in
    `capacity.least_peaked`. Between whole numbers of instances the logarithm goes in a straight
    line.
    """
    spare = instances - work.work
    worth = work.work + spare / math.sqrt(peakedness) if spare > 0 else instances
    below = math.floor(worth)
    low, high = (_share(work, each, queue_ms) for each in (below, below + 1))
    if low <= 0 or high <= 0:
        return low
    return math.exp(math.log(low) + (worth - below) * (math.log(high) - math.log(low)))


def _share(work: Work, instances: int, queue_ms: int) -> float:
    if queue_ms:
        return capacity.waits_longer(work.work, instances, work.service_s, queue_ms / 1000)
    return capacity.refused(work.work, instances)


def _instances(platform: Platform, points: Sequence[Point], peak: Point) -> Iterator[Series]:
    """Of each function that the load reaches, the one with the most first."""
    paths = {f"functions.{each.name}.max_instances": each.name for each in platform.functions}
    reached = [peak.limits[path] for path in paths if path in peak.limits]
    for limit in sorted(reached, key=lambda each: -each.value):
        stated = "" if limit.stated is None else f", stated {limit.stated}"
        found = ((each.load, each.limits.get(limit.path)) for each in points)
        line = [(load, float(one.value)) for load, one in found if one is not None]
        yield Series(f"{paths[limit.path]}: {limit.value}{stated}", line, "steps")


def _refused(
    platform: Platform, traffic: Traffic, points: Sequence[Point], peak: Point
) -> Iterator[Series]:
    for function in platform.functions:
        name, scaling = function.name, function.scaling
        if name not in peak.wanted.functions or platform.trigger(name) != "http":
            continue
        line = [
            (each.load, 100 * refused_share(work, scaling.max_instances, scaling.queue_ms,
                                            traffic.peakedness))
            for each in points
            if (work := each.wanted.functions.get(name)) is not None
        ]  # fmt: skip
        yield _seen(f"{name}: of {scaling.max_instances}", line)


def _late(
    platform: Platform, traffic: Traffic, points: Sequence[Point], peak: Point
) -> Iterator[Series]:
    wait_s = traffic.goal.wait_ms / 1000
    for queue in platform.queues:
        if queue.name not in peak.wanted.queues:
            continue
        at_once = queue.max_concurrency
        line = [
            (each.load, 100 * capacity.waits_longer(work.work, at_once, work.service_s, wait_s))
            for each in points
            if (work := each.wanted.queues.get(queue.name)) is not None
        ]
        yield _seen(f"{queue.name}: of {at_once}", line)


def _seen(name: str, line: Sequence[tuple[float, float]]) -> Series:
    """What of it is above the axis' end: next to nothing is no line along it."""
    above = [each for each in line if each[1] >= _LEAST_PERCENT]
    return Series(name if above else f"{name}, ~0", above, "curve")


def _percents(label: str, goal: Mark) -> Axis:
    return Axis(label, log=True, least=_LEAST_PERCENT, most=100.0, upto=goal.at)


def _goal(share: float) -> Mark:
    return Mark(100 * share, f"goal {100 * share:g} %", upright=False)
