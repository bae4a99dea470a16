"""One schedule, as the supervisor is told of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from infra import limits
from infra.checks.cron import faults
from infra.local.runtime.specs import Rule, Spec, text, whole
from infra.local.runtime.timetable import Rule as Timetable


def kept(value: object) -> str | None:
    """A cron expression that can be kept, or an empty text where there is none."""
    if value == "":
        return None
    if not isinstance(value, str):
        return "must be a text"
    for consequence, remedy in faults(value):
        return f"{consequence}: {remedy}"
    return None


@dataclass(frozen=True, slots=True)
class ScheduleSpec(Spec):
    """A function and when it runs: `every_minutes`, or by `cron` where that is 0."""

    name: str
    function: str
    every_minutes: int
    cron: str

    RULES: ClassVar[Mapping[str, Rule]] = {
        "name": text,
        "function": text,
        "every_minutes": whole(0, limits.EVERY_MINUTES[-1]),
        "cron": kept,
    }

    @property
    def timetable(self) -> Timetable:
        """When it runs."""
        return Timetable(self.every_minutes, self.cron)
