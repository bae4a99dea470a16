"""A command of ours that is interrupted before it could say how it takes that."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("error", "code", "trace"),
    [("KeyboardInterrupt", -signal.SIGINT, False), ("ValueError('x')", 1, True)],
)
def test_an_interrupt_during_the_imports_ends_by_its_signal_and_prints_no_trace(
    error: str, code: int, *, trace: bool
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", f"import infra.cli; raise {error}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == code
    assert ("Traceback" in ended.stderr) == trace
    assert trace or not ended.stderr
