"""When a schedule is due next: five-field cron expressions and every so many minutes, in UTC; pure.

What a field may be is `infra.checks.cron`'s to say. Days are counted by the calendar, so that
nothing is ever due at a time that does not exist.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache

from infra.checks.cron import parsed

_MINUTE_MS = 60_000
_DAY_MINUTES = 24 * 60
# Of all that can be written, 29 February comes most rarely: after eight years around 1900 or 2100.
_LONGEST_DAYS = 8 * 366 + 1
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_SUNDAY_FIRST = 7
_parsed = lru_cache(maxsize=256)(parsed)


@dataclass(frozen=True, slots=True)
class Rule:
    """Every so many minutes, or by a cron expression: the other one is 0 or empty."""

    every_minutes: int
    cron: str


def next_run(rule: Rule, after_ms: int) -> int | None:
    """The first time after `after_ms` that the rule names, in epoch milliseconds; None if never.

    Every so many minutes is counted from the epoch, so that a restart shifts nothing.
    """
    minute = after_ms // _MINUTE_MS + 1
    if rule.every_minutes:
        return -(-minute // rule.every_minutes) * rule.every_minutes * _MINUTE_MS
    minutes, hours, days, months, weekdays = _parsed(rule.cron)
    first, earliest = divmod(minute, _DAY_MINUTES)
    for number in range(first, first + _LONGEST_DAYS):
        day = date.fromordinal(_EPOCH_DAY + number)
        if (
            day.month in months
            and day.day in days
            and day.isoweekday() % _SUNDAY_FIRST in weekdays
            and (found := _in_day(minutes, hours, earliest if number == first else 0)) is not None
        ):
            return (number * _DAY_MINUTES + found) * _MINUTE_MS
    return None


def spelled(moment_ms: int) -> str:
    """A time in ISO 8601, UTC, to the second."""
    moment = datetime.fromtimestamp(moment_ms // 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _in_day(minutes: tuple[int, ...], hours: tuple[int, ...], earliest: int) -> int | None:
    """The first minute of a day, from `earliest` on, that hours and minutes name."""
    for hour in hours:
        for minute in minutes:
            if (found := hour * 60 + minute) >= earliest:
                return found
    return None
