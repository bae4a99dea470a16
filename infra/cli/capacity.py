"""`make capacity`: the limits that a stack's traffic asks for, beside its provider's; plots.

stack's file, and what is tried out instead → settings → demand → limits → tables, and the same
again at other loads → plots. Nothing is asked of a provider, and nothing is changed.
"""

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from infra import shop
from infra.capacity import START_RATES
from infra.cli import capacity_table as tables
from infra.cli.capacity_plots import At, plots, sweep
from infra.cli.console import parser, run_command
from infra.cli.stack import ROOT
from infra.cli.stated import stated
from infra.demand import Demand
from infra.demanded import Derivation, derivation, unheld
from infra.derived import Limit
from infra.errors import PlatformError
from infra.limited import limited
from infra.settings import Settings, parse
from infra.settings_traffic import Traffic

_FOLDER: Final = Path("build") / "capacity"
_TRIED: Final = {
    "peak": "requests/s at the peak",
    "quiet": "requests/s in quiet times",
    "rise_s": "seconds from quiet to peak",
    "peakedness": "variance over mean of the work in flight",
}


def settings_of(root: Path, stack: str, tried: Mapping[str, float]) -> Settings:
    """What the stack's file states, with `tried` in its traffic. Raises PlatformError, Refused."""
    raw = stated(root, stack).settings
    if tried and isinstance(raw, Mapping):
        own = raw.get("traffic")
        raw = {**raw, "traffic": {**(own if isinstance(own, Mapping) else {}), **tried}}
    source = f"stacks/Pulumi.{stack}.yaml"
    if tried:
        source += " with " + " ".join(f"{_option(each)} {tried[each]:g}" for each in tried)
    return parse(raw, source, shop.NAMES)


def at_loads(derived: Derivation, traffic: Traffic) -> At:
    """What would be derived at other peaks of this traffic."""

    def at(load: float) -> tuple[Demand, tuple[Limit, ...]]:
        quiet = min(traffic.quiet, load)
        return derived(traffic.model_copy(update={"peak": load, "quiet": quiet}))

    return at


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """The command; `arguments` without the program's name."""
    options = _parse(arguments)
    return run_command(lambda: _capacity(options, root))


def _capacity(options: argparse.Namespace, root: Path) -> int:
    tried = {each: given for each in _TRIED if (given := getattr(options, each)) is not None}
    settings = settings_of(root, options.stack, tried)
    declared, traffic = shop.platform(settings, options.stack), settings.traffic
    if traffic is None:
        print(tables.without_traffic(options.stack))
        return 0
    derived = derivation(declared, settings, traffic, root)
    wanted, found = derived(traffic)
    starts = START_RATES[settings.provider]
    platform = limited(declared, found)
    for text in (
        tables.heading(options.stack, settings, traffic, tried),
        tables.work_table(platform, wanted, found, starts, traffic.rise_s),
        tables.starts_line(settings, starts),
        tables.limits_table(found, unheld(settings)),
        tables.provider_table(platform, settings, traffic),
    ):
        print(f"{text}\n")
    folder = root / _FOLDER / options.stack if options.out is None else Path(options.out)
    points = sweep(traffic.peak, at_loads(derived, traffic))
    write(folder, plots(platform, traffic, points))
    print(f"plots in {folder}")
    return 0


def write(folder: Path, documents: Iterable[tuple[str, str]]) -> None:
    """Put these files there. Raises PlatformError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in documents:
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise PlatformError(
            f"{error.filename or folder}: cannot be written ({error.strerror}), so the plots have "
            "no place\n→ make capacity OUT=… names another folder"
        ) from error


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    made = parser("capacity", "Shows which limits follow from a stack's traffic, and why.")
    for name, text in _TRIED.items():
        made.add_argument(_option(name), type=float, metavar="X", help=f"try it with: {text}")
    made.add_argument("--out", help=f"the folder for the plots ({_FOLDER}/<stack>)")
    return made.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
