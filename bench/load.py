"""The load generators, how they are found, run and read: `wrk` where it is, else hey, built."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from infra.cli.commands import Progress, explain
from infra.cli.engine_build import go_environment
from infra.cli.machine import Machine
from infra.errors import PlatformError

CONNECTIONS = 32
HEY = "github.com/rakyll/hey"
_GRACE_S = 15.0
_UNITS_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


class LoadError(PlatformError):
    """There is no load generator, or it did not end as it should; says why."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a generator saw.

    `requests` were answered with 2xx, so many `per_s`; `errors` are other answers and broken
    connections. The times are over all answers.
    """

    requests: int
    per_s: float
    p50_ms: float
    p99_ms: float
    errors: int


@dataclass(frozen=True, slots=True)
class Generator:
    """A program that keeps 32 connections busy for some seconds."""

    name: str
    program: Path
    command: Callable[[Path, int, str, Mapping[str, str]], list[str]]
    parse: Callable[[str], Load]

    def run(
        self, url: str, seconds: int, headers: Mapping[str, str] | None = None
    ) -> tuple[Load, float]:
        """What it saw, and the CPU seconds that it took itself. Raises LoadError."""
        with tempfile.TemporaryFile() as out:
            with _interrupting_nobody():
                process = subprocess.Popen(
                    self.command(self.program, seconds, url, headers or {}),
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                )
            status, cpu_s = _wait(process, time.monotonic() + seconds + _GRACE_S)
            out.seek(0)
            text = out.read().decode(errors="replace")
        if status:
            raise LoadError(f"{self.name} on {url} ended with {status}:\n{text[-1000:]}")
        return self.parse(text), cpu_s


@contextmanager
def _interrupting_nobody() -> Iterator[None]:
    """What is started meanwhile takes no processor from others by waking up, on Linux.

    A client is elsewhere: its threads do not stop a server in the midst of a request.
    """
    if sys.platform != "linux":
        yield
        return
    before, none = os.sched_getscheduler(0), os.sched_param(0)
    with suppress(OSError):  # not everyone may say how it is scheduled
        os.sched_setscheduler(0, os.SCHED_BATCH, none)
    try:
        yield
    finally:
        with suppress(OSError):
            os.sched_setscheduler(0, before, none)


def find(machine: Machine, progress: Progress) -> Generator:
    """The generator of this machine. Raises LoadError."""
    wrk = shutil.which("wrk", path=machine.env.get("PATH", os.defpath))
    if wrk:
        said = machine.run([wrk, "-v"], env=machine.env, limit_s=10)  # its exit code is 1
        version = re.search(r"wrk \S*?(\d+\.\d+[.\d]*)", said.output)
        return Generator(f"wrk {version[1] if version else ''}".strip(), Path(wrk), _wrk, read_wrk)
    return Generator("hey 0.1.4", _built_hey(machine, progress), _hey, read_hey)


def read_wrk(text: str) -> Load:
    """The output of `wrk --latency`. Raises LoadError."""
    ended = re.search(r"(\d+) requests in ", text)
    per_s = re.search(r"Requests/sec:\s+([\d.]+)", text)
    at = dict(re.findall(r"^\s+(\d+)%\s+([\d.]+[a-z]+)\s*$", text, re.MULTILINE))
    if not (ended and per_s and {"50", "99"} <= at.keys()):
        raise LoadError(f"the output of wrk cannot be read:\n{text[-1000:]}")
    broken = re.search(r"Socket errors: \w+ (\d+), \w+ (\d+), \w+ (\d+), \w+ (\d+)", text)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    others = int(refused[1]) if refused else 0
    good = int(ended[1]) - others
    return Load(
        requests=good,
        per_s=float(per_s[1]) * good / max(int(ended[1]), 1),
        p50_ms=_ms(at["50"]),
        p99_ms=_ms(at["99"]),
        errors=others + (sum(map(int, broken.groups())) if broken else 0),
    )


def read_hey(text: str) -> Load:
    """The output of `hey`, whose own requests a second count errors too. Raises LoadError."""
    total = re.search(r"Total:\s+([\d.]+) secs", text)
    at = dict(re.findall(r"^\s+(\d+)% in ([\d.]+) secs", text, re.MULTILINE))
    answers = [(int(s), int(n)) for s, n in re.findall(r"\[(\d{3})\]\s+(\d+) responses", text)]
    if not (total and answers and {"50", "99"} <= at.keys()):
        raise LoadError(f"the output of hey cannot be read:\n{text[-1000:]}")
    _, _, broken = text.partition("Error distribution:")
    good = sum(count for status, count in answers if 200 <= status < 300)  # noqa: PLR2004
    others = sum(count for _, count in answers) - good
    return Load(
        requests=good,
        per_s=good / float(total[1]),
        p50_ms=float(at["50"]) * 1000,
        p99_ms=float(at["99"]) * 1000,
        errors=others + sum(map(int, re.findall(r"^\s+\[(\d+)\]", broken, re.MULTILINE))),
    )


def _wrk(program: Path, seconds: int, url: str, headers: Mapping[str, str]) -> list[str]:
    words = [str(program), "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency"]
    return [*words, *_words(headers), url]


def _hey(program: Path, seconds: int, url: str, headers: Mapping[str, str]) -> list[str]:
    words = [str(program), "-z", f"{seconds}s", "-c", str(CONNECTIONS)]
    return [*words, *_words(headers), url]


def _words(headers: Mapping[str, str]) -> list[str]:
    return [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]


def _ms(text: str) -> float:
    found = re.fullmatch(r"([\d.]+)([a-z]+)", text)
    if found is None or found[2] not in _UNITS_MS:
        raise LoadError(f"wrk says {text!r}, which is no time that is known here")
    return float(found[1]) * _UNITS_MS[found[2]]


def _wait(process: subprocess.Popen[bytes], deadline: float) -> tuple[int, float]:
    """The exit code and the CPU seconds of a child, which is killed at the deadline."""
    try:
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > deadline:
                process.kill()
            time.sleep(0.02)
    except BaseException:
        process.kill()
        process.wait()
        raise
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_utime + usage.ru_stime


def _built_hey(machine: Machine, progress: Progress) -> Path:
    """The hey of the module that bench/hey/go.sum pins, built once a machine."""
    module = machine.root / "bench" / "hey"
    key = hashlib.sha256((module / "go.sum").read_bytes()).hexdigest()[:12]
    target = machine.cache / f"bench-hey-{machine.system}-{machine.arch}-{key}" / "hey"
    if target.exists():
        return target
    go = shutil.which("go", path=machine.env.get("PATH", os.defpath))
    if go is None:
        raise LoadError(
            "bench: there is no load generator: neither `wrk`, nor Go to build one with.\n"
            "→ apt install wrk, or brew install wrk; then: make bench"
        )
    progress.say("no wrk: building hey, once for this machine")
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"hey.{os.getpid()}")
    ended = machine.run(
        [go, "build", "-trimpath", "-o", draft, HEY],
        env=go_environment(machine.env),
        cwd=module,
        limit_s=600,
    )
    if not ended.ok:
        raise LoadError(f"bench: hey cannot be built: {ended.stopped or explain(ended.output)}")
    draft.rename(target)
    return target
