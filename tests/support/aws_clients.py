"""Clients of boto3 as functions have them, made once for all tests: one takes 0.1 s."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from app.adapters.aws import clients


def client(service: str, connection: Mapping[str, Any]) -> Any:
    """The client of a service, by how it is reached."""
    return _made(service, tuple(sorted(connection.items())))


@cache
def _made(service: str, connection: tuple[tuple[str, Any], ...]) -> Any:
    return clients.make(service, **dict(connection))
