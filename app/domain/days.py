"""Days, in UTC, as they are written in rows and asked for: 2026-11-23."""

import re
from datetime import UTC, date, datetime

from app.domain.errors import InvalidError

DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_DAY = re.compile(DAY, re.ASCII)


def day_of(moment_ms: int) -> str:
    """The day of a moment in epoch milliseconds."""
    return datetime.fromtimestamp(moment_ms / 1000, UTC).date().isoformat()


def a_day(text: str, field: str) -> str:
    """The text, if it is a day that there is. Raises InvalidError."""
    try:
        found = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        found = None
    if found is None:
        raise InvalidError("a day is as 2026-11-23", field)
    return text
