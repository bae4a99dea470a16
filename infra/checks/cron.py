"""Five-field cron expressions, as far as every provider can carry them out.

minute hour day-of-month month day-of-week (0 is Sunday), in UTC; each `*`, a number, `a-b`, one of
these with `/step`, or several with commas. Names of months and days differ between providers.
"""

import re
from collections.abc import Iterator
from typing import Final

_FIELDS: Final = (
    ("minute", range(60)),
    ("hour", range(24)),
    ("day of the month", range(1, 32)),
    ("month", range(1, 13)),
    ("day of the week", range(7)),
)
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
    for field, (name, allowed) in zip(fields, _FIELDS, strict=True):
        if not all(_fits(part, allowed) for part in field.split(",")):
            yield (
                f"{field} is no {name}",
                f"use numbers from {allowed.start} to {allowed[-1]}, *, a-b, /step and commas",
            )
    if "*" not in (fields[2], fields[4]):
        yield (
            "AWS cannot tie a run to a day of the month and a day of the week at once",
            "write * for one of the two days",
        )


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
