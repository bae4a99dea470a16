"""The arithmetic of the table, and the table: pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median


@dataclass(frozen=True, slots=True)
class Cell:
    """One contestant in one round. `cpu_us` is CPU per request by hop."""

    per_s: float
    p50_ms: float
    p99_ms: float
    cpu_us: Mapping[str, float]
    rss_mb: float
    errors: int


HOPS = ("load", "server", "workers")
_TITLES = (
    "", "requests/s", "to uvicorn", "p50 ms", "p99 ms", *(f"{hop} µs" for hop in HOPS), "RSS MB",
    "errors",
)  # fmt: skip


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` (0 to 1) of all values do not exceed."""
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]


def spread(values: Sequence[float], digits: int = 0) -> str:
    """`median [least-most]`, or the value alone when there is one."""
    middle = f"{median(values):,.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} [{min(values):,.{digits}f}-{max(values):,.{digits}f}]"


def ratios(cells: Sequence[Cell | None], base: Sequence[Cell | None]) -> list[float]:
    """Requests per second as a share of the base's in the same round."""
    return [
        cell.per_s / other.per_s
        for cell, other in zip(cells, base, strict=False)
        if cell is not None and other is not None and other.per_s
    ]


def row(name: str, rounds: Sequence[Cell | None], base: Sequence[Cell | None]) -> list[str]:
    """A contestant's line; rounds that were not measured are None."""
    cells = [cell for cell in rounds if cell is not None]
    if not cells:
        return [name, "not measured", *[""] * (len(_TITLES) - 2)]
    shares = ratios(rounds, base)
    hops = [[cell.cpu_us[hop] for cell in cells if hop in cell.cpu_us] for hop in HOPS]
    return [
        name,
        spread([cell.per_s for cell in cells]),
        spread(shares, 2) if shares else "-",
        spread([cell.p50_ms for cell in cells], 1),
        spread([cell.p99_ms for cell in cells], 1),
        *(f"{median(values):.0f}" if values else "-" for values in hops),
        f"{max(cell.rss_mb for cell in cells):.0f}",
        str(sum(cell.errors for cell in cells)),
    ]


def table(rounds: Mapping[str, Sequence[Cell | None]], base: str) -> str:
    """All contestants; ratios are to `base`."""
    rows = [row(name, cells, rounds.get(base, ())) for name, cells in rounds.items()]
    return aligned([list(_TITLES), *rows])


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows as text: the first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for cells in rows:
        first, *rest = zip(cells, widths, strict=True)
        line = "  ".join([first[0].ljust(first[1]), *(text.rjust(width) for text, width in rest)])
        lines.append(line.rstrip())
    return "\n".join(lines)
