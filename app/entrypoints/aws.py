"""The functions that AWS Lambda calls: `http`, `queue` and `schedule`."""

import os
from importlib import import_module

from app.entrypoints import wire

# starts that nobody waits for: of instances kept ready, and of one whose snapshot others start from
_AHEAD = ("provisioned-concurrency", "snap-start")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def __getattr__(name: str) -> "Any":
    """Wire one when the runtime looks it up, once in a cold start, before the first event.

    A missing key stops the start there; importing this module needs no environment.
    """
    globals()[name] = wired = wire(__name__, name)
    if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") in _AHEAD:
        import_module("boto3")  # or else the first request waits for it; clients are made later
    return wired
