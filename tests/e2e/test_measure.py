"""`make measure` measures a shop of its own, whatever runs here, and leaves nothing behind."""

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra import measured
from infra.cli.measure import shop_to_measure
from infra.metered import missing
from tests.support import project_processes as processes

ROOT = Path(__file__).parents[2]


@contextmanager
def command(folder: Path, *more: str) -> Iterator[subprocess.Popen[str]]:
    """It under way, its temporary folders below `folder`."""
    with subprocess.Popen(
        [sys.executable, "-m", "infra.cli.measure", *more],
        cwd=ROOT,
        env={"TMPDIR": str(folder), "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        yield process


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: a socket of this folder's is found by it."""
    with tempfile.TemporaryDirectory() as made:
        yield Path(made).resolve()


def test_one_round_measures_each_route_queue_and_schedule(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "measured.yaml"
    with command(folder, "--repeats", "1", "--out", str(out)) as process:
        said = process.communicate(timeout=240)[0]
    assert process.returncode == 0, said
    found = measured.read(out)
    assert missing(shop_to_measure(), found) == []
    order = found.requests["POST /orders"]
    assert order.writes["orders"] > order.reads["products"] > 0
    assert order.sends == {"events": 1.0}
    assert found.requests["POST /users"].compute_ms > found.requests["GET /products"].compute_ms
    assert found.requests["GET /health"].calls == 0
    assert "POST /orders" in said
    assert (list(folder.iterdir()), processes.of(folder)) == ([], {})


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_was_begun_is_removed_when_it_is_ended_early(folder: Path, number: int) -> None:
    with command(folder, "--out", str(folder / "never.yaml")) as process:
        end = time.monotonic() + 60
        while not processes.named(folder, "infra.local.runtime.supervisor"):
            assert time.monotonic() < end, "no local cloud was started"
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(number)
        said = process.communicate(timeout=120)[0]
    assert process.returncode == 130, said
    assert "Traceback" not in said
    processes.wait_for(lambda: not processes.of(folder), 10, "an end of all that it started")
    assert list(folder.iterdir()) == []
