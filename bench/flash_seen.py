"""What came of a flash sale, live or simulated, as figures: pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bench.figures import percentile
from bench.flash_client import NOT_SENT, Told
from bench.flash_plan import CONFIRM, ORDER
from bench.flash_steps import Steps, area, within

LATE_S: Final = 0.1
REFUSED: Final = (429, 503)  # as one cloud and the other say it
_SHOWN: Final = 200
_NEVER: Final = float("inf")

Call = tuple[float, float]  # due at, answered so long after; infinite where it was refused


@dataclass(frozen=True, slots=True)
class Look:
    """What each function's instances did at a moment, in seconds after the start."""

    at: float
    instances: Mapping[str, Mapping[str, Any]]

    def size(self, function: str) -> int:
        """The instances of a function that are there, or start."""
        return self.ready(function) + int(self.instances[function]["starting"])

    def ready(self, function: str) -> int:
        """Those of them that can work."""
        now = self.instances[function]
        return int(now["busy"] + now["idle"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One contestant in one run. Times in ms; a call that is refused is late, too.

    `instance_s` and `busy_s` are seconds of all instances of what was under load, there and at
    work. `per_s` has for each second of the sale what was due in it.
    """

    calls: int
    refused: int
    late: float
    p50_ms: float
    p99_ms: float
    instance_s: float
    busy_s: float
    most: int
    mean: float
    sizes: Steps
    per_s: Sequence["Second"]

    @property
    def cost(self) -> float:
        """Instance-seconds over busy seconds."""
        return self.instance_s / self.busy_s if self.busy_s else 0.0


@dataclass(frozen=True, slots=True)
class Second:
    """What was due in one second; `p99_ms` of those that were answered, None without any."""

    due: int
    answered: int
    refused: int
    late: int
    p99_ms: float | None


def result(calls: Sequence[Call], seconds: float, sizes: Steps, busy_s: float) -> Result:
    """The figures of a sale; `sizes` are instances over time, from before its start on."""
    sizes = within(sizes, 0.0, seconds)
    answered = [took * 1000 for _, took in calls if took != _NEVER]
    instance_s = area(sizes, 0.0, seconds)
    return Result(
        calls=len(calls),
        refused=len(calls) - len(answered),
        late=sum(took > LATE_S for _, took in calls) / max(len(calls), 1),
        p50_ms=percentile(answered, 0.5) if answered else 0.0,
        p99_ms=percentile(answered, 0.99) if answered else 0.0,
        instance_s=instance_s,
        busy_s=busy_s,
        most=int(max(size for _, size in sizes)),
        mean=instance_s / seconds,
        sizes=sizes,
        per_s=by_second(calls, seconds),
    )


def by_second(calls: Sequence[Call], seconds: float) -> list[Second]:
    """The calls by the second in which they were due."""
    slots: list[list[float]] = [[] for _ in range(int(-(-seconds // 1)))]
    for at, took in calls:
        slots[min(int(at), len(slots) - 1)].append(took)
    return [_second(each) for each in slots]


def _second(took: Sequence[float]) -> Second:
    answered = [each * 1000 for each in took if each != _NEVER]
    late = sum(each > LATE_S for each in took)
    p99_ms = percentile(answered, 0.99) if answered else None
    return Second(len(took), len(answered), len(took) - len(answered), late, p99_ms)


def calls_of(told: Sequence[Told]) -> list[Call]:
    """What was sent from the start on, as calls."""
    return [
        (each.due, _NEVER if each.status in REFUSED else each.done - each.due)
        for each in told
        if each.status != NOT_SENT and each.due >= 0
    ]


def errors(told: Sequence[Told]) -> list[str]:
    """The answers that are neither what was asked for nor a refusal, each in a sentence."""
    return [
        f"{each.route} at {each.due:.2f} s: {each.status or 'no answer'} {each.said[:_SHOWN]}"
        for each in told
        if not each.well and each.status not in (NOT_SENT, *REFUSED)
    ]


def orders(told: Sequence[Told]) -> tuple[list[Any], list[str]]:
    """The answers to those who ordered, and the ids of what was told to be paid."""
    placed = [json.loads(each.said) for each in told if each.route == ORDER and each.well]
    paid = [json.loads(each.said) for each in told if each.route == CONFIRM and each.well]
    return placed, [each["order"] for each in paid if each["state"] == "paid"]


def lags_ms(told: Sequence[Told]) -> list[float]:
    """How much later each request left than it was due."""
    return [(each.sent - each.due) * 1000 for each in told if each.status != NOT_SENT]


def without_need(
    told: Sequence[Told], looks: Sequence[Look], functions: Mapping[str, str]
) -> list[str]:
    """The refusals during which nobody saw as many instances as there may be, in sentences."""
    found = []
    for each in told:
        if each.status not in REFUSED:
            continue
        name = functions[each.route]
        during = [look for look in looks if each.sent <= look.at <= each.done]
        if during and all(look.size(name) < look.instances[name]["maximum"] for look in during):
            found.append(f"{each.route} at {each.due:.2f} s was refused with instances to spare")
    return found


def too_many(looks: Sequence[Look], functions: Sequence[str]) -> list[str]:
    """The functions of which somebody saw more instances than there may be, in sentences."""
    return [
        f"{name} had {look.size(name)} instances at {look.at:.2f} s, and may have "
        f"{look.instances[name]['maximum']}"
        for look in looks
        for name in functions
        if look.size(name) > look.instances[name]["maximum"]
    ]
