"""AWS as moto plays it: a server of its own on 127.0.0.1, which tests reach over HTTP.

It runs in an environment of its own (tools/moto.txt), made on first use: the project's would start
slower with moto's packages in it.
"""

import os
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.cli.commands import Progress
from infra.cli.engine import this_machine
from infra.cli.tool_venv import tool_venv

ROOT = Path(__file__).resolve().parents[2]
REGION = "eu-central-1"
_START_S = 60.0
_END_S = 10.0
_SAID = b"Running on http://127.0.0.1:"


@dataclass(frozen=True, slots=True)
class Moto:
    """A server that runs at `url`; it takes any credentials."""

    url: str
    pid: int

    def environment(self) -> dict[str, str]:
        """What makes boto3, and whatever else speaks to AWS, speak to it instead."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def connection(self) -> dict[str, Any]:
        """The same for one boto3 client alone, as its arguments."""
        return {
            "endpoint_url": self.url,
            "region_name": REGION,
            "aws_access_key_id": "testing",
            "aws_secret_access_key": "testing",
        }

    def reset(self) -> None:
        """Have it forget all that was made."""
        request = urllib.request.Request(f"{self.url}/moto-api/reset", method="POST")  # noqa: S310
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - of ours
            answer.read()


@contextmanager
def serving() -> Iterator[Moto]:
    """A server that runs; afterwards it does not. Raises PlatformError when it cannot be had."""
    machine = this_machine(ROOT)
    python = tool_venv(machine, Progress("moto"), "moto", ROOT / "tools" / "moto.txt")
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [python, "-P", ROOT / "tests" / "support" / "moto_program.py"],
            env=_surroundings(os.environ),
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        assert process.stdin is not None
        try:
            yield Moto(f"http://127.0.0.1:{_port(process, said.fileno())}", process.pid)
        finally:
            process.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_END_S)
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def moto() -> Iterator[Moto]:
    """The one server of this run, or of this worker; it starts when a test first asks for it."""
    with serving() as found:
        yield found


@pytest.fixture(scope="session")
def aws(request: pytest.FixtureRequest) -> Mapping[str, Any]:
    """What a boto3 client is made with: nothing with `--cloud aws`, else what leads to moto."""
    if request.config.getoption("--cloud") == "aws":
        return {}
    found: Moto = request.getfixturevalue("moto")
    return found.connection()


def _surroundings(base: Mapping[str, str]) -> dict[str, str]:
    """Nothing that would give it another Python's packages, or settings of moto's."""
    foreign = ("PYTHON", "MOTO_", "AWS_", "COV_")
    return {name: value for name, value in base.items() if not name.startswith(foreign)}


def _port(process: subprocess.Popen[bytes], said: int) -> int:
    """The port that it chose, once it listens there."""
    until = time.monotonic() + _START_S
    while time.monotonic() < until and process.poll() is None:
        _, found, rest = os.pread(said, 64 * 1024, 0).partition(_SAID)
        if found and b"\n" in rest:
            return int(rest.split(b"\n")[0].split(b"\x1b")[0])
        time.sleep(0.02)
    raise AssertionError(
        f"moto does not serve after {_START_S:.0f} s at most: "
        f"{os.pread(said, 4096, 0).decode(errors='replace')}"
    )
