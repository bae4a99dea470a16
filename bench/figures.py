"""The arithmetic of the table, and the table: pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from math import ceil
from statistics import median


@dataclass(frozen=True, slots=True)
class Cell:
    """One contestant in one round. `cpu_us` is CPU per request by hop.

    `rss_mb` counts a shared page in each process that has it; `server_mb`, and `workers_mb` of each
    worker at the end of the load, have its share of it.
    """

    per_s: float
    p50_ms: float
    p99_ms: float
    cpu_us: Mapping[str, float]
    rss_mb: float
    server_mb: float
    workers_mb: Sequence[float]
    errors: int

    @property
    def memory_mb(self) -> float:
        """Of all its processes."""
        return self.server_mb + sum(self.workers_mb)

    @property
    def spent_us(self) -> float:
        """CPU time a request takes in all its processes; the load generator is none of them."""
        return sum(spent for hop, spent in self.cpu_us.items() if hop != HOPS[0])


HOPS = ("load", "server", "workers")
_TITLES = (
    "", "requests/s", "to uvicorn", "p50 ms", "p99 ms", *(f"{hop} µs" for hop in HOPS), "MB",
    "RSS MB", "workers", "MB each", "errors",
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
        *_memory(max(cells, key=lambda cell: cell.memory_mb)),
        str(sum(cell.errors for cell in cells)),
    ]


def best(contestants: Sequence[Sequence[Cell | None]]) -> list[Cell | None]:
    """Of each round the cell with the most requests a second; None where nobody has one."""
    found = []
    for cells in zip_longest(*contestants):
        known = [cell for cell in cells if cell is not None]
        found.append(max(known, key=lambda cell: cell.per_s, default=None))
    return found


@dataclass(frozen=True, slots=True)
class Goal:
    """So many times the requests/s of `of`; `least` is asked for, `wanted` hoped for."""

    of: str
    wanted: float
    least: float | None = None


def verdict(
    name: str, rounds: Sequence[Cell | None], base: Sequence[Cell | None], goal: Goal
) -> str:
    """One line: the ratio in each round, and whether their median reaches what it should.

    Beside it stands the ratio of requests per CPU second, which other work on the machine hardly
    moves, while it takes more from a server of one process than from one of several.
    """
    found = ratios(rounds, base)
    if not found:
        return f"{name} / {goal.of}: not measured"
    thrift = [
        other.spent_us / cell.spent_us
        for cell, other in zip(rounds, base, strict=False)
        if cell is not None and other is not None and cell.spent_us
    ]
    reached = "reached" if median(found) >= goal.wanted else "missed"
    told = [f"{name} / {goal.of}: {spread(found, 2)}"]
    if thrift:
        told.append(f"by CPU time {spread(thrift, 2)}")
    if goal.least is not None:
        told.append(f"at least {goal.least}: {'yes' if median(found) >= goal.least else 'NO'}")
    return "; ".join([*told, f"goal {goal.wanted}: {reached}"])


def _memory(cell: Cell) -> list[str]:
    """In all, with shared pages shared and counted often; how many workers, and each's on average.

    What has no worker beside the server itself has dashes.
    """
    count = len(cell.workers_mb)
    each = [str(count), f"{sum(cell.workers_mb) / count:.1f}"] if count else ["-", "-"]
    return [f"{cell.memory_mb:.0f}", f"{cell.rss_mb:.0f}", *each]


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
