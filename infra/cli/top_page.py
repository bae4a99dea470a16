"""One page of `make top`: the lines that fit a terminal of so many columns and rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from infra.cli.queue_look import age
from infra.cli.top_table import ORDERS, Look, Row, cut, rows, table

KEYS: Final = "q ends, s sorts"
_FRAME: Final = 5  # lines besides those of functions: title, blank, head, sum, keys

Style = Literal["plain", "head", "faint", "wrong"]


class Line(NamedTuple):
    """A line without anything that steers a terminal, and how it is to look."""

    text: str
    style: Style = "plain"


@dataclass(frozen=True, slots=True)
class Shown:
    """What is known: the last two looks, why there is no newer one ("" when there is), the order.

    `now` is None until the local cloud has told something.
    """

    before: Look | None = None
    now: Look | None = None
    missing: str = ""
    order: str = "name"


def page(shown: Shown, width: int, height: int) -> list[Line]:
    """At most `height` lines of at most `width` characters. Raises PlatformError as `rows` does.

    Where not all functions fit, the last line says how many are not shown.
    """
    if shown.now is None:
        lines = [Line(each, "wrong") for each in shown.missing.split("\n")]
    else:
        lines = [Line(title(shown.now), "head")]
        lines.append(Line(shown.missing.split("\n")[0], "wrong"))
        lines += _functions(shown, rows(shown.before, shown.now), width, height)
    lines = lines[: max(height - 1, 1)]
    foot = f"{KEYS} (by {shown.order})" if shown.now else KEYS
    lines.append(Line(foot, "faint"))
    return [Line(cut(each.text, width), each.style) for each in lines[: max(height, 0)]]


def title(now: Look) -> str:
    """Where it serves, since when, how many functions."""
    told = now.told
    gateway = told["gateway"]
    where = f"http://127.0.0.1:{gateway['port']}" if gateway else "no gateway"
    emulated = f", as on {gateway['emulate']}" if gateway else ""
    count = len(told["instances"])
    return (
        f"{where}{emulated}  up {age(int(told['up_s'] * 1000))}  "
        f"{count} function{'' if count == 1 else 's'}"
    )


def _functions(shown: Shown, found: Sequence[Row], width: int, height: int) -> list[Line]:
    sorted_rows = sorted(found, key=ORDERS[shown.order])
    head, *lines, total = table(sorted_rows, width)
    room = max(height - _FRAME, 1)
    styles: list[Style] = [
        "faint" if shown.missing or row.quiet else "plain" for row in sorted_rows
    ]
    drawn = [Line(text, style) for text, style in zip(lines, styles, strict=True)]
    if len(drawn) > room:
        hidden = len(drawn) - room + 1
        drawn = [*drawn[: room - 1], Line(f"… and {hidden} more", "faint")]
    return [Line(head, "head"), *drawn, Line(total, "head")]
