"""The flash sale: our autoscaler and fixed numbers of instances, live, beside the simulator's word.

First the shop's calls and starts are timed one at a time. Then each contestant has a local cloud of
its own, and gets the same requests at the same moments. What the simulator says of that sale is
told twice: with the times of calls alone, and with calls as slow as they were in the sale.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench import flash_live, flash_log, flash_plan, flash_seen
from bench.figures import percentile
from bench.flash_client import NOT_SENT
from bench.flash_live import Live
from bench.flash_plan import Visit
from bench.flash_predicted import Stretch, Times, predicted, works
from bench.flash_seen import Result, result
from bench.flash_shop import CONTESTANTS, Contestant, under_load
from bench.flash_steps import Steps, area, summed
from infra.capacity import START_RATES
from infra.cli.commands import Progress
from infra.local.runtime.runtime_spec import RuntimeSpec
from infra.local.runtime.scaling.autoscaler import Autoscaler, Goal
from infra.settings_local import Local

SECONDS: Final = 48
SEED: Final = 3
SCALE: Final = 5.0
_PHASES: Final = 3  # before, in and after the sale
_LAG_P99_MS: Final = 10.0
_LAG_MS: Final = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One contestant: as it was seen, and as it was predicted.

    `stretch` says how many times as long calls took as alone: before, in and after the sale.
    `of` has the instances of each function over time, by whose word.
    """

    contestant: Contestant
    live: Live
    seen: Result
    alone: Result
    slowed: Result
    stretch: Sequence[float]
    of: Mapping[str, Mapping[str, Steps]]

    @property
    def skipped(self) -> int:
        """Steps of orders that were not placed."""
        return sum(each.status == NOT_SENT for each in self.live.told)

    @property
    def lags_ms(self) -> tuple[float, float]:
        """How late the generator was: the 99th percentile, and at most."""
        lags = flash_seen.lags_ms(self.live.told)
        return percentile(lags, 0.99), max(lags)

    @property
    def lagged(self) -> bool:
        """Whether the generator was so late that the times say something of it, too."""
        p99, most = self.lags_ms
        return p99 > _LAG_P99_MS or most > _LAG_MS


@dataclass(frozen=True, slots=True)
class Sale:
    """All of it."""

    seconds: int
    visits: Sequence[Visit]
    times: Times
    runs: Sequence[Run]

    @property
    def wrong(self) -> list[str]:
        """What should not be, whose it is in front."""
        return [f"{run.contestant.name}: {each}" for run in self.runs for each in run.live.wrong]


def measure(
    checkout: Path, folder: Path, *, seconds: int, progress: Progress, seed: int = SEED
) -> Sale:
    """Hold the sale with each contestant in turn. Raises PlatformError."""
    visits = flash_plan.drawn(flash_plan.arrivals(seed, seconds, SCALE), seed)
    progress.say("the sale's calls and starts, one at a time")
    times = flash_live.alone(checkout, folder / "flash-alone", seed)
    runs = []
    for number, each in enumerate(CONTESTANTS):
        progress.say(f"{len(visits)} requests in {seconds} s: {each.name}")
        live = flash_live.sale(checkout, folder / f"flash-{number}", each, visits, seed)
        runs.append(judged(each, live, visits, times, seconds, seed))
    return Sale(seconds, visits, times, runs)


