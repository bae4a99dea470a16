"""`make top` on a terminal, by the standard library's curses: it knows what each terminal takes.

A package for this would be larger than all that is shown. curses gives the terminal back on every
way out that a process can notice: the end, an error, Ctrl-C, being terminated, and Ctrl-Z too.
"""

import curses
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any, Final

from infra.cli.top_page import Shown, Style, page
from infra.cli.top_table import ORDERS

_ENDED_BY: Final = (signal.SIGTERM, signal.SIGHUP)
_ENDS: Final = {ord("q"), ord("Q")}
_SORTS: Final = {ord("s"), ord("S")}

Refresh = Callable[[Shown], Shown]


class NoScreenError(Exception):
    """This terminal cannot be written to at places of its own; says why."""


def watch(shown: Shown, refresh: Refresh, every_s: float) -> None:
    """Show this, and each `every_s` what `refresh` makes of it, until `q` or Ctrl-C.

    Raises NoScreenError, before anything is written, and what `refresh` raises.
    """
    try:
        curses.setupterm()
    except curses.error as error:
        raise NoScreenError(str(error)) from error
    if not curses.tigetstr("cup"):
        raise NoScreenError("the terminal has no way to move the cursor")
    with _ended(), suppress(KeyboardInterrupt):
        curses.wrapper(lambda screen: _loop(screen, shown, refresh, every_s))


def _loop(screen: "curses.window", shown: Shown, refresh: Refresh, every_s: float) -> None:
    styles = _styles()
    due = time.monotonic() + every_s
    while True:
        _draw(screen, shown, styles)
        screen.timeout(max(0, round((due - time.monotonic()) * 1000)))
        key = screen.getch()  # KEY_RESIZE when the terminal has another size: drawn anew at once
        if key in _ENDS:
            return
        if key in _SORTS:
            orders = list(ORDERS)
            shown = replace(shown, order=orders[(orders.index(shown.order) + 1) % len(orders)])
        if time.monotonic() >= due:
            shown, due = refresh(shown), time.monotonic() + every_s


def _draw(screen: "curses.window", shown: Shown, styles: Mapping[Style, int]) -> None:
    height, width = screen.getmaxyx()
    screen.erase()
    for number, line in enumerate(page(shown, width - 1, height)):  # the last cell would scroll
        text = line.text.encode(screen.encoding, "replace").decode(screen.encoding)
        with suppress(curses.error):  # it has become smaller since
            screen.addstr(number, 0, text, styles[line.style])
    screen.refresh()


def _styles() -> Mapping[Style, int]:
    with suppress(curses.error):  # not every terminal can hide its cursor
        curses.curs_set(0)
    wrong = curses.A_BOLD
    with suppress(curses.error):  # nor has each of them colours
        curses.use_default_colors()
        curses.init_pair(1, curses.COLOR_RED, -1)
        wrong |= curses.color_pair(1)
    return {"plain": 0, "head": curses.A_BOLD, "faint": curses.A_DIM, "wrong": wrong}


@contextmanager
def _ended() -> Iterator[None]:
    """Have signals that end the process raise SystemExit, as the shell counts them."""

    def end(number: int, _: Any) -> None:
        raise SystemExit(128 + number)

    before = {each: signal.signal(each, end) for each in _ENDED_BY}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
