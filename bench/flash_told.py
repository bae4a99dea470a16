"""The flash sale for people: the table, what explains it, the plots."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Final

from bench.figures import aligned
from bench.flash import Run, Sale
from bench.flash_plan import PAGE
from bench.flash_seen import LATE_S, Result
from bench.flash_shop import QUEUE_MS, under_load
from bench.flash_steps import Steps, within
from infra.svg import Axis, Mark, Series, plot

_TITLES: Final = (
    "", "requests", "refused", "late", "p50 ms", "p99 ms", "instances", "most", "cost",
)  # fmt: skip
_BUSY: Final = "catalog"
_SHOWN: Final = 10


def report(sale: Sale, cpus: int, plots: Sequence[Path]) -> str:
    """All of it, as text."""
    return "\n\n".join((
        f"\nA flash sale of {sale.seconds} s, sent by the clock, the same for each",
        table(sale),
        "\n".join(notes(sale, cpus)),
        verdict(sale),
        f"Plots: {', '.join(map(str, plots))}",
    ))  # fmt: skip


def written(sale: Sale, stem: Path) -> list[Path]:
    """The files of the plots, whose names begin as `stem` does."""
    files = []
    for name, text in plots(sale).items():
        file = stem.with_name(f"{stem.name}-flash-{name}.svg")
        file.write_text(text, encoding="utf-8")
        files.append(file)
    return files


def table(sale: Sale) -> str:
    """A line for what was seen of each contestant, and one for each prediction."""
    rows: list[tuple[str, ...]] = [_TITLES]
    for run in sale.runs:
        least, most = run.contestant.minimum, run.contestant.maximum
        limits = f" ({least} to {most} instances)" if least < most else ""
        rows += [
            (f"{run.contestant.name}{limits}, seen", *_columns(run.seen)),
            ("  predicted, calls as alone", *_columns(run.alone)),
            ("  predicted, calls as slow as seen", *_columns(run.slowed)),
        ]
    return aligned(rows)


def notes(sale: Sale, cpus: int) -> list[str]:
    """What there is to say of each run, and how to read the table."""
    alone = ", ".join(f"{r} {median(t) * 1000:.1f}" for r, t in sale.times.work_s.items())
    starts = [each * 1000 for each in sale.times.start_s.values()]
    said = (
        f"late: not answered within {LATE_S * 1000:.0f} ms after it was due, or refused; instances:"
        " the mean over time, of all\nfunctions under load; cost: instance-seconds over seconds at "
        f"work. A call may wait {QUEUE_MS} ms for an instance."
    )
    return [
        f"One at a time, ms: {alone}; a start {min(starts):.0f} to {max(starts):.0f}.",
        said,
        *(_note(run, cpus) for run in sale.runs),
    ]


def verdict(sale: Sale) -> str:
    """Whether all held that has to hold."""
    if not sale.wrong:
        return (
            "No error but refusals above the stated limit; every order that was placed is there, "
            "and its goods are taken, and no others."
        )
    more = len(sale.wrong) - _SHOWN
    shown = [*sale.wrong[:_SHOWN], *([f"and {more} more"] if more > 0 else [])]
    return "\n  ".join(["WRONG:", *shown])


def plots(sale: Sale) -> Mapping[str, str]:
    """The documents by their names."""
    sale_begins = Mark(sale.seconds / 3, "the sale begins")
    sale_ends = Mark(sale.seconds * 2 / 3, "and ends")
    seconds = Axis("time, s", upto=sale.seconds)
    ours, *fixed = sale.runs
    late = [
        Series(ours.contestant.name, _p99(ours.seen), "curve"),
        *(Series(run.contestant.name, _p99(run.seen), "curve") for run in fixed),
        Series("autoscaler, predicted", _p99(ours.slowed), "curve"),
    ]
    sizes = [
        Series(ours.contestant.name, _sizes(ours, "seen", sale.seconds), "steps"),
        *(Series(run.contestant.name, _sizes(run, "seen", sale.seconds), "steps") for run in fixed),
        Series("autoscaler, predicted", _sizes(ours, "slowed", sale.seconds), "steps"),
    ]
    due = [(at + 0.5, float(each.due)) for at, each in enumerate(ours.seen.per_s)]
    marks = (sale_begins, sale_ends)
    return {
        "p99": plot(
            "p99 of the requests that were due in each second",
            seconds,
            Axis("ms", log=True, least=1.0),
            late,
            (*marks, Mark(LATE_S * 1000, "above: late", upright=False)),
        ),
        "instances": plot(
            f"Instances of {_BUSY}, which answers {_share(sale):.0%} of the requests",
            seconds,
            Axis("instances"),
            sizes,
            marks,
        ),
        "requests": plot(
            "What came: the same for each", seconds, Axis("requests/s"),
            [Series("due", due, "curve")], marks,
        ),
    }  # fmt: skip


def _columns(found: Result) -> Iterator[str]:
    yield f"{found.calls:,}"
    yield f"{found.refused:,}"
    yield f"{found.late:.2%}"
    yield f"{found.p50_ms:.1f}"
    yield f"{found.p99_ms:.0f}"
    yield f"{found.mean:.1f}"
    yield f"{found.most}"
    yield f"{found.cost:.1f}"


def _note(run: Run, cpus: int) -> str:
    before, within_it, after = (f"{each:.1f}" for each in run.stretch)
    p99, most = run.lags_ms
    live = run.live
    whole_s = (live.told[-1].due - live.told[0].due) * cpus
    shares = {"the shop": live.cpu_s, "the generator": live.generator_cpu_s}
    if live.machine_s is not None:
        shares["all else on this machine"] = max(0.0, live.machine_s - sum(shares.values()))
    took = ", ".join(f"{who} {spent / whole_s:.0%}" for who, spent in shares.items())
    said = (
        f"{run.contestant.name}: calls took {before}, {within_it}, {after} times as long as alone "
        f"(before, in, after the sale);\n  of {cpus} processors {took}; load average "
        f"{live.load[0]:.1f} to {live.load[1]:.1f};\n  sent {p99:.1f} ms late at p99, at most "
        f"{most:.0f} ms"
    )
    if run.skipped:
        said += f"; {run.skipped} steps of orders that were not placed"
    if run.lagged:
        said += "\n  THE GENERATOR LAGGED: these times are the machine's as much as the shop's"
    return said


def _p99(found: Result) -> list[tuple[float, float]]:
    return [
        (at + 0.5, each.p99_ms) for at, each in enumerate(found.per_s) if each.p99_ms is not None
    ]


def _sizes(run: Run, whose: str, seconds: float) -> Steps:
    return within(run.of[whose][_BUSY], 0.0, seconds)


def _share(sale: Sale) -> float:
    functions = under_load()
    mine = sum(functions[each.route] == functions[PAGE] for each in sale.visits)
    return mine / max(len(sale.visits), 1)
