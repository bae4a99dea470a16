"""What the pages of a stack's `origins` may send to the shop and read from it, on every cloud."""

from typing import Final

HEADERS: Final = ("authorization", "content-type", "idempotency-key", "x-cart-token")
EXPOSED: Final = ("etag", "retry-after")
PREFLIGHT_S: Final = 3600
