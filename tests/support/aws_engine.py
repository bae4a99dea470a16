"""A stack on AWS that the real engine runs with the provider's plugin on PATH, against moto.

The plugin on PATH is a stand-in that drives the provider against any endpoint; its `moto_server`,
beside it, knows the calls that the provider waits for and plain moto does not.
"""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx

from tests.support.engine_stack import EngineStack, made, plugin
from tests.support.moto import Moto, serving
from tests.support.project import CLIENT
from tests.support.wire_http import free_port

START_S = 180.0  # the stand-ins' packages are installed on first use
PROVIDER = {
    "aws:maxRetries": "10",  # answers may be lost on their way, three in a row were
    "aws:skipCredentialsValidation": "true",
    "aws:skipMetadataApiCheck": "true",
    "aws:s3UsePathStyle": "true",
}
"""What makes the provider speak to moto; all else stands in the stack's own file."""
UNTAGGED = ("--exclude", "**::budget", "--exclude", "**::function-*-ready-target")
"""moto tells no tags of these and can set none later: each update would try to, and fail."""

_MORE = Path(__file__).with_name("moto_more")
# Ends the server with its standard input, so that it does not outlive a run that is killed.
_SERVE = '"$0" -H 127.0.0.1 -p "$1" & cat; kill $!; wait $!'


@dataclass(frozen=True, slots=True)
class CloudStack(EngineStack):
    """The same, and the cloud that it is brought up in."""

    moto: Moto

    def client(self, service: str) -> Any:
        """A client of the cloud that it is in."""
        return boto3.client(service, **self.moto.connection())


@contextmanager
def cloud(beside: Path, log: Path) -> Iterator[Moto]:
    """A moto of its own: the one beside the plugin, which fits it, or else the plain one.

    `log` is where it tells of its own failures.
    """
    server = beside.with_name("moto_server")
    if not server.exists():
        with serving() as plain:
            yield plain
        return
    port = free_port()
    foreign = ("MOTO_", "AWS_", "PYTHON", "COV_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    with log.open("wb") as told:
        process = subprocess.Popen(
            ["sh", "-c", _SERVE, str(server), str(port)],
            env=kept | {"PYTHONPATH": str(_MORE)},
            stdin=subprocess.PIPE,
            stdout=told,
            stderr=subprocess.STDOUT,
        )
    assert process.stdin is not None
    try:
        found = Moto(f"http://127.0.0.1:{port}", process.pid)
        _wait_for(found, process)
        yield found
    finally:
        process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


def _wait_for(moto: Moto, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        with suppress(httpx.HTTPError):
            CLIENT.get(f"{moto.url}/moto-api/", timeout=5)
            return
        time.sleep(0.1)
    raise AssertionError(f"{moto.url} does not serve after {START_S:.0f} s at most")


@contextmanager
def stack(folder: Path, name: str) -> Iterator[CloudStack]:
    """The stack `name` of a whole copy of the checkout, made and not up, in a cloud of its own."""
    beside = plugin("aws")
    with (
        cloud(beside, folder / "moto.log") as moto,
        made(folder, name, "aws", moto.environment()) as found,
    ):
        settings = "".join(f"  {key}: {json.dumps(value)}\n" for key, value in PROVIDER.items())
        found.project.edit(found.file, "\nconfig:\n", f"\nconfig:\n{settings}")
        yield CloudStack(found.project, found.name, found.env, found.provider, moto)
