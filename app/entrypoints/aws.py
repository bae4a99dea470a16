"""The functions that AWS Lambda calls: `http`, `queue` and `schedule`."""

from app.entrypoints import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def __getattr__(name: str) -> "Any":
    """Wire one when the runtime looks it up, once in a cold start, before the first event.

    A missing key stops the start there; importing this module needs no environment.
    """
    globals()[name] = wired = wire(__name__, name)
    return wired
