"""Pages of lists: how long one is, and where it begins."""

from typing import Annotated

from msgspec import Meta

from app.domain.errors import InvalidError
from app.messages import Request

LIMIT = 20
MOST = 100

Cursor = Annotated[
    str,
    Meta(
        max_length=2048,
        description="Where the next page begins, as this one told it; empty: there is none.",
    ),
]
Limit = Annotated[int, Meta(ge=1, le=MOST, description="Rows of a page.", examples=[LIMIT])]


def limit_of(request: Request) -> int:
    """How many rows the request wants, 20 where it does not say. Raises InvalidError."""
    given = request.query.get("limit", str(LIMIT))
    if not given.isdecimal():  # 1e1 is in the document's bounds, too
        raise InvalidError(f"a page has 1 to {MOST} rows, in digits", "limit")
    return int(given)
