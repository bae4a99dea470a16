"""The local cloud's own log of a sale: when each call was there, which refusals were right."""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Final

from bench.flash_client import Told
from bench.flash_seen import REFUSED
from bench.flash_steps import Steps, lesser, summed
from infra.local.runtime.emulate import Failure

_AT_ONCE_S: Final = 0.5  # whoever waits does so for a second or longer
_CUT_S: Final = 0.001  # times in the log are cut to milliseconds


@dataclass(frozen=True, slots=True)
class Line:
    """A call as the gateway logged it; times are seconds after some moment."""

    function: str
    began: float
    ended: float
    refused: bool


def lines(text: bytes, since: float = 0.0) -> list[Line]:
    """The requests of a log that some function was to answer, in the order of their ends.

    `since` is the moment from which times count, in seconds of the epoch.
    """
    found = []
    for each in text.splitlines():
        if b'"request"' not in each:
            continue
        line = json.loads(each)
        if line["event"] == "request" and line["function"]:
            ended = datetime.fromisoformat(line["time"]).timestamp() - since
            began = ended - line["ms"] / 1000
            refused = line.get("failure") == Failure.FULL.value
            found.append(Line(line["function"], began, ended, refused))
    return found


def unfounded(found: Iterable[Line], maximum: Mapping[str, int]) -> list[str]:
    """The refusals that should not have been, each in a sentence.

    A call may be refused where `maximum` others of its function were there as well: then as many
    were at work, or about to be, as may be at once. Whoever was refused at once took no place;
    whoever waited for an instance in vain did.
    """
    wrong = []
    by_function: dict[str, list[Line]] = {}
    for each in found:
        by_function.setdefault(each.function, []).append(each)
    for function, calls in by_function.items():
        there = _There([each for each in calls if not each.refused or _waited(each)])
        for each in calls:
            if not each.refused:
                continue
            others = there.most(each.began, each.ended) - _waited(each)
            if others < maximum[function]:
                wrong.append(
                    f"{function} refused a call while {others} others were there, of "
                    f"{maximum[function]} that it may have"
                )
    return wrong


def _waited(call: Line) -> bool:
    return call.ended - call.began > _AT_ONCE_S


def at_work(found: Iterable[Line], ready: Steps) -> Steps:
    """How many calls of a function were at instances, of which so many were ready.

    Whoever is there waits only while all of them work.
    """
    there = summed([[(each.began, 1.0), (each.ended, 0.0)] for each in found])
    return lesser(there, ready)


def uncounted(told: Sequence[Told], found: Iterable[Line]) -> list[str]:
    """Whether somebody else than the platform refused, in a sentence."""
    seen = sum(each.status in REFUSED for each in told)
    logged = sum(each.refused for each in found)
    if seen == logged:
        return []
    return [f"{seen} requests were refused, {logged} of them since all instances were at work"]


class _There:
    """How many calls were there at each moment."""

    def __init__(self, calls: Sequence[Line]) -> None:
        changes = sorted(
            change
            for each in calls
            for change in ((each.began - _CUT_S, 1), (each.ended + _CUT_S, -1))
        )
        self._times = [at for at, _ in changes]
        self._counts = list(accumulate(step for _, step in changes))

    def most(self, began: float, ended: float) -> int:
        """The most at once between the two."""
        first = max(0, bisect_left(self._times, began) - 1)
        return max(self._counts[first : bisect_right(self._times, ended)], default=0)
