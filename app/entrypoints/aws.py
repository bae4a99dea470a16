"""The functions that AWS Lambda calls."""

import os
from collections.abc import Mapping

from app.dispatch import CloudHandler, serve
from app.gateways.aws import call_id, request


def make_http(environment: Mapping[str, str]) -> CloudHandler:
    """What answers HTTP events in this environment. Raises ConfigurationError."""
    return serve(environment, request, call_id)


def __getattr__(name: str) -> CloudHandler:
    """Wire `http` when the runtime looks it up, once in a cold start, before the first event.

    A missing key stops the start there; importing this module needs no environment.
    """
    if name != "http":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()["http"] = wired = make_http(os.environ)
    return wired