def judged(
    contestant: Contestant,
    live: Live,
    visits: Sequence[Visit],
    times: Times,
    seconds: float,
    seed: int,
) -> Run:
    """The figures of a sale, and those that the simulator comes to. Pure."""
    functions = under_load()
    names = list(dict.fromkeys(functions.values()))
    sizes = {name: [(look.at, float(look.size(name))) for look in live.looks] for name in names}
    calls = {name: [line for line in live.log if line.function == name] for name in names}
    ready = {name: [(look.at, float(look.ready(name))) for look in live.looks] for name in names}
    at_work = summed([flash_log.at_work(calls[name], ready[name]) for name in names])
    seen = result(
        flash_seen.calls_of(live.told),
        seconds,
        summed([*sizes.values()]),
        area(at_work, 0.0, seconds),
    )
    begins = min(0.0, visits[0].at)
    stretch = _stretch(live, works(visits, times, seed), at_work, seconds)

    def told(stretched: Stretch) -> tuple[Result, dict[str, Steps]]:
        return predicted(
            visits,
            seconds=seconds,
            functions=functions,
            contestant=contestant,
            times=times,
            scaler=lambda now: Autoscaler(now, goal()),
            before={
                name: [
                    (line.began, line.ended - line.began) for line in some if line.ended < begins
                ]
                for name, some in calls.items()
            },
            seed=seed,
            stretch=stretched,
        )

    alone, alone_sizes = told(lambda _: 1.0)
    slowed, slowed_sizes = told(lambda at: stretch[_phase(at, seconds)])
    return Run(
        contestant=contestant,
        live=live,
        seen=seen,
        alone=alone,
        slowed=slowed,
        stretch=stretch,
        of={"seen": sizes, "alone": alone_sizes, "slowed": slowed_sizes},
    )


def goal() -> Goal:
    """What a stack asks of the autoscaler that states nothing."""
    usual = RuntimeSpec()
    return Goal(
        wait_s=usual.wait_ms / 1000,
        late=usual.late_percent / 100,
        price_s=usual.price_s,
        start_rate=START_RATES[Local().emulate],
    )


def plain(sale: Sale) -> dict[str, Any]:
    """All single numbers, as JSON has them."""
    return {
        "seconds": sale.seconds,
        "requests": len(sale.visits),
        "alone_ms": {
            route: [round(each * 1000, 3) for each in took]
            for route, took in sale.times.work_s.items()
        },
        "start_ms": {name: took * 1000 for name, took in sale.times.start_s.items()},
        "wrong": sale.wrong,
        "contestants": {run.contestant.name: _plain(run) for run in sale.runs},
    }


def _plain(run: Run) -> dict[str, Any]:
    lag_p99_ms, lag_ms = run.lags_ms
    return {
        "minimum": run.contestant.minimum,
        "maximum": run.contestant.maximum,
        **{name: _figures(each) for name, each in _told(run).items()},
        "instances": run.of,
        "stretch": run.stretch,
        "not_sent": run.skipped,
        "generator": {
            "lag_p99_ms": lag_p99_ms, "lag_ms": lag_ms, "cpu_s": run.live.generator_cpu_s,
        },
        "shop_cpu_s": run.live.cpu_s,
        "machine_cpu_s": run.live.machine_s,
        "load": run.live.load,
    }  # fmt: skip


def _told(run: Run) -> dict[str, Result]:
    return {"seen": run.seen, "alone": run.alone, "slowed": run.slowed}


def _figures(found: Result) -> dict[str, Any]:
    names = ("calls", "refused", "late", "p50_ms", "p99_ms", "instance_s", "busy_s", "mean", "most")
    per_s = [[e.due, e.answered, e.refused, e.late, e.p99_ms] for e in found.per_s]
    return {**{name: getattr(found, name) for name in names}, "cost": found.cost, "per_s": per_s}


def _stretch(live: Live, work_s: Sequence[float], at_work: Steps, seconds: float) -> list[float]:
    """How many times as long calls took as alone, in each third of the time."""
    wanted = [0.0] * _PHASES
    for each, took in zip(live.told, work_s, strict=True):
        if each.well and each.due >= 0:
            wanted[_phase(each.due, seconds)] += took
    part = seconds / _PHASES
    spent = [area(at_work, part * number, part * (number + 1)) for number in range(_PHASES)]
    return [took / least if least else 1.0 for took, least in zip(spent, wanted, strict=True)]


def _phase(at: float, seconds: float) -> int:
    return min(_PHASES - 1, max(0, int(at * _PHASES / seconds)))
