"""Times as Function Compute writes them, of its triggers and of instances kept ready."""

from typing import Final

from infra.checks.cron import parsed

_DAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


def cron(expression: str) -> str:
    """A five-field expression in Function Compute's six: `0 30 4 * * MON,FRI`.

    The first of them is the second. Days of the week go by their names, one by one: by number its
    manual counts them from 1 to 7, says not which is the first, and takes no step there
    (help/en/functioncompute/fc/user-guide/time-triggers).
    """
    *times, weekday = expression.split()
    days = parsed(expression)[-1]
    weekday = "*" if len(days) == len(_DAYS) else ",".join(_DAYS[day] for day in days)
    return " ".join(("0", *times, weekday))
