"""Days that lists are of."""

from typing import Annotated

from msgspec import Meta

from app.domain.days import DAY, day_of
from app.messages import Request
from app.ports.clock import Clock

Day = Annotated[
    str, Meta(pattern=DAY, description="A day (UTC); without it, today.", examples=["2026-11-23"])
]


def day_wanted(request: Request, clock: Clock) -> str:
    """The day (UTC) that the request names; today where it names none."""
    return request.query.get("day", day_of(clock.now_ms()))
