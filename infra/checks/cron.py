"""Five-field cron expressions, as far as every provider can carry them out.

minute hour day-of-month month day-of-week (0 is Sunday), in UTC; each `*`, a number, `a-b`, one of
these with `/step`, or several with commas. Names of months and days differ between providers.
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from typing import Final

_FIELDS: Final = (
    ("minute", range(60)),
    ("hour", range(24)),
    ("day of the month", range(1, 32)),
    ("month", range(1, 13)),
    ("day of the week", range(7)),
)
_LEAP_YEAR = 2000
_PART = re.compile(r"(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:/(\d{1,2}))?", re.ASCII)


def faults(expression: str) -> Iterator[tuple[str, str]]:
    """What keeps `expression` from running everywhere, each with its remedy."""
    fields = expression.split()
    if len(fields) != len(_FIELDS):
        yield (
            f"it has {len(fields)} fields, not five, so when it runs could not be told",
            "write minute, hour, day of the month, month, day of the week: 30 4 * * 1",
        )
        return
    sound = True
    for field, (name, allowed) in zip(fields, _FIELDS, strict=True):
        if not all(_fits(part, allowed) for part in field.split(",")):
            sound = False
            yield (
                f"{field} is no {name}",
                f"use numbers from {allowed.start} to {allowed[-1]}, *, a-b, /step and commas",
            )
    if sound and not _comes(expression):
        yield (
            f"no year has a day {fields[2]} in month {fields[3]}, so it would never run",
            "choose a day that one of its months has",
        )
    if "*" not in (fields[2], fields[4]):
        yield (
            "not every cloud can tie a run to a day of the month and a day of the week at once",
            "write * for one of the two days",
        )


def parsed(expression: str) -> tuple[tuple[int, ...], ...]:
    """What each of the five fields names, in order; of a sound expression."""
    return tuple(
        tuple(sorted({value for part in field.split(",") for value in _values(part, allowed)}))
        for field, (_, allowed) in zip(expression.split(), _FIELDS, strict=True)
    )


def _values(part: str, allowed: range) -> range:
    """What `*`, `7`, `3-9` or one of these with `/step` names."""
    span, _, step = part.partition("/")
    first, _, last = span.partition("-")
    if first == "*":
        first, last = str(allowed.start), str(allowed[-1])
    return range(int(first), int(last or first) + 1, int(step or 1))


def _comes(expression: str) -> bool:
    """Whether one of its months has one of its days, in a leap year."""
    _, _, days, months, _ = parsed(expression)
    return any(day <= monthrange(_LEAP_YEAR, month)[1] for month in months for day in days)


def _fits(part: str, allowed: range) -> bool:
    match = _PART.fullmatch(part)
    if match is None:
        return False
    first, last, step = (None if text is None else int(text) for text in match.groups())
    if step == 0 or (step is not None and first is not None and last is None):
        return False  # `5/10` means different things to different crons
    if first is None:
        return True
    return first in allowed and (last is None or (last in allowed and first <= last))
