"""What is compared on what: the workloads, the scalers with their settings, and the halves.

Each workload has two halves, other seeds or other functions: `tune` is what constants were chosen
on, `held` what is reported.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.capacity import START_RATES
from infra.local.runtime.scaling.autoscaler import Autoscaler, Goal
from infra.local.runtime.scaling.decisions import Scaler
from infra.local.runtime.scaling.utilisation import Utilisation
from infra.simulation import trace, workloads
from infra.simulation.baselines import Horizontal, KeepFor, Knative
from infra.simulation.events import Calls, Outcome, Simulation, World
from infra.simulation.frontier import Point, judged

OURS: Final = "ours"
WAIT_S: Final = 0.1
NAMES: Final = (
    "flash", "trace", "flash-30ms", "flash-2s", "on-off", "ramp", "sparse", "clock",
)  # fmt: skip
_SEEDS: Final = {"tune": (1, 2), "held": (3, 4)}
_TRACE_MINUTES: Final = 360
_TRACE_CALLS: Final = range(30, 20_000 + 1)
_TRACE_RUN_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Contender:
    """A scaler with a setting; `make` takes the time at which it begins."""

    family: str
    setting: str
    make: Callable[[float], Scaler]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A workload: the calls of each function or seed, how long it lasts, what a start takes."""

    name: str
    title: str
    loads: Callable[[], Sequence[Calls]]
    until_s: float
    start_s: float
    contenders: Sequence[Contender]


def ours(price_s: float) -> Contender:
    """Our autoscaler, with what a late call is worth."""
    goal = Goal(wait_s=WAIT_S, price_s=price_s, start_rate=START_RATES["aws"])
    return Contender(OURS, f"{price_s:g} s a late call", lambda now: Autoscaler(now, goal))


def keep(keep_s: float) -> Contender:
    """A start for each request that finds none idle."""
    return Contender("keep", f"{keep_s:g} s", lambda _: KeepFor(keep_s))


def knative(target: float = 0.7, grace_s: float = 0.0) -> Contender:
    """KPA with a target, and how long the last instance stays."""
    setting = f"{target:.0%}" + (f", last one {grace_s:g} s" if grace_s else "")
    return Contender("KPA", setting, lambda now: Knative(now, target=target, grace_s=grace_s))


_HPA: Final = Contender("HPA", "70%", Horizontal)
_PLAIN: Final = Contender("M = T/U", "70%", Utilisation)
_FEW: Final = (*map(ours, (10, 30, 100, 300, 1000)), knative(), keep(60), keep(600), _HPA, _PLAIN)
_PRICES: Final = (2, 5, 10, 20, 30, 40, 60, 100, 200, 400, 1000)
_FLASH: Final = (
    *map(ours, _PRICES),
    *(knative(each) for each in (0.85, 0.7, 0.5, 0.35)),
    *map(keep, (5, 20, 60, 600)),
    _HPA,
    _PLAIN,
)
_TRACE: Final = (
    *map(ours, _PRICES),
    *(knative(each) for each in (0.7, 0.5)),
    *(knative(0.7, each) for each in (60, 300)),
    *map(keep, (10, 60, 180, 600)),
    _HPA,
    _PLAIN,
)


def scenarios(half: str, folder: Path | None) -> Iterator[Scenario]:
    """All of them, with the trace in `folder`, when there is one.

    Raises PlatformError where that folder has none.
    """
    seeds = _SEEDS[half]

    def some(make: Callable[[int], Calls], count: int) -> Callable[[], list[Calls]]:
        return lambda: [make(each) for each in seeds[:count]]

    sale = some(workloads.flash_sale, 2)
    yield Scenario("flash", "Flash sale, starts of 300 ms", sale, 900, 0.3, _FLASH)
    if folder is not None:
        yield _traced(half, folder)
    one = some(workloads.flash_sale, 1)
    yield Scenario("flash-30ms", "Flash sale, starts of 30 ms", one, 900, 0.03, _FEW)
    yield Scenario("flash-2s", "Flash sale, starts of 2 s", one, 900, 2.0, _FEW)
    rest: Mapping[str, tuple[str, Callable[[int], Calls], float]] = {
        "on-off": ("On for a minute, off for two", workloads.on_off, 3600),
        "ramp": ("Up to 100 calls/s and down", workloads.ramp, 900),
        "sparse": ("A call every five minutes, by chance", workloads.sparse, 21_600),
        "clock": ("Three calls every ten minutes, by the clock", workloads.clock, 21_600),
    }
    for name, (title, make, until_s) in rest.items():
        loads = some(make, 1)
        yield Scenario(name, f"{title}, starts of 300 ms", loads, until_s, 0.3, _FEW)


def _traced(half: str, folder: Path) -> Scenario:
    found = trace.halves(trace.read(folder), _TRACE_MINUTES, _TRACE_CALLS, _TRACE_RUN_S)
    chosen = found[0 if half == "tune" else 1]
    title = f"Trace: {len(chosen)} functions, {_TRACE_MINUTES // 60} h, starts of 300 ms"

    def loads() -> list[Calls]:
        return [each.calls(_SEEDS[half][0], _TRACE_MINUTES) for each in chosen]

    return Scenario("trace", title, loads, 60 * _TRACE_MINUTES, 0.3, _TRACE)


def run(scenario: Scenario, loads: Sequence[Calls], contender: Contender) -> tuple[Point, Outcome]:
    """What the contender reaches on all loads, and the first load's outcome for a plot."""
    world = World(scenario.start_s)
    outcomes = [Simulation(each, contender.make, world).run(scenario.until_s) for each in loads]
    return judged(contender.family, contender.setting, outcomes, WAIT_S), outcomes[0]
