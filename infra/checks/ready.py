"""What is kept ready by the clock comes at times that can be told, and adds to what always is."""

from collections import Counter
from collections.abc import Collection, Iterator
from functools import cache
from zoneinfo import available_timezones

from infra import limits
from infra.checks.cron import faults, parsed
from infra.errors import Problem
from infra.model import KeptReady, Platform, Scaling
from infra.naming import is_hyphened, nearest

UTC = "UTC"


def problems(platform: Platform) -> Iterator[Problem]:
    """What is wrong with what the functions keep ready by the clock."""
    for function in platform.functions:
        path = f"functions.{function.name}.scheduled"
        scaling = function.scaling
        if scaling.scheduled and scaling.min_instances < 1:
            yield Problem(
                path,
                f"with min_instances: {scaling.min_instances}",
                "no cloud goes by the clock from none that is ready, and back to none",
                "write min_instances: 1 or more, or remove scheduled",
            )
        for name, count in Counter(each.name for each in scaling.scheduled).items():
            if count > 1:
                yield Problem(
                    f"{path}.{name}",
                    f"declared {count} times",
                    "which of them is meant cannot be told",
                    "keep one, or rename the others",
                )
        for each in scaling.scheduled:
            yield from _one(f"{path}.{each.name}", each, scaling)
        yield from _at_once(path, scaling)


def _at_once(path: str, scaling: Scaling) -> Iterator[Problem]:
    """Two that begin at the same times, by the same clock."""
    begun: dict[object, str] = {}
    for each in scaling.scheduled:
        if any(faults(each.cron)):
            continue  # it has been told
        first = begun.setdefault((parsed(each.cron), each.time_zone), each.name)
        if first != each.name:
            yield Problem(
                f"{path}.{each.name}.cron",
                each.cron,
                f"{first} begins at the same times, so which number holds could not be told",
                "give one of them other times, or remove it",
            )


def _one(path: str, ready: KeptReady, scaling: Scaling) -> Iterator[Problem]:
    if not is_hyphened(ready.name) or len(ready.name) > limits.NAME:
        yield Problem(
            path,
            ready.name,
            "not every cloud takes this name",
            f"use up to {limits.NAME} lower-case letters and digits, a letter first, words joined "
            "by hyphens",
        )
    for consequence, remedy in faults(ready.cron):
        yield Problem(f"{path}.cron", ready.cron, consequence, remedy)
    if ready.time_zone != UTC:
        yield from zone(f"{path}.time_zone", ready.time_zone, _zones())
    least, most = scaling.min_instances, scaling.max_instances
    if least <= most and not least <= ready.min_instances <= most:
        yield Problem(
            f"{path}.min_instances",
            str(ready.min_instances),
            f"{least} are ready at all times, and {most} may run",
            f"write {least} to {most}, or change min_instances or max_instances",
        )


def zone(path: str, name: str, known: Collection[str]) -> Iterator[Problem]:
    """What is wrong with a time zone that should be among those that this machine knows."""
    if name in known:
        return
    near = nearest(name, known)
    consequence = "there is no such time zone, so when it begins could not be told"
    remedy = f"write {near}" if near else "write one as Asia/Shanghai or Europe/Berlin, or UTC"
    if not known:
        consequence = "this machine has no list of time zones to find it in"
        remedy = "write UTC, or install the package tzdata of the system"
    yield Problem(path, name, consequence, remedy)


@cache
def _zones() -> Collection[str]:
    """The time zones of this machine: a file each, which it takes a moment to look through.

    Those of a place alone: the rest are the machine's own, such as `localtime`, or out of use.
    """
    return frozenset(name for name in available_timezones() if "/" in name)
