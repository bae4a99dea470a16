"""How many instances a demand needs: the formulas that every limit of the platform comes from.

Three of them are this project's own terms, with T the work in flight (requests; by Little's law
T = λW), N the instances, S the share of one, and U how far they are used:

    balancing    S = T/N     scaling    N = T/S     maintenance    M = T/U

They speak of averages. How much room chance needs besides is Erlang's (1917; Cooper, Introduction
to Queueing Theory, 1981): B where a full function refuses, C where work waits. Both are for
arrivals that know nothing of each other; C is for exponential service times. B holds for any.

Loads are in erlangs (requests in flight), rates in requests/s, times in seconds, chances in 0 to 1.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_HALVINGS: Final = 50


class CapacityError(ValueError):
    """A quantity for which there is no answer: which it is, why, and what would do."""


def work_in_flight(rate: float, service_s: float) -> float:
    """T = λW: requests in flight, from requests/s and the seconds of one (Little, 1961)."""
    return _at_least(0, "rate", rate) * _at_least(0, "service_s", service_s)


def share(work: float, instances: int) -> float:
    """S = T/N, balancing: the requests in flight at each of so many instances."""
    return _at_least(0, "work", work) / _at_least(1, "instances", instances)


def instances_for_share(work: float, each: float) -> int:
    """N = T/S, scaling: the instances of which none has more than `each` requests in flight."""
    return _ceil(_at_least(0, "work", work) / _above(0, "each", each))


def instances_for_use(work: float, used: float) -> int:
    """M = T/U, maintenance: the instances that are busy for the share `used` (0 to 1) of the time.

    This is target tracking: 0.7 is what Lambda's provisioned concurrency and Knative aim at.
    """
    if not 0 < used <= 1:
        raise CapacityError(f"used={used:g} is no share of the time: more than 0, at most 1")
    return _ceil(_at_least(0, "work", work) / used)


def refused(load: float, servers: int) -> float:
    """Erlang B: the chance that all servers are busy, so that a request is refused.

    By B(n) = aB(n-1) / (n + aB(n-1)) from B(0) = 1, in which nothing cancels: exact to rounding
    for any number of servers, in time proportional to it.
    """
    _at_least(0, "load", load)
    chance = 1.0
    for n in range(1, int(_at_least(0, "servers", servers)) + 1):
        part = load * chance
        chance = part / (n + part)
    return chance


def waits(load: float, servers: int) -> float:
    """Erlang C: the chance that a request waits; 1 when the load is all that the servers can do."""
    return _waits(load, servers, refused(load, servers))


def waits_longer(load: float, servers: int, service_s: float, wait_s: float) -> float:
    """The chance that a request waits longer than `wait_s`: C exp(-(N - T) wait_s / W)."""
    _above(0, "service_s", service_s)
    _at_least(0, "wait_s", wait_s)
    return waits(load, servers) * _still(load, servers, wait_s / service_s)


def least_refusing(load: float, goal: float) -> int:
    """The least servers that refuse a share of at most `goal`; 0 for no load at all."""
    _at_least(0, "load", load)
    _chance("goal", goal)
    if load == 0:
        return 0
    servers, chance = 0, 1.0
    while chance > goal:
        servers += 1
        part = load * chance
        chance = part / (servers + part)
    return servers


def least_waiting(load: float, service_s: float, wait_s: float, goal: float) -> int:
    """The least servers with which P(wait > wait_s) is at most `goal`; 0 for no load at all."""
    _at_least(0, "load", load)
    _above(0, "service_s", service_s)
    _at_least(0, "wait_s", wait_s)
    _chance("goal", goal)
    if load == 0:
        return 0
    patience = wait_s / service_s
    servers, full = 0, 1.0
    while True:
        servers += 1
        part = load * full
        full = part / (servers + part)
        late = _waits(load, servers, full) * _still(load, servers, patience)
        if servers > load and late <= goal:
            return servers


def carried_refusing(servers: int, goal: float) -> float:
    """The work in flight of so many servers when the share that they refuse is `goal`: T(1 - B)."""
    _at_least(0, "servers", servers)
    _chance("goal", goal)
    full = servers / (1.0 - goal)  # all of them at work
    return (1.0 - goal) * _most(lambda load: refused(load, servers) <= goal, full)


def carried_waiting(servers: int, service_s: float, wait_s: float, goal: float) -> float:
    """The work in flight of so many servers when P(wait > wait_s) is `goal`: all that comes."""
    _at_least(0, "servers", servers)
    _chance("goal", goal)
    return _most(lambda load: waits_longer(load, servers, service_s, wait_s) <= goal, servers)


def least_peaked(servers: int, carried: float, peakedness: float) -> int:
    """What `servers`, right for arrivals by chance, become for arrivals in bursts.

    `carried` C is the work in flight for which they are just enough. `peakedness` Z is the variance
    of the work in flight over its mean: 1 for chance, more for bursts. By Hayward (Fredericks,
    1980), N(T, Z) = Z · N(T/Z); for large loads that is C + √Z (N - C), which is never less than N.
    It is a matter of N alone, and N - C never falls as N grows. With a load T below C in its place
    the part of N that is mere rounding would grow by √Z too: most right after a step of N, so that
    more load would ask for less.
    """
    _at_least(1, "peakedness", peakedness)
    spare = _at_least(0, "servers", servers) - _at_least(0, "carried", carried)
    return _ceil(carried + max(spare, 0.0) * math.sqrt(peakedness))


def burst(rate: float, window_s: float, goal: float) -> int:
    """The least b such that more than b requests in a window have a chance of at most `goal`.

    Arrivals by chance (Poisson). It is the burst that a throttle has to let through.
    """
    mean = work_in_flight(rate, window_s)
    _chance("goal", goal)
    count, above = 0, 1.0 - math.exp(-mean)
    log_term = -mean
    while above > goal:
        count += 1
        log_term += math.log(mean) - math.log(count)
        above -= math.exp(log_term)
        if count > mean and math.exp(log_term) == 0.0:  # what is left is rounding
            break
    return count


@dataclass(frozen=True, slots=True)
class StartRate:
    """How fast a provider starts instances of one function: so many at once, then so many a second.

    What was not used comes back at the same pace, up to `at_once`.
    """

    at_once: int
    per_s: float

    def seconds(self, instances: int) -> float:
        """How long the provider takes to begin so many starts, from rest."""
        return max(0.0, (instances - self.at_once) / self.per_s)


# docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html (scaling rate): 1,000 every 10 s;
# alibabacloud.com/help/en/functioncompute (instance scaling limits): 300 and 300 a minute.
START_RATES: Final = {"aws": StartRate(1000, 100.0), "alicloud": StartRate(300, 5.0)}


def _waits(load: float, servers: int, full: float) -> float:
    """Erlang C from Erlang B: C = N B / (N - T (1 - B))."""
    if servers <= load:
        return 1.0
    return servers * full / (servers - load * (1.0 - full))


def _still(load: float, servers: int, patience: float) -> float:
    """Of those that wait, the share that waits longer than `patience` service times."""
    return math.exp(-max(servers - load, 0.0) * patience)


def _most(fits: Callable[[float], bool], above: float) -> float:
    """The largest load up to `above` that fits, where all lesser ones do; to the last bits."""
    least, most = 0.0, above
    for _ in range(_HALVINGS):
        middle = (least + most) / 2
        least, most = (middle, most) if fits(middle) else (least, middle)
    return least


def _ceil(value: float) -> int:
    """The next whole number, but not one more for the last bit of a division."""
    return math.ceil(value * (1.0 - 1e-9))


def _at_least(least: float, name: str, value: float) -> float:
    if not least <= value < math.inf:
        raise CapacityError(f"{name}={value:g} has no answer: a finite number from {least:g} on")
    return value


def _above(bound: float, name: str, value: float) -> float:
    if not bound < value < math.inf:
        raise CapacityError(f"{name}={value:g} has no answer: a finite number above {bound:g}")
    return value


def _chance(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise CapacityError(
            f"{name}={value:g} cannot be reached by any number: a chance between 0 and 1"
        )
