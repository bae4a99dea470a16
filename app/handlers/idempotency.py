"""The header by which a request that is sent again is known."""

from typing import Annotated

from msgspec import Meta

from app.domain.order import idempotency_key
from app.messages import Request

HEADER = "idempotency-key"
Key = Annotated[
    str,
    Meta(
        pattern=r"^[\x21-\x7e]{1,255}$",
        description="Another one for each wish, and the same when it is sent again.",
        examples=["5b0e9f0e-7d0c-4f0a-9f77-2b9a3a1c6b11"],
    ),
]


def key_of(request: Request) -> str:
    """What the request is known by. Raises InvalidError where it does not say it."""
    return idempotency_key(request.headers.get(HEADER, ""))
