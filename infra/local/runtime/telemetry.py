"""What a function did: counts since it was put, and quantiles of its last seconds.

Two additions to a histogram are all that a call costs.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

WINDOW_S: Final = 10
_LEAST_S: Final = 1e-5
_GROWTH: Final = 1.1  # a quantile is off by 5 % at most
_SKIP: Final = 1 / math.log(_GROWTH)
_BINS: Final = 194  # up to a thousand seconds; the last one holds all beyond


class Durations:
    """Durations of the last `WINDOW_S` seconds and the one under way: a histogram for each."""

    __slots__ = ("_bins", "_second", "_seconds")

    def __init__(self) -> None:
        self._second = -1
        self._bins: list[int] = []
        self._seconds: deque[tuple[int, list[int]]] = deque(maxlen=WINDOW_S + 1)

    def add(self, now: float, duration_s: float) -> None:
        """One more; `now` never goes back."""
        second = int(now)
        if second != self._second:
            self._second = second
            self._bins = [0] * _BINS
            self._seconds.append((second, self._bins))
        if duration_s <= _LEAST_S:
            self._bins[0] += 1
        else:
            at = int(math.log(duration_s / _LEAST_S) * _SKIP) + 1
            self._bins[at if at < _BINS else _BINS - 1] += 1

    def quantiles_ms(self, now: float, shares: Sequence[float]) -> list[float | None]:
        """For each share (0 to 1) the milliseconds that so many took at most; None of none."""
        since = int(now) - WINDOW_S
        lately = [bins for second, bins in self._seconds if second >= since]
        total = sum(map(sum, lately))
        if not total:
            return [None] * len(shares)
        merged = [sum(counts) for counts in zip(*lately, strict=True)]
        return [_quantile_ms(merged, share * total) for share in shares]


def _quantile_ms(bins: Sequence[int], rank: float) -> float:
    seen = 0
    for at, count in enumerate(bins):
        seen += count
        if count and seen >= rank:
            # in a bin all sizes are alike: its geometric middle
            middle_s = _LEAST_S * _GROWTH ** (at - 0.5) if at else _LEAST_S
            return round(middle_s * 1000, 3)
    raise AssertionError("a rank is at most the sum of all bins")


@dataclass(slots=True)
class Meter:
    """One function's counts, over all its revisions.

    `refused` are calls that met the limit, `failed` those that came to no result for another
    reason; `starts` are instances that became ready, `stops` those of them that ended, whatever
    the cause, `recycled` those that were replaced in time.
    """

    requests: int = 0
    refused: int = 0
    failed: int = 0
    starts: int = 0
    stops: int = 0
    recycled: int = 0
    took: Durations = field(default_factory=Durations)  # from the arrival to the answer
    waited: Durations = field(default_factory=Durations)  # for an instance

    def described(self, now: float) -> dict[str, float | None]:
        """All of it, by the names that the control socket tells."""
        p50, p99 = self.took.quantiles_ms(now, (0.5, 0.99))
        (wait_p99,) = self.waited.quantiles_ms(now, (0.99,))
        return {
            "requests": self.requests,
            "refused": self.refused,
            "failed": self.failed,
            "starts": self.starts,
            "stops": self.stops,
            "recycled": self.recycled,
            "p50_ms": p50,
            "p99_ms": p99,
            "wait_p99_ms": wait_p99,
        }
