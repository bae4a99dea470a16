"""HTTP requests on Function Compute."""

from collections.abc import Mapping

from app.dispatch import CloudHandler, serve
from app.gateways.alicloud import call_id, request


def make(environment: Mapping[str, str]) -> CloudHandler:
    """What answers HTTP events in this environment. Raises ConfigurationError."""
    return serve(environment, request, call_id)
