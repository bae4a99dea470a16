"""Runs other programs for the set-up: with a limit, line by line, and leaving nothing behind.

Standard library only: the set-up runs before anything is installed.
"""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

KEPT_LINES = 400
TICK_S = 0.2
Command = Sequence[str | Path]


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended: its exit code, its last lines, and why it was stopped, if it was.

    `code` is 127 where the program could not be started.
    """

    code: int
    output: str
    stopped: str = ""

    @property
    def ok(self) -> bool:
        """Whether the command did what it was asked."""
        return self.code == 0 and not self.stopped


def _ignore(_line: str) -> None:
    pass


class Runner(Protocol):
    """What runs a command; tests give one that only answers."""

    def __call__(
        self,
        command: Command,
        *,
        env: Mapping[str, str],
        cwd: Path | None = None,
        limit_s: float = 600,
        on_line: Callable[[str], None] = _ignore,
        on_tick: Callable[[], str] = str,
        hold: Sequence[int] = (),
    ) -> Finished:
        """Run it to its end.

        `on_line` gets each line of its output; `on_tick` is called about five times a second and
        stops the command when it returns a reason. `hold` are file descriptors that it keeps open:
        a lock among them stays held should we be killed while the command goes on.
        """


def run(
    command: Command,
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    limit_s: float = 600,
    on_line: Callable[[str], None] = _ignore,
    on_tick: Callable[[], str] = str,
    hold: Sequence[int] = (),
) -> Finished:
    """Run a command in a process group of its own, which is gone when this returns or raises."""
    try:
        process = subprocess.Popen(
            [str(word) for word in command],
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            pass_fds=hold,
        )
    except OSError as error:
        return Finished(127, f"{command[0]}: {error.strerror or error}")
    lines: queue.Queue[str | None] = queue.Queue()
    reader = threading.Thread(target=_read, args=(process, lines), daemon=True)
    reader.start()
    try:
        return _follow(process, lines, limit_s, on_line, on_tick)
    finally:
        # Whoever interrupts us must not leave a compiler or a download behind.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        reader.join(timeout=2)


def _follow(
    process: subprocess.Popen[str],
    lines: "queue.Queue[str | None]",
    limit_s: float,
    on_line: Callable[[str], None],
    on_tick: Callable[[], str],
) -> Finished:
    kept: deque[str] = deque(maxlen=KEPT_LINES)
    end = time.monotonic() + limit_s
    stopped = ""
    while not stopped:
        try:
            line = lines.get(timeout=TICK_S)
        except queue.Empty:
            if process.poll() is not None:
                break  # a grandchild holds the pipe open: not ours to wait for
        else:
            if line is None:
                break
            kept.append(line)
            on_line(line)
        stopped = on_tick()
        if not stopped and time.monotonic() > end:
            stopped = f"not done after {limit_s:.0f} s"
    code = -signal.SIGKILL if stopped else process.wait()
    return Finished(code, "\n".join(kept), stopped)


def _read(process: subprocess.Popen[str], lines: "queue.Queue[str | None]") -> None:
    if process.stdout is not None:
        with process.stdout:
            for line in process.stdout:
                lines.put(line.rstrip("\n"))
    lines.put(None)


class Progress:
    """Says what is being done and how long it has taken: a line per step, and one now and then."""

    def __init__(
        self,
        title: str,
        write: Callable[[str], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
        every_s: float = 10,
    ) -> None:
        self._title = title
        self._write = write or _to_stderr
        self._clock = clock
        self._every_s = every_s
        self._start = self._last = clock()

    @property
    def elapsed_s(self) -> float:
        """Seconds since this was made."""
        return self._clock() - self._start

    def say(self, text: str) -> None:
        """Print a line now."""
        self._last = self._clock()
        self._write(f"{self._title:<7}{self.elapsed_s:6.1f} s  {text}\n")

    def maybe(self, text: str) -> str:
        """Print a line if none was printed for `every_s` seconds.

        Returns "", which is no reason to stop: it can be the whole of an `on_tick`.
        """
        if self._clock() - self._last >= self._every_s:
            self.say(text)
        return ""


def _to_stderr(text: str) -> None:
    # A closed pipe must not stop a build that is half done.
    with suppress(OSError, ValueError):
        sys.stderr.write(text)
        sys.stderr.flush()


DISK = ("no space left on device", "disk quota exceeded")
HASH = ("hash mismatch", "do not match the hashes", "checksum mismatch")
RIGHTS = ("permission denied", "read-only file system")
NETWORK = (
    "could not resolve",
    "name or service not known",
    "temporary failure in name resolution",
    "nodename nor servname",
    "no such host",
    "dns error",
    "connection refused",
    "connection reset",
    "network is unreachable",
    "failed to establish a new connection",
    "error sending request",
    "tunnel error",
    "timed out",
    "i/o timeout",
    "tls handshake timeout",
    "proxyerror",
)
# What pip says when it could not ask, and also when it asked and there was none.
INDEX = ("no matching distribution found",)
REASONS = (
    (DISK, "the disk is full"),
    (HASH, "a download is not the pinned one: its hash differs"),
    (RIGHTS, "a folder cannot be written"),
    (NETWORK, "the network did not answer (no connection, or a proxy is needed)"),
    (INDEX, "the package index did not give it (no connection, or a proxy or mirror is needed)"),
    (("403 forbidden",), "the download was refused (403)"),
)


def explain(output: str) -> str:
    """The likely reason in a failed command's output, in one line: network, disk, rights, hash."""
    text = output.lower()
    for marks, reason in REASONS:
        if any(mark in text for mark in marks):
            return f"{reason}: {_last(output, *marks)}" if marks is RIGHTS else reason
    return _last(output, "error") or "it said nothing"


def _last(output: str, *marks: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    marked = [line for line in lines if any(mark in line.lower() for mark in marks)]
    return (marked or lines or [""])[-1][:300]
