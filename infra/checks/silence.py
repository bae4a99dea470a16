"""How long nothing is heard of a schedule that is well, and when to ask why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from infra.checks.cron import parsed
from infra.model import Platform, Schedule

MINUTE_S: Final = 60
DAY_S: Final = 24 * 60 * MINUTE_S

_RUNS: Final = 3
_LEAST_S: Final = 15 * MINUTE_S
_MOST_DAYS: Final = 7  # CloudWatch looks back no further
_DAY_MINUTES: Final = 24 * 60
_SUNDAY_FIRST: Final = 7
# Five years with two leap days: whatever comes once in a while comes here twice.
_FIRST: Final = date(2000, 1, 1)
_DAYS: Final = 5 * 366


@dataclass(frozen=True, slots=True)
class Silence:
    """That a function was not called in `periods` windows of `period_s` seconds, one after another.

    A window is a day at most, which is what the clouds look at in one go.
    """

    period_s: int
    periods: int

    def __str__(self) -> str:
        """In words, as `15 minutes`."""
        if self.periods == 1:
            return f"{self.period_s // MINUTE_S} minutes"
        return f"{self.periods} days"


def silences(platform: Platform) -> Mapping[str, Silence]:
    """What is too long a silence, by the name of each function that a schedule calls.

    It is that of three runs. A function that is silent for longer than can be watched is left out.
    """
    pauses: dict[str, int] = {}
    for each in platform.schedules:
        # of several that call one function the most frequent is missed first
        pause = longest_pause_s(each)
        pauses[each.function] = min(pause, pauses.get(each.function, pause))
    found = {}
    for function, pause in pauses.items():
        if pause >= _MOST_DAYS * DAY_S:
            continue
        window = max(_RUNS * pause, _LEAST_S)
        days = min(-(-window // DAY_S), _MOST_DAYS)
        found[function] = Silence(window if days == 1 else DAY_S, days)
    return found


def longest_pause_s(schedule: Schedule) -> int:
    """The longest time between two runs of a sound schedule, in seconds."""
    if schedule.every_minutes is not None:
        return schedule.every_minutes * MINUTE_S
    minutes, hours, days, months, weekdays = parsed(schedule.cron or "")
    times = [hour * 60 + minute for hour in hours for minute in minutes]
    runs = [
        number
        for number in range(_DAYS)
        for day in [_FIRST + timedelta(days=number)]
        if day.month in months and day.day in days and day.isoweekday() % _SUNDAY_FIRST in weekdays
    ]
    apart = max((later - earlier for earlier, later in pairwise(runs)), default=_DAYS)
    over_night = apart * _DAY_MINUTES - times[-1] + times[0]
    by_day = max((later - earlier for earlier, later in pairwise(times)), default=0)
    return max(over_night, by_day) * MINUTE_S
