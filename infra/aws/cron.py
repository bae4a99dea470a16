"""Times as EventBridge and Application Auto Scaling write them."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from infra.checks.cron import parsed

_ALL: Final = (range(60), range(24), range(1, 32), range(1, 13), range(7))
_STEPPED: Final = 3


def cron(expression: str) -> str:
    """A five-field expression as AWS writes it: `cron(30 4 ? * 2-6 *)`.

    Of its six fields the sixth is the year, days of the week begin with 1 for Sunday, and one of
    the two days is `?`. Of what a field may hold only the forms are used that its manual shows.
    """
    fields = parsed(expression)
    minute, hour, day, month, weekday = (
        _field(values, allowed) for values, allowed in zip(fields, _ALL, strict=True)
    )
    if weekday == "*":
        weekday = "?"
    else:
        day = "?"
        weekday = _field([each + 1 for each in fields[4]], range(1, 8))
    return f"cron({minute} {hour} {day} {month} {weekday} *)"


def _field(values: Sequence[int], allowed: range) -> str:
    """`*`, `0/15` for every so many from there on, or numbers and `a-b` with commas."""
    if list(values) == list(allowed):
        return "*"
    if len(values) >= _STEPPED:
        step = values[1] - values[0]
        if step > 1 and list(values) == list(range(values[0], allowed.stop, step)):
            return f"{values[0]}/{step}"
    return ",".join(_runs(values))


def _runs(values: Sequence[int]) -> Iterator[str]:
    """What comes one after the other as `a-b`."""
    for _, run in groupby(enumerate(values), key=lambda pair: pair[1] - pair[0]):
        numbers = [value for _, value in run]
        yield str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}-{numbers[-1]}"
