"""Calls to try scalers on: made by a seeded generator, so that each run sees the same ones."""

import math
from collections.abc import Callable
from random import Random

from infra.simulation.events import Calls


def service(random: Random, mean_s: float, cv: float) -> Callable[[], float]:
    """Lognormal times of work with this mean and coefficient of variation."""
    spread = math.log(1 + cv * cv)
    middle, width = math.log(mean_s) - spread / 2, math.sqrt(spread)
    return lambda: random.lognormvariate(middle, width)


def poisson(
    random: Random, rate: Callable[[float], float], most: float, until_s: float
) -> list[float]:
    """When calls come that come by chance, `rate(t)` a second and never above `most`."""
    at, times = 0.0, []
    while (at := at + random.expovariate(most)) < until_s:
        if random.random() * most < rate(at):
            times.append(at)
    return times


def flash_sale(seed: int, until_s: float = 900.0) -> Calls:
    """20 calls/s of 50 ms; from a third to two thirds of the time six times as many.

    In between bursts: every 5 s or so 10 to 30 calls (in the sale six times as often) in 50 ms.
    """
    random = Random(seed)
    sale = (until_s / 3, until_s * 2 / 3)

    def factor(at: float) -> float:
        return 6.0 if sale[0] <= at < sale[1] else 1.0

    times = poisson(random, lambda at: 20 * factor(at), 120, until_s)
    for at in poisson(random, lambda at: factor(at) / 5, 1.2, until_s):
        times += [at + random.random() * 0.05 for _ in range(random.randint(10, 30))]
    return _worked(random, times, 0.05, 1.5)


def on_off(seed: int, until_s: float = 3600.0) -> Calls:
    """40 calls/s of 100 ms for a minute or so, then nothing for two."""
    random = Random(seed)
    times, at = [], 0.0
    while at < until_s:
        ends = min(at + random.expovariate(1 / 60), until_s)
        times += [at + each for each in poisson(random, lambda _: 40, 40, ends - at)]
        at = ends + random.expovariate(1 / 120)
    return _worked(random, times, 0.1, 1.0)


def ramp(seed: int, until_s: float = 900.0) -> Calls:
    """From nothing to 100 calls/s of 100 ms and back, evenly."""
    random = Random(seed)
    times = poisson(random, lambda at: 200 * min(at, until_s - at) / until_s, 100, until_s)
    return _worked(random, times, 0.1, 1.0)


def sparse(seed: int, until_s: float = 6 * 3600.0) -> Calls:
    """A call of 200 ms every five minutes, by chance."""
    random = Random(seed)
    return _worked(random, poisson(random, lambda _: 1 / 300, 1 / 300, until_s), 0.2, 1.0)


def clock(seed: int, until_s: float = 6 * 3600.0) -> Calls:
    """Three calls of 200 ms at once every ten minutes, a few seconds early or late."""
    random = Random(seed)
    begins = [600 * turn + random.uniform(-5, 5) for turn in range(1, int(until_s / 600))]
    times = [at + each / 1000 for at in begins for each in range(3)]
    return _worked(random, times, 0.2, 0.5)


def steady(seed: int, rate: float, mean_s: float, count: int) -> Calls:
    """So many calls by chance with exponential times of work: what Erlang's formulas speak of."""
    random = Random(seed)
    at, calls = 0.0, []
    for _ in range(count):
        at += random.expovariate(rate)
        calls.append((at, random.expovariate(1 / mean_s)))
    return calls


def _worked(random: Random, times: list[float], mean_s: float, cv: float) -> Calls:
    work = service(random, mean_s, cv)
    return [(at, work()) for at in sorted(times)]
