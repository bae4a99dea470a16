"""A small writer of plots as SVG: lines or points over two axes, either of them logarithmic."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

_WIDTH: Final = 760
_HEIGHT: Final = 440
_LEFT: Final = 70
_RIGHT: Final = 180
_TOP: Final = 40
_BOTTOM: Final = 55
_COLOURS: Final = ("#0b6e99", "#d9480f", "#2b8a3e", "#862e9c", "#495057", "#c2255c", "#5c940d")
_DASHES: Final = ("", "6 3", "2 3")  # once all colours are used
_TICKS: Final = 6


@dataclass(frozen=True, slots=True)
class Series:
    """Points under one name, in order: joined by a line, by a bare curve, by steps, or not."""

    name: str
    points: Sequence[tuple[float, float]]
    style: str = "line"  # or "curve", "steps", "points"


@dataclass(frozen=True, slots=True)
class Axis:
    """A label with its unit; `upto` is on it, whatever the points are.

    A logarithmic axis begins at `least` or later and ends at `most` or before; what lies beyond is
    drawn at that end.
    """

    label: str
    log: bool = False
    least: float = 0.0
    most: float = math.inf
    upto: float = 0.0

    def place(self, value: float, low: float, high: float) -> float:
        """Where a value stands between low (0) and high (1)."""
        if self.log:
            value = min(max(value, self.least), self.most)
            value, low, high = (math.log10(each) for each in (value, low, high))
        return (value - low) / (high - low) if high > low else 0.5

    def ticks(self, low: float, high: float) -> list[float]:
        """Round values between the two."""
        if self.log:
            first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
            return [t for p in range(first, last + 1) if low <= (t := 10.0**p) <= high * 1.001]
        if high <= low:
            return [low]
        raw = (high - low) / _TICKS
        unit = 10 ** math.floor(math.log10(raw))
        step = next(m * unit for m in (1, 2, 5, 10) if m * unit >= raw)
        first = math.ceil(low / step)
        return [round(each * step, 10) for each in range(first, math.floor(high / step + 1e-9) + 1)]


@dataclass(frozen=True, slots=True)
class Mark:
    """A broken line across the plot at a value of x, or, not `upright`, of y."""

    at: float
    label: str
    upright: bool = True


def plot(title: str, x: Axis, y: Axis, series: Sequence[Series], marks: Sequence[Mark] = ()) -> str:
    """The document. A plot without points is an empty frame; marks outside of it are left out."""
    xs = [each[0] for one in series for each in one.points] or [0.0, x.upto or 1.0]
    ys = [each[1] for one in series for each in one.points] or [0.0, y.upto or 1.0]
    span_x, span_y = _span(x, xs), _span(y, ys)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}">',
        "<style>text{font:12px sans-serif}</style>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        f'<text x="{_LEFT}" y="18" font-size="15">{escape(title)}</text>',
        *_axes(x, y, span_x, span_y),
        *(line for each in marks for line in _marked(each, x, y, span_x, span_y)),
    ]
    for number, one in enumerate(series):
        colour = _COLOURS[number % len(_COLOURS)]
        dashes = _DASHES[number // len(_COLOURS) % len(_DASHES)]
        places = [(_across(x, at, span_x), _up(y, up, span_y)) for at, up in one.points]
        lines += _drawn(places, one.style, colour, dashes)
        row = _TOP + 14 + 18 * number
        lines.append(_key(row - 4, one.style, colour, dashes))
        lines.append(f'<text x="{_WIDTH - _RIGHT + 38}" y="{row}">{escape(one.name)}</text>')
    return "\n".join([*lines, "</svg>", ""])


def _key(up: int, style: str, colour: str, dashes: str) -> str:
    """What stands before a name: a piece of its line, or a point."""
    left = _WIDTH - _RIGHT + 12
    if style == "points":
        return f'<circle cx="{left + 10}" cy="{up}" r="3.5" fill="{colour}"/>'
    return f'<path d="M{left} {up}h20" stroke="{colour}" stroke-width="3"{_broken(dashes)}/>'


def _broken(dashes: str) -> str:
    return f' stroke-dasharray="{dashes}"' if dashes else ""


def _axes(
    x: Axis, y: Axis, span_x: tuple[float, float], span_y: tuple[float, float]
) -> Iterator[str]:
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    yield (f'<path d="M{_LEFT} {_TOP}V{bottom}H{right}" fill="none" stroke="black"/>')
    for tick in x.ticks(*span_x):
        at = _across(x, tick, span_x)
        yield f'<path d="M{at:.1f} {bottom}v5" stroke="black"/>'
        yield f'<text x="{at:.1f}" y="{bottom + 18}" text-anchor="middle">{tick:g}</text>'
    for tick in y.ticks(*span_y):
        up = _up(y, tick, span_y)
        yield f'<path d="M{_LEFT} {up:.1f}H{right}" stroke="#ddd"/>'
        yield f'<text x="{_LEFT - 6}" y="{up + 4:.1f}" text-anchor="end">{tick:g}</text>'
    middle = (_LEFT + right) / 2
    yield f'<text x="{middle}" y="{_HEIGHT - 14}" text-anchor="middle">{escape(x.label)}</text>'
    yield (
        f'<text transform="translate(16 {(_TOP + bottom) / 2}) rotate(-90)" '
        f'text-anchor="middle">{escape(y.label)}</text>'
    )


def _marked(
    mark: Mark, x: Axis, y: Axis, span_x: tuple[float, float], span_y: tuple[float, float]
) -> Iterator[str]:
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    low, high = span_x if mark.upright else span_y
    if not low <= mark.at <= high:
        return
    if mark.upright:
        at = _across(x, mark.at, span_x)
        yield f'<path d="M{at:.1f} {_TOP}V{bottom}" stroke="#888" stroke-dasharray="5 4"/>'
        yield f'<text x="{at:.1f}" y="{_TOP - 5}" text-anchor="middle">{escape(mark.label)}</text>'
    else:
        up = _up(y, mark.at, span_y)
        yield f'<path d="M{_LEFT} {up:.1f}H{right}" stroke="#888" stroke-dasharray="5 4"/>'
        yield f'<text x="{_LEFT + 6}" y="{up - 4:.1f}">{escape(mark.label)}</text>'


def _drawn(
    places: Sequence[tuple[float, float]], style: str, colour: str, dashes: str
) -> Iterator[str]:
    if style != "points" and places:
        path = [f"M{places[0][0]:.1f} {places[0][1]:.1f}"]
        for at, up in places[1:]:
            path.append(f"H{at:.1f}V{up:.1f}" if style == "steps" else f"L{at:.1f} {up:.1f}")
        d = "".join(path)
        yield (f'<path d="{d}" fill="none" stroke="{colour}" stroke-width="1.5"{_broken(dashes)}/>')
    if style in {"line", "points"}:
        for at, up in places:
            yield f'<circle cx="{at:.1f}" cy="{up:.1f}" r="3.5" fill="{colour}"/>'


def _span(axis: Axis, values: Sequence[float]) -> tuple[float, float]:
    if axis.log:
        low, high = (max(each, axis.least) for each in (min(values), max(*values, axis.upto)))
        high = 10 ** math.ceil(math.log10(high * 1.01))
        return 10 ** math.floor(math.log10(low)), min(high, axis.most)
    return min(0.0, *values), max(*values, axis.upto) * 1.05 or 1.0


def _across(axis: Axis, value: float, span: tuple[float, float]) -> float:
    return _LEFT + axis.place(value, *span) * (_WIDTH - _LEFT - _RIGHT)


def _up(axis: Axis, value: float, span: tuple[float, float]) -> float:
    return _HEIGHT - _BOTTOM - axis.place(value, *span) * (_HEIGHT - _TOP - _BOTTOM)
