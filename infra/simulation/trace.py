"""Calls as they were: invocations per minute and run times of functions, in Azure's 2019 format.

Two CSV files with a row for each function: `*_inv.csv` (HashFunction, minute_1 … minute_1440) and
`*_run.csv` (HashFunction, Average, percentile_Average_0 … percentile_Average_100, milliseconds).
Within its minute a call comes at any moment; its run time is drawn from between the percentiles.
"""

import csv
import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from infra.errors import PlatformError
from infra.simulation.events import Calls

_PERCENTILES: Final = (0, 1, 25, 50, 75, 99, 100)
_DAY_MINUTES: Final = 1440


@dataclass(frozen=True, slots=True)
class Traced:
    """A function of a trace: calls of each minute, the mean run time and its percentiles in s."""

    name: str
    minutes: tuple[int, ...]
    mean_s: float
    runs_s: tuple[float, ...]

    def calls(self, seed: int, minutes: int) -> Calls:
        """The calls of the first so many minutes."""
        random = Random(f"{seed} {self.name}")
        times = sorted(
            60 * (minute + random.random())
            for minute, count in enumerate(self.minutes[:minutes])
            for _ in range(count)
        )
        return [(at, self._run_s(random.random() * 100)) for at in times]

    def _run_s(self, percentile: float) -> float:
        place = min(bisect_right(_PERCENTILES, percentile), len(_PERCENTILES) - 1)
        low, high = _PERCENTILES[place - 1], _PERCENTILES[place]
        part = (percentile - low) / (high - low)
        return self.runs_s[place - 1] + part * (self.runs_s[place] - self.runs_s[place - 1])


def read(folder: Path) -> list[Traced]:
    """The functions of the trace in this folder, by name. Raises PlatformError without one."""
    invocations, runs = _one(folder, "inv"), _one(folder, "run")
    try:
        run_of = {row["HashFunction"]: row for row in _rows(runs)}
        found = [
            Traced(
                row["HashFunction"],
                tuple(int(float(row[f"minute_{each + 1}"] or 0)) for each in range(_DAY_MINUTES)),
                float(run_of[row["HashFunction"]]["Average"]) / 1000,
                tuple(
                    float(run_of[row["HashFunction"]][f"percentile_Average_{each}"]) / 1000
                    for each in _PERCENTILES
                ),
            )
            for row in _rows(invocations)
            if row["HashFunction"] in run_of
        ]
    except (KeyError, ValueError, csv.Error) as error:
        raise PlatformError(
            f"{folder}: not a trace, {error!r} is missing or wrong in {invocations.name} or "
            f"{runs.name}\n→ give a folder with a day in the format of Azure's dataset of 2019"
        ) from error
    return sorted(found, key=lambda each: each.name)


def halves(
    functions: Sequence[Traced], minutes: int, calls: range, longest_s: float
) -> tuple[list[Traced], list[Traced]]:
    """Those with so many calls in these minutes that run no longer on average, cut in two by name.

    The first half is for tuning, the second for reports.
    """
    chosen = [
        each
        for each in functions
        if sum(each.minutes[:minutes]) in calls and each.mean_s <= longest_s
    ]
    chosen.sort(key=lambda each: hashlib.sha256(each.name.encode()).digest())
    return chosen[::2], chosen[1::2]


def _one(folder: Path, kind: str) -> Path:
    found = sorted(folder.glob(f"*_{kind}.csv"))
    if len(found) != 1:
        raise PlatformError(
            f"{folder}: {len(found)} files *_{kind}.csv, so it is not clear what to replay\n"
            "→ give a folder with exactly one *_inv.csv and one *_run.csv"
        )
    return found[0]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))
