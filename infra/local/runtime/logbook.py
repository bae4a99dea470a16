"""The local cloud's log: JSON lines in one file, the older half of them in a second one.

Lines are gathered and written once per turn of the event loop or so. A disk that is full costs
lines, never a request: the next line that can be written says how many were lost.
"""

import asyncio
import os
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

_DELAY_S = 0.02
_BUFFERED_BYTES = 4 * 1024 * 1024
_MEGABYTE = 1024 * 1024


class Logbook:
    """Appends to `path`; when that reaches half of `max_mb` it becomes `path` + `.1`."""

    def __init__(self, path: Path, max_mb: int) -> None:
        self._path = path
        self.max_mb = max_mb
        self._lines: list[bytes] = []
        self._bytes = 0
        self._lost = 0
        self._later: Callable[[float, Callable[[], None]], Any] | None = None
        self._file = -1
        self._size = 0
        self._torn = False  # the last line in the file lacks its end

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Write by this loop's timer from now on; until then every line is written at once."""
        self._later = loop.call_later

    def write(self, event: str, **fields: object) -> None:
        """One line: the time (UTC), the event's name, and the fields."""
        self.put({"time": now(), "event": event, **fields})

    def put(self, line: dict[str, Any]) -> None:
        """One line, made by the caller. What cannot be written is lost, and counted."""
        try:
            encoded = orjson.dumps(line, default=str, option=orjson.OPT_APPEND_NEWLINE)
        except TypeError:  # a lone surrogate
            self._lost += 1
            return
        if self._bytes + len(encoded) > _BUFFERED_BYTES:
            self._lost += 1
            return
        self._lines.append(encoded)
        self._bytes += len(encoded)
        if self._later is None:
            self.flush()
        elif len(self._lines) == 1:
            self._later(_DELAY_S, self.flush)

    def flush(self) -> None:
        """Write what was gathered."""
        lines, self._lines, self._bytes = self._lines, [], 0
        if not lines:
            return
        data = b"".join(lines)
        note = b"\n" if self._torn else b""
        if self._lost:
            line = {"time": now(), "event": "lines lost", "count": self._lost}
            note += orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
        data = note + data
        try:
            self._rotate(len(data))
            written = os.write(self._file, data)
        except OSError:
            self._lost += len(lines)
        else:
            self._size += written
            self._torn = not data.endswith(b"\n", 0, written)
            unwritten = data.count(b"\n", written)  # where the disk took but a part
            self._lost = unwritten if written >= len(note) else self._lost + len(lines)

    def close(self) -> None:
        """Write what is left and let the file go."""
        self.flush()
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _rotate(self, more: int) -> None:
        full = self._size and self._size + more > self.max_mb * _MEGABYTE // 2
        if self._file >= 0 and not full:
            return
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
            self._path.replace(self._path.with_name(self._path.name + ".1"))
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._size = os.fstat(self._file).st_size


def now() -> str:
    """The time as log lines carry it: UTC, to the millisecond."""
    second, milliseconds = divmod(time.time_ns() // 1_000_000, 1000)
    return f"{_second(second)}.{milliseconds:03}Z"


@lru_cache(maxsize=1)
def _second(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
