"""What is measured: each started on a free port of 127.0.0.1, checked to give the same answer."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench import usage
from bench.cloud import Cloud, health_alone
from bench.peers import Node
from bench.usage import Processes
from infra.errors import PlatformError
from infra.local.ports import free_port
from infra.model import Provider
from infra.settings_local import Local

ANSWER = {"status": "ok", "stack": "local"}
_START_S = 60.0
_END_S = 5.0
_KEPT_S = 600  # idle workers, through a whole round, as the local cloud's are


@dataclass(frozen=True, slots=True)
class Contestant:
    """A server that runs, and how to find its processes as they are now."""

    url: str
    processes: Callable[[], Processes]


@dataclass(frozen=True, slots=True)
class Command:
    """How a peer is started in its folder of bench/apps: for a port, with links made there."""

    words: Callable[[int], list[str | Path]]
    links: Mapping[str, Path] = field(default_factory=dict)


@contextmanager
def cloud(
    root: Path, emulate: Provider, workers: int | None, handler: str | None
) -> Iterator[Contestant]:
    """Our local cloud under a supervisor of its own; without `workers` the autoscaler rules.

    Without `handler` the shop's own answers.
    """
    settings = Local(emulate=emulate)
    with Cloud.open(root, health_alone(workers, handler), settings, free_port()) as ours:
        url = f"http://127.0.0.1:{ours.port}/health"
        await_answer(url, lambda: True)

        def processes() -> Processes:
            tree = usage.children()
            zygotes = tree.get(ours.supervisor, [])
            workers = [each for zygote in zygotes for each in usage.below(zygote, tree)]
            return Processes([ours.supervisor, *zygotes], workers)

        yield Contestant(url, processes)


@contextmanager
def peer(command: Command, folder: Path) -> Iterator[Contestant]:
    """Another server, started in `folder` by the command for a port. Raises PlatformError."""
    port = free_port()
    for name, target in command.links.items():
        (folder / name).symlink_to(target)
    words = [str(word) for word in command.words(port)]
    kept = {"LANG", "TMPDIR"}
    path = [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
    with tempfile.TemporaryFile() as printed:
        process = subprocess.Popen(
            words,
            cwd=folder,
            env={name: value for name, value in os.environ.items() if name in kept}
            | {
                "PATH": os.pathsep.join(path),  # serverless-offline starts the first python3
                "HOME": str(folder),
                "AWS_DEFAULT_REGION": "us-east-1",  # some ask for it at their start
                "PYTHONDONTWRITEBYTECODE": "1",
                "SLS_TELEMETRY_DISABLED": "1",
                "SLS_NOTIFICATIONS_MODE": "off",
            },
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

            def processes() -> Processes:
                return Processes([process.pid], usage.below(process.pid, usage.children()))

            yield Contestant(url, processes)
        finally:
            _end(process)


def in_python(python: Path) -> dict[str, Command]:
    """The commands of the peers in Python by name; `python` is that of their environment."""
    scripts = python.parent
    return {
        "chalice": Command(
            lambda port: [
                *(scripts / "chalice", "local", "--no-autoreload"),
                *("--host", "127.0.0.1", "--port", str(port)),
            ]
        ),
        "functions": Command(
            lambda port: [
                *(scripts / "functions-framework", "--target", "health", "--source", "main.py"),
                *("--host", "127.0.0.1", "--port", str(port)),
            ]
        ),
        "uvicorn": Command(
            lambda port: [
                *(scripts / "uvicorn", "main:app"),
                *("--host", "127.0.0.1", "--port", str(port), "--loop", "uvloop"),
                *("--http", "httptools", "--no-access-log", "--log-level", "warning"),
            ]
        ),
    }


def in_node(found: Node) -> dict[str, Command]:
    """The command of serverless-offline, which looks for its packages beside its settings."""
    return {
        "offline": Command(
            lambda port: [
                *(found.program, found.modules / "serverless" / "bin" / "serverless.js"),
                *("offline", "start", "--host", "127.0.0.1"),
                *("--httpPort", str(port), "--lambdaPort", str(free_port())),
                *("--terminateIdleLambdaTime", str(_KEPT_S)),
            ],
            {"node_modules": found.modules},
        )
    }


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
