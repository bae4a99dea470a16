"""What is measured: each started on a free port of 127.0.0.1, checked to give the same answer."""

import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench import usage
from bench.cloud import Cloud, health_alone
from infra.errors import PlatformError
from infra.model import Provider
from infra.settings_local import Local

ANSWER = {"status": "ok", "stack": "local"}
_START_S = 30.0
_END_S = 5.0


@dataclass(frozen=True, slots=True)
class Contestant:
    """A server that runs. `hops` are the processes that a request passes, by hop."""

    url: str
    hops: Callable[[], Mapping[str, list[int]]]


@contextmanager
def cloud(root: Path, emulate: Provider) -> Iterator[Contestant]:
    """Our local cloud with two workers, under a supervisor of its own."""
    settings = Local(emulate=emulate)
    with Cloud.open(root, health_alone(), settings, free_port()) as ours:
        url = f"http://127.0.0.1:{ours.port}/health"
        await_answer(url, lambda: True)

        def hops() -> Mapping[str, list[int]]:
            below = usage.descendants(ours.supervisor, usage.children())
            return {"server": [ours.supervisor], "workers": below}

        yield Contestant(url, hops)


@contextmanager
def peer(command: Callable[[int], list[str | Path]], folder: Path) -> Iterator[Contestant]:
    """Another server, started in `folder` by the command for a port. Raises PlatformError."""
    port = free_port()
    words = [str(word) for word in command(port)]
    kept = {"PATH", "HOME", "LANG", "TMPDIR"}
    with tempfile.TemporaryFile() as printed:
        process = subprocess.Popen(
            words,
            cwd=folder,
            env={name: value for name, value in os.environ.items() if name in kept}
            # some read the cloud's own settings at their start
            | {"AWS_DEFAULT_REGION": "us-east-1", "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=printed,
            start_new_session=True,  # its own group, so that its end leaves nothing behind
        )
        try:
            url = f"http://127.0.0.1:{port}/health"
            try:
                await_answer(url, lambda: process.poll() is None)
            except PlatformError as error:
                printed.seek(0)
                said = printed.read().decode(errors="replace")[-600:]
                raise PlatformError(f"{error}; it printed:\n{said}") from error

            def hops() -> Mapping[str, list[int]]:
                below = usage.descendants(process.pid, usage.children())
                return {"server": [process.pid, *below]}

            yield Contestant(url, hops)
        finally:
            _end(process)


def peers(python: Path, root: Path) -> dict[str, Callable[[int], list[str | Path]]]:
    """The peers' commands by name; `python` is that of their environment."""
    scripts, apps = python.parent, root / "bench" / "apps"
    return {
        "chalice": lambda port: [
            *(scripts / "chalice", "--project-dir", apps / "chalice", "local"),
            *("--no-autoreload", "--host", "127.0.0.1", "--port", str(port)),
        ],
        "functions": lambda port: [
            *(scripts / "functions-framework", "--target", "health"),
            *("--source", apps / "functions" / "main.py"),
            *("--host", "127.0.0.1", "--port", str(port)),
        ],
        "uvicorn": lambda port: [
            *(scripts / "uvicorn", "main:app", "--app-dir", apps / "asgi"),
            *("--host", "127.0.0.1", "--port", str(port), "--loop", "uvloop"),
            *("--http", "httptools", "--no-access-log", "--log-level", "warning"),
        ],
    }


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def await_answer(url: str, alive: Callable[[], bool]) -> None:
    """Wait for the answer that all must give. Raises PlatformError for another one, or none."""
    deadline = time.monotonic() + _START_S
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never by a proxy
    while alive() and time.monotonic() < deadline:
        try:
            with opener.open(url, timeout=5) as answer:
                found = json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise PlatformError(f"{url} answers {error.code}, not 200") from error
        except OSError:
            time.sleep(0.05)
            continue
        if found != ANSWER:
            raise PlatformError(f"{url} answers {found}, not {ANSWER}")
        return
    raise PlatformError(f"{url} does not answer")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a child, and what is left of its process group."""
    process.terminate()
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
