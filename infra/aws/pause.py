"""How long nothing is heard of a schedule that is well."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from infra.checks.cron import parsed
from infra.model import Schedule

MINUTE_S: Final = 60
DAY_S: Final = 24 * 60 * MINUTE_S
_DAY_MINUTES: Final = 24 * 60
_SUNDAY_FIRST: Final = 7
# Five years with two leap days: whatever comes once in a while comes here twice.
_FIRST: Final = date(2000, 1, 1)
_DAYS: Final = 5 * 366


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
