"""Batches of a queue's messages on Function Compute."""

from collections.abc import Mapping

from app.dispatch_events import EventHandler, serve_queue
from app.gateways.alicloud import call_id
from app.gateways.alicloud_events import consumed, messages


def make(environment: Mapping[str, str]) -> EventHandler:
    """What takes batches in this environment. Raises ConfigurationError."""
    return serve_queue(environment, messages, consumed, call_id)
