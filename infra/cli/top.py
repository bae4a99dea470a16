"""`make top`: what each function of the local cloud is doing, as it goes on.

On a terminal a page that is drawn anew; elsewhere plain tables, one below the other.
"""

import argparse
import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from infra.cli.console import only_local, parser, run_command
from infra.cli.elsewhere import INSTANCES, elsewhere
from infra.cli.stack import ROOT
from infra.cli.top_page import Shown, title
from infra.cli.top_table import Look, rows, table
from infra.local.client import NotRunningError, ask
from infra.local.places import Places

_ANSWER_S: Final = 2.0
_LEAST_S: Final = 0.1


def look(places: Places) -> Look:
    """What the local cloud tells now. Raises NotRunningError."""
    told = ask(places, "describe", timeout_s=_ANSWER_S)
    return Look(time.monotonic(), time.time(), told)


def refreshed(shown: Shown, take: Callable[[], Look]) -> Shown:
    """With a newer look; or with why there is none, and what was known before."""
    try:
        now = take()
    except NotRunningError as error:
        return replace(shown, missing=str(error))
    return replace(shown, before=None if shown.missing else shown.now, now=now, missing="")


def text(shown: Shown, width: int | None) -> str:
    """A plain table under its title, or why there is none."""
    if shown.missing or shown.now is None:
        return shown.missing
    return "\n".join([title(shown.now), *table(rows(shown.before, shown.now), width)])


def follow(
    first: Look,
    take: Callable[[], Look],
    sleep: Callable[[], None],
    width: Callable[[], int | None],
) -> None:
    """Print a table after each `sleep`, until interrupted; why there is none is told once."""
    shown = Shown(now=first)
    while True:
        sleep()
        was = shown.missing
        shown = refreshed(shown, take)
        if not was or shown.missing != was:
            print(text(shown, width()), end="\n\n", flush=True)


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """The command; `arguments` without the program's name."""
    options = _parse(arguments)
    places = Places(root)

    def take() -> Look:
        return look(places)

    def sleep() -> None:
        time.sleep(options.every)

    def command() -> int:
        only_local(
            options.stack,
            "instances are on this machine",
            elsewhere(root, options.stack, INSTANCES),
        )
        first = take()
        if options.once:
            sleep()  # requests/s are the difference of two looks
            print(text(Shown(first, take()), _width()))
            return 0
        try:
            if not _on_screen(first, take, options.every):
                follow(first, take, sleep, _width)
        except KeyboardInterrupt:
            pass  # it is the way to end this
        return 0

    return run_command(command)


def _on_screen(first: Look, take: Callable[[], Look], every_s: float) -> bool:
    """Whether it was shown on the terminal, to its end; there may be none, or a poor one."""
    # a few builds of Python lack it
    if not (sys.stdin.isatty() and sys.stdout.isatty() and find_spec("_curses")):
        return False
    from infra.cli.top_screen import NoScreenError, watch  # noqa: PLC0415 - the same

    try:
        watch(Shown(now=first), lambda shown: refreshed(shown, take), every_s)
    except NoScreenError as error:
        sys.stderr.write(f"{error}, so tables follow one another\n")
        return False
    return True


def _width() -> int | None:
    """The columns of the terminal; None where nobody looks at one."""
    return shutil.get_terminal_size().columns if os.isatty(1) else None


def _seconds(given: str) -> float:
    seconds = float(given)
    if not _LEAST_S <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{given} is no time to wait: write {_LEAST_S} or more")
    return seconds


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    made = parser("top", "Shows what each function of the local cloud is doing.")
    made.add_argument(
        "--every", type=_seconds, default=1.0, metavar="S", help="seconds between looks (1)"
    )
    made.add_argument("--once", action="store_true", help="one plain table, after --every seconds")
    return made.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
