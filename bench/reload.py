"""How long `make dev` takes from a written file to the first answer by the new code."""

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.cloud import Cloud, copied, health_alone
from infra.errors import PlatformError
from infra.local.ports import free_port
from infra.settings_local import Local

_LIMIT_S = 10.0
_PAUSE_S = 0.3  # an editor does not save more often
_POLL_S = 0.001


def measure(checkout: Path, root: Path, count: int) -> list[float]:
    """Milliseconds of `count` edits of a copy of this checkout. Raises PlatformError."""
    copied(checkout, root)
    handler = root / "app" / "handlers" / "health.py"
    source = handler.read_text()
    if '"ok"' not in source:
        raise PlatformError(f'{handler.name} no longer answers "ok": there is nothing to edit')
    with Cloud.open(root, health_alone(), Local(), free_port()) as ours, _watching(root):
        client = http.client.HTTPConnection("127.0.0.1", ours.port, timeout=_LIMIT_S)
        try:
            found = []
            for number in range(count):
                time.sleep(_PAUSE_S)
                found.append(_edit(client, handler, source, f"ok {number}"))
            return found
        finally:
            client.close()


def _edit(client: http.client.HTTPConnection, handler: Path, source: str, status: str) -> float:
    began = time.perf_counter()
    handler.write_text(source.replace('"ok"', json.dumps(status)))
    while (took := time.perf_counter() - began) < _LIMIT_S:
        client.request("GET", "/health")
        answer = client.getresponse()
        found = json.loads(answer.read())
        if found.get("status") == status:
            return (time.perf_counter() - began) * 1000
        time.sleep(_POLL_S)
    raise PlatformError(f"the new code did not answer within {took:.0f} s")


@contextmanager
def _watching(root: Path) -> Iterator[None]:
    """`make dev` of the copy, watching."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "infra.cli.dev"],
        cwd="/",
        env={"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        if "watching" not in line:
            raise PlatformError(f"`make dev` does not watch: {line.strip()}")
        time.sleep(_PAUSE_S)  # it says so just before it does
        yield
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()
