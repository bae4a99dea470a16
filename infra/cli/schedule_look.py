"""`make schedule`: what runs by the clock, how its last run ended, and when the next one is due.

`--run <name>` runs one now and waits for its end.
"""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from infra.cli.console import only_local, parser, run_command
from infra.cli.elsewhere import SCHEDULES, elsewhere
from infra.cli.stack import ROOT
from infra.local.client import ask
from infra.local.places import Places
from infra.local.runtime.timetable import spelled

_WELL = "well"
_PATIENCE_S = 30  # for an instance to start, beyond the function's own time-out
_HEAD = ("schedule", "function", "when", "last run", "ended", "next run")


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """The command; `arguments` without the program's name."""
    made = parser("schedule_look", "Lists what runs by the clock, or runs one of it.")
    made.add_argument("--run", metavar="NAME", help="run this one now, and wait for its end")
    options = made.parse_args(arguments)

    def command() -> int:
        only_local(
            options.stack,
            "schedules run on this machine",
            elsewhere(root, options.stack, SCHEDULES),
        )
        places = Places(root)
        running: dict[str, Any] = ask(places, "describe")
        if options.run:
            return _run(places, running, options.run)
        rows = [_row(name, each) for name, each in sorted(running["schedules"].items())]
        sys.stdout.write(table([_HEAD, *rows]) if rows else "nothing runs by the clock\n")
        return 0

    return run_command(command)


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows of equal length as lines, their columns aligned."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "".join(f"{'  '.join(_padded(row, widths)).rstrip()}\n" for row in rows)


def _padded(row: Sequence[str], widths: Iterable[int]) -> list[str]:
    return [text.ljust(width) for text, width in zip(row, widths, strict=True)]


def _row(name: str, found: dict[str, Any]) -> tuple[str, ...]:
    """One schedule as the columns of the list."""
    last, again_ms, next_ms = found["last"], found["again_ms"], found["next_ms"]
    ended = last["ended"] if last else "-"
    if again_ms is not None:
        ended += f"; again {spelled(again_ms)}"
    return (
        name,
        found["function"],
        found["cron"] or f"every {found['every_minutes']} min",
        spelled(last["due_ms"]) if last else "-",
        ended,
        spelled(next_ms) if next_ms is not None else "-",
    )


def _run(places: Places, running: dict[str, Any], name: str) -> int:
    """Run one; 1 when it did not end well."""
    function = running["schedules"].get(name, {}).get("function")
    timeout_s = running["functions"].get(function, {}).get("timeout_s", 0)
    ran = ask(places, "run_schedule", timeout_s + _PATIENCE_S, name=name)
    sys.stdout.write(f"{name}: {ran['ended']} after {ran['ms']} ms, {ran['request_id']}\n")
    if ran["ended"] == _WELL:
        return 0
    sys.stderr.write("→ make logs shows why\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
