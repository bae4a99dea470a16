"""`make simulate`: our autoscaler beside others', on workloads that none of them was tuned on."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from infra.cli.console import run_command
from infra.cli.stack import ROOT
from infra.errors import PlatformError
from infra.simulation.events import Outcome
from infra.simulation.frontier import Point, table, verdicts
from infra.simulation.scenarios import NAMES, OURS, WAIT_S, Scenario, run, scenarios
from infra.svg import Axis, Series, plot

_FOLDER: Final = ROOT / "build" / "simulation"
_LEAST_LATE: Final = 0.001  # percent; what a logarithmic axis shows at least


def main(arguments: Sequence[str]) -> int:
    """Run the command; its exit code."""
    return run_command(lambda: _simulate(_parse(arguments)))


def _simulate(options: argparse.Namespace) -> int:
    folder = Path(options.out)
    began = time.monotonic()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PlatformError(
            f"{folder}: cannot be made ({error.strerror}), so the plots have no place\n"
            "→ make simulate OUT=… names another folder"
        ) from error
    trace = Path(options.trace) if options.trace else None
    if trace is None:
        print("No trace is replayed: TRACE=… names a folder with Azure's *_inv.csv and *_run.csv.")
    print(
        f"late: waited longer than {WAIT_S * 1000:g} ms; cost: instance-seconds / busy seconds; "
        "*: none is better in both"
    )
    for scenario in scenarios(options.half, trace):
        if not options.only or scenario.name in options.only:
            show(scenario, folder)
    print(f"\nplots in {folder}, {time.monotonic() - began:.0f} s")
    return 0


def show(scenario: Scenario, folder: Path) -> None:
    """Run a workload under each contender, print what came of it, and write its plots."""
    points: list[Point] = []
    loads = scenario.loads()
    sizes: list[tuple[str, Outcome]] = []
    for number, contender in enumerate(scenario.contenders, 1):
        _progress(f"{scenario.name} {number}/{len(scenario.contenders)}: {contender.family}")
        point, outcome = run(scenario, loads, contender)
        points.append(point)
        if point.name in {"ours 100 s a late call", "KPA 70%", "keep 60 s"}:
            sizes.append((point.name, outcome))
    _progress("")
    print(f"\n{scenario.title} ({scenario.name})\n{table(points)}")
    print("\n".join(f"  {line}" for line in verdicts(points, OURS)), flush=True)
    _write(folder / f"{scenario.name}-frontier.svg", _frontier_plot(scenario.title, points))
    _write(folder / f"{scenario.name}-instances.svg", _sizes_plot(scenario.title, sizes))


def _frontier_plot(title: str, points: Sequence[Point]) -> str:
    families = dict.fromkeys(each.family for each in points)
    series = [
        Series(family, sorted((p.cost, p.late * 100) for p in points if p.family == family))
        for family in families
    ]
    cost = Axis("cost: instance-seconds / busy seconds", log=True, least=1.0)
    return plot(title, cost, Axis("late calls, %", log=True, least=_LEAST_LATE, most=100), series)


def _sizes_plot(title: str, outcomes: Sequence[tuple[str, Outcome]]) -> str:
    series = [
        Series(name, [(at, float(size)) for at, size in outcome.sizes], "steps")
        for name, outcome in outcomes
    ]
    return plot(title, Axis("time, s"), Axis("instances"), series)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise PlatformError(
            f"{path}: cannot be written ({error.strerror}), so the plot is lost\n"
            "→ make simulate OUT=… names another folder"
        ) from error


def _progress(text: str) -> None:
    """One line that the next overwrites; nothing where nobody looks."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    made = argparse.ArgumentParser(
        prog="python -m infra.cli.simulate",
        description="Compares our autoscaler with others', in simulated time.",
        epilog='By make: TRACE=… is --trace, OUT=… is --out, all else goes into ARGS="…".',
    )
    made.add_argument("--trace", help="a folder with a day of calls as Azure published them")
    made.add_argument("--out", default=str(_FOLDER), help="the folder for the plots (%(default)s)")
    made.add_argument(
        "--half",
        choices=("held", "tune"),
        default="held",
        help="the half that is reported (default), or the one that constants were chosen on",
    )
    made.add_argument("--only", nargs="+", choices=NAMES, help="only these workloads")
    return made.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
