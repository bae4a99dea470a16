"""What `make top` shows, as lines of text: made of two looks at the local cloud, by no terminal."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from infra.cli.queue_look import age, plain
from infra.errors import PlatformError

_GAP: Final = "  "
_LEAST_REASON: Final = 12  # characters; what is shorter tells nothing
_TEN: Final = 10
_COUNTS: Final = (
    *("busy", "idle", "starting", "minimum", "maximum", "in_flight", "waiting"),
    *("refused", "failed", "starts", "stops", "recycled"),
)


@dataclass(frozen=True, slots=True)
class Look:
    """What the local cloud told of itself at a moment.

    `at_s` is that on a clock that never goes back, `epoch_s` on the one of the day.
    """

    at_s: float
    epoch_s: float
    told: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One function, or all of them: times in ms, counts since the function was put.

    None where there is nothing to tell: no call yet, or nothing to compare with.
    """

    name: str
    busy: int
    idle: int
    starting: int
    minimum: int
    maximum: int
    in_flight: int
    waiting: int
    rate: float | None
    p50_ms: float | None
    p99_ms: float | None
    wait_p99_ms: float | None
    refused: int
    failed: int
    starts: int
    stops: int
    recycled: int
    memory_mb: float | None
    reason: str

    @property
    def quiet(self) -> bool:
        """Whether nothing of it runs or is wanted."""
        return not (self.busy or self.idle or self.starting or self.waiting)


@dataclass(frozen=True, slots=True)
class _Column:
    """A column; of those that do not fit, the one with the highest `rank` goes first."""

    head: str
    cell: Callable[[Row], str]
    rank: int


_COLUMNS: Final = (
    _Column("function", lambda row: row.name, 0),
    _Column("busy/idle/new", lambda row: f"{row.busy}/{row.idle}/{row.starting}", 0),
    _Column("min-max", lambda row: f"{row.minimum}-{row.maximum}", 8),
    _Column("in flight", lambda row: str(row.in_flight), 7),
    _Column("waiting", lambda row: str(row.waiting), 3),
    _Column("req/s", lambda row: number(row.rate), 1),
    _Column("p50 ms", lambda row: number(row.p50_ms), 5),
    _Column("p99 ms", lambda row: number(row.p99_ms), 2),
    _Column("wait p99 ms", lambda row: number(row.wait_p99_ms), 9),
    _Column("refused", lambda row: str(row.refused), 4),
    _Column("failed", lambda row: str(row.failed), 4),
    _Column("starts", lambda row: str(row.starts), 10),
    _Column("stops", lambda row: str(row.stops), 11),
    _Column("recycled", lambda row: str(row.recycled), 12),
    _Column("MB", lambda row: number(row.memory_mb), 6),
)

ORDERS: Final[Mapping[str, Callable[[Row], float]]] = {
    "name": lambda _: 0,  # as they come
    "req/s": lambda row: -(row.rate or 0),
    "in flight": lambda row: -row.in_flight,
    "p99": lambda row: -(row.p99_ms or 0),
    "MB": lambda row: -(row.memory_mb or 0),
}
"""By what functions can be sorted, the highest first."""


def rows(before: Look | None, now: Look) -> list[Row]:
    """The functions by name; requests/s since `before`, where that is of the same run.

    Raises PlatformError when the local cloud is of a release that does not tell it.
    """
    earlier: Mapping[str, Any] = {}
    seconds = 0.0
    if before is not None and before.told["up_s"] <= now.told["up_s"]:
        earlier, seconds = before.told["instances"], now.at_s - before.at_s
    try:
        return [
            _row(name, told, earlier.get(name), seconds, now.epoch_s)
            for name, told in sorted(now.told["instances"].items())
        ]
    except KeyError as error:
        raise PlatformError(
            f"the local cloud that runs does not tell {error} of its functions: it is of another "
            "release than this code\n→ make up brings up this one"
        ) from error


def _row(
    name: str, told: Mapping[str, Any], was: Mapping[str, Any] | None, seconds: float, now_s: float
) -> Row:
    rate = None
    if was is not None and seconds > 0 and told["requests"] >= was["requests"]:
        rate = (told["requests"] - was["requests"]) / seconds
    said = plain(str(told["reason"] or ""))
    if said and told["reason_at"] is not None:
        said = f"{age(round((now_s - told['reason_at']) * 1000))} ago: {said}"
    return Row(
        name=plain(name),
        rate=rate,
        reason=said,
        p50_ms=told["p50_ms"],
        p99_ms=told["p99_ms"],
        wait_p99_ms=told["wait_p99_ms"],
        memory_mb=told["memory_mb"],
        **{each: told[each] for each in _COUNTS},
    )


def all_of(functions: Sequence[Row]) -> Row:
    """Their sum; of times there is none."""
    rates = [each.rate for each in functions if each.rate is not None]
    memory = [each.memory_mb for each in functions if each.memory_mb is not None]
    return Row(
        name="all",
        rate=sum(rates) if rates else None,
        p50_ms=None,
        p99_ms=None,
        wait_p99_ms=None,
        memory_mb=sum(memory) if memory else None,
        reason="",
        **{each: sum(getattr(row, each) for row in functions) for each in _COUNTS},
    )


def table(functions: Sequence[Row], width: int | None = None) -> list[str]:
    """Head, functions, sum: no line longer than `width`; first reasons are cut, then columns go.

    What even two columns are too wide for is cut at the right.
    """
    shown = [*functions, all_of(functions)]
    columns = [[each.head, *(each.cell(row) for row in shown)] for each in _COLUMNS]
    widths = [max(map(len, column)) for column in columns]
    kept = list(range(len(_COLUMNS)))
    while width is not None and len(kept) > 1 and _room(widths, kept, width) < 0:
        last = max(kept, key=lambda at: (_COLUMNS[at].rank, at))
        kept.remove(last)
    reasons = ["last decision", *(row.reason for row in shown)]
    room = max(map(len, reasons)) if width is None else _room(widths, kept, width) - len(_GAP)
    lines = []
    for line, reason in enumerate(reasons):
        name, *counted = kept
        cells = [columns[name][line].ljust(widths[name])]
        cells += [columns[at][line].rjust(widths[at]) for at in counted]
        if room >= _LEAST_REASON:
            cells.append(cut(reason, room))
        lines.append(cut(_GAP.join(cells).rstrip(), width))
    return lines


def _room(widths: Sequence[int], kept: Sequence[int], width: int) -> int:
    """How many characters these columns leave; below 0 where they do not fit."""
    return width - sum(widths[at] for at in kept) - len(_GAP) * (len(kept) - 1)


def cut(text: str, width: int | None) -> str:
    """The text in so many characters, the last one a … where more was there."""
    if width is None or len(text) <= width:
        return text
    return text[: max(width - 1, 0)] + "…" if width > 0 else ""


def number(value: float | None) -> str:
    """With one digit after the point below ten; - for none."""
    if value is None:
        return "-"
    return f"{value:.1f}" if 0 < value < _TEN else f"{value:.0f}"
