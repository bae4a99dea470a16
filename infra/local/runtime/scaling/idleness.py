"""How long an idle instance is kept: learnt from how long such idleness lasted before.

A histogram of idle times as in Shahrad et al., Serverless in the Wild (USENIX ATC 2020), with two
differences. There the 5th and 99th percentile bound the time that an instance is there; here a
price does: of all pairs (gone until, kept until) the one is chosen that costs least when a late
call costs as much as `price_s` seconds of an instance. One price for all functions then gives the
fewest late calls for what all of them cost together. And there is a histogram for each level of
concurrency, not for the function alone: the third instance idles otherwise than the first.
"""

import math
from typing import Final, NamedTuple

LEAST_S: Final = 1.0
_LONGEST_S: Final = 4 * 3600.0
_GROWTH: Final = 1.2
_BINS: Final = math.ceil(math.log(_LONGEST_S / LEAST_S) / math.log(_GROWTH))
_EDGES: Final = tuple(LEAST_S * _GROWTH**i for i in range(_BINS + 1))
_FEW: Final = 5  # idle times, before which nothing is told from them but how long to keep
_EARLY: Final = 0.98  # the next idle time may be a little shorter, or longer, than any before
_LATE: Final = 1.02
_SKIP: Final = 1 / math.log(_GROWTH)


class Worth(NamedTuple):
    """What a late call, and a start, cost: as much as so many seconds of an instance."""

    late_s: float
    start_s: float


class Keep(NamedTuple):
    """An instance is there from `since_s` after the last use on, until `until_s` after it."""

    since_s: float
    until_s: float


class Idleness:
    """The idle times of one level, old ones forgotten by `memory` (about so many count)."""

    __slots__ = ("_bins", "_fresh", "_high", "_keep", "_low", "_memory", "_total", "_worth")

    def __init__(self, memory: float, prior: float) -> None:
        # what is not known yet: any order of magnitude is as likely as the next
        self._bins = [prior / _BINS] * _BINS
        self._low = list(_EDGES[:-1])  # between which the idle times of a bin lay
        self._high = list(_EDGES[1:])
        self._total = 0.0
        self._memory = memory
        self._fresh = 1.0
        self._worth = Worth(-1.0, 0.0)
        self._keep = Keep(0.0, 0.0)

    def add(self, idle_s: float) -> None:
        """An idle time has ended. Those below `LEAST_S` tell nothing and are not to be added."""
        place = min(int(math.log(idle_s) * _SKIP), _BINS - 1)
        forget = 1.0 - 1.0 / self._memory
        if self._total > _FEW:  # the first ones stay whole
            self._bins = [each * forget for each in self._bins]
            self._total *= forget
        if self._bins[place] < 1.0:
            self._low[place] = self._high[place] = idle_s
        self._low[place] = min(self._low[place], idle_s)
        self._high[place] = max(self._high[place], idle_s)
        self._bins[place] += 1.0
        self._total += 1.0
        self._fresh += 1.0

    def keep(self, worth: Worth) -> Keep:
        """The best time to be there."""
        if self._fresh >= max(1.0, self._total / 8) or worth != self._worth:
            self._keep = self._best(worth, len(self._bins) if self._total >= _FEW else 0)
            self._fresh, self._worth = 0.0, worth
        return self._keep

    def _best(self, worth: Worth, latest: int) -> Keep:
        """The pair with the least sum of seconds kept and prices paid; gone until bin `latest`.

        Kept from bin i to bin j, an idle time that ends before costs nothing and is late, one that
        ends in between costs what of it lies there, one that ends later all of that and is late.
        """
        bins, low, high = self._bins, self._low, self._high
        total = sum(bins)
        price_s = worth.late_s + worth.start_s
        best, keep = price_s * total, Keep(0.0, 0.0)
        missed = 0.0  # the weight before bin i
        for i in range(-1, latest):
            since_s = low[i] * _EARLY if i >= 0 else 0.0
            if i >= 1:
                missed += bins[i - 1]
            cost = missed * price_s
            if cost >= best:
                break
            left = total - missed
            if i >= 0:
                cost += worth.start_s * left
            begin = since_s
            for j in range(max(i, 0), len(bins)):
                weight, until_s = bins[j], high[j] * _LATE
                left -= weight
                here = cost + weight * (max(0.0, low[j] - begin) + (high[j] - low[j]) / 2)
                whole = here + left * (until_s - begin + price_s)
                if whole < best:
                    best, keep = whole, Keep(since_s, until_s)
                end = _EDGES[j + 1]
                cost = here + left * (end - begin)
                begin = end
                if cost >= best:
                    break
        return keep
