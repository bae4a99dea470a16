"""`make logs`: the local cloud's log, as text for people (`--json` for programs)."""

import json
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from infra.cli.console import only_local, parser, run_command
from infra.cli.elsewhere import LOGS, elsewhere
from infra.cli.stack import ROOT
from infra.errors import PlatformError
from infra.local.launch import holder
from infra.local.places import Places

_POLL_S = 0.2
_REQUEST = ("method", "path", "status", "ms")


def follow(path: Path, last: int, sleep: Callable[[float], None] | None) -> Iterator[str]:
    """The `last` lines, then each new one as it comes; with no `sleep` it ends after the first.

    Goes on in the new file when the log is rotated. Raises PlatformError when there is no log.
    """
    try:
        file = path.open(errors="replace")
    except FileNotFoundError as error:
        raise PlatformError("there is no log yet\n→ make up starts the local cloud") from error
    with file:
        kept = deque(file, maxlen=max(last, 0))
        partial = kept.pop() if kept and not kept[-1].endswith("\n") else ""  # not all written yet
        yield from kept
        if sleep:
            yield from _appended(path, file, partial, sleep)
    while sleep:
        with path.open(errors="replace") as new:
            yield from _appended(path, new, "", sleep)


def _appended(
    path: Path, file: TextIO, partial: str, sleep: Callable[[float], None]
) -> Iterator[str]:
    """The file's further lines, until another file has taken its place."""
    last = False  # nothing is written to it any more
    while True:
        partial += file.readline()
        if partial.endswith("\n"):
            yield partial
            partial = ""
        elif last:
            return
        elif _replaced(path, file):
            last = True  # read on what was written before that
        else:
            sleep(_POLL_S)


def _replaced(path: Path, file: TextIO) -> bool:
    try:
        return path.stat().st_ino != os.fstat(file.fileno()).st_ino
    except FileNotFoundError:
        return False  # between the two renames


def readable(line: str) -> str:
    """One line of the log for people: when, what, by which function, and the rest."""
    try:
        found: Any = json.loads(line)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        return line.rstrip("\n")
    clock = str(found.pop("time", ""))[11:23]
    event = found.pop("event", "")
    function = found.pop("function", None) or "-"
    request = found.pop("request_id", "")
    text = found.pop("text", None)
    if event == "request":
        method, path, status, took = (found.pop(name, "") for name in _REQUEST)
        said = f"{method} {path} → {status} in {took} ms"
    else:
        said = event if text is None else text
    trace = found.pop("trace", "")
    rest = "  ".join(f"{name}={value}" for name, value in found.items())
    parts = [clock, f"{function:<12}", said, rest, request]
    return "  ".join(part for part in parts if part) + ("\n" + trace.rstrip() if trace else "")


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """The command; `arguments` without the program's name."""
    options = _parse(arguments)

    def command() -> int:
        only_local(
            options.stack,
            "log is on this machine",
            elsewhere(root, options.stack, LOGS),
        )
        places = Places(root)
        sleep = None if options.no_follow else waits(places, time.sleep)
        for line in follow(places.log, options.lines, sleep):
            sys.stdout.write(line if options.json else readable(line) + "\n")
            sys.stdout.flush()
        if options.no_follow:
            _tell_stopped(places)
        return 0

    return run_command(command)


def waits(places: Places, sleep: Callable[[float], None]) -> Callable[[float], None]:
    """What waits for more; the first time it says where nothing will come, below the last line."""
    told = False

    def wait(seconds: float) -> None:
        nonlocal told
        if not told:
            told = True
            _tell_stopped(places)
        sleep(seconds)

    return wait


def _tell_stopped(places: Places) -> None:
    if holder(places) is None:
        sys.stderr.write("The shop is stopped, so nothing more is written. make up starts it.\n")
        sys.stderr.flush()


def _parse(arguments: Sequence[str]) -> Any:
    made = parser("logs", "Prints the local cloud's log and goes on with it.")
    made.add_argument("--lines", type=int, default=50, help="how many to begin with (default: 50)")
    made.add_argument("--no-follow", action="store_true", help="end after those")
    made.add_argument("--json", action="store_true", help="the lines as they are written")
    return made.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
