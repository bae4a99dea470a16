"""Schedules on AWS Lambda."""

from collections.abc import Mapping

from app.dispatch_events import EventHandler, serve_schedule
from app.gateways.aws import call_id
from app.gateways.aws_events import schedule


def make(environment: Mapping[str, str]) -> EventHandler:
    """What runs when a schedule is due. Raises ConfigurationError."""
    return serve_schedule(environment, schedule, call_id)
