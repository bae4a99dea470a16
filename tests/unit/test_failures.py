"""What functions write to their logs, which Lambda keeps by the level that it reads there."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from app.failures import line
from app.services.log import failed

LAMBDAS = {"trace", "debug", "info", "warn", "error", "fatal"}


def test_a_line_has_a_time_without_which_lambda_would_take_an_error_for_info() -> None:
    entry = json.loads(line(ValueError("made up"), function="made-up"))

    assert entry["level"] == "error"
    assert entry["timestamp"].endswith("Z")
    age = datetime.now(UTC) - datetime.fromisoformat(entry["timestamp"])
    assert timedelta(seconds=-1) < age < timedelta(minutes=1)


def test_every_level_is_one_that_lambda_knows(capsys: pytest.CaptureFixture[str]) -> None:
    failed("made-up", ValueError("made up"))

    entry = json.loads(capsys.readouterr().err)
    assert entry["level"] == "warn"
    assert {entry["level"], "error"} <= LAMBDAS
