"""Secrets in memory."""

from pathlib import Path

import pytest

from app.ports.errors import ResourceMissingError
from tests.conformance.secrets.stores import store


def test_a_secret_that_is_granted_and_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ResourceMissingError, match="there is no secret token-key here"):
        store("memory", tmp_path, "token-key").secrets.get("token-key")
