"""The autoscaler: as few instances as keep calls from waiting longer than the goal allows.

At each arrival: start one when waiting for an instance at work is slower than starting (ceil(queued
- starting - working b/W), b a start's time, at least half of the allowed wait and at most all of
it). At each tick the largest of two sizes:

- what Erlang C asks for the work in flight, over a short or a long window, whichever is more,
  so that at most `late` of the calls wait longer than `wait_s`; down only to the largest such
  size of the last `down_s`. A function whose calls are further apart than one is worth has none.
- the levels of concurrency that are worth an instance by how long they idled before, which holds
  sparse functions, bursts that come again, and starts ahead of calls that come by the clock.

Nothing is started faster than the provider would, nothing at work is ever stopped.
"""

import math
from collections import deque
from dataclasses import dataclass
from typing import Any, Final

from infra.capacity import StartRate, least_waiting
from infra.local.runtime.scaling.decisions import NOTHING, Decision, Instance, Seen, to_size
from infra.local.runtime.scaling.idleness import Worth
from infra.local.runtime.scaling.levels import Levels
from infra.local.runtime.scaling.load import Load
from infra.local.runtime.scaling.mean import Mean
from infra.local.runtime.scaling.start_budget import StartBudget

_CALLS: Final = 60  # as long as so many calls, a window tells of the load
_STUCK: Final = 10  # so many calls' time without one that ends, and those at work are stuck
_SAMPLES: Final = 50  # calls, or starts, whose mean duration is remembered
_FULL: Final[Decision[Any]] = Decision(0, (), "at the maximum", capped=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What is asked of a function, and what it may cost.

    At most a share of `late` calls waits longer than `wait_s`. A late call is worth `price_s`
    seconds of an instance. `start_rate` is the provider's; None sets no bound.
    """

    wait_s: float = 0.1
    late: float = 0.01
    price_s: float = 60.0
    start_rate: StartRate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """Constants of the method, in seconds but for `memory` and `prior` (idle times, a count)."""

    tick_s: float = 1.0
    short_s: int = 6
    long_s: int = 60
    down_s: float = 10.0
    rested_s: float = 1.0  # an instance at rest for less is not stopped
    patience_s: float = 20.0  # up to this price, levels may use up the whole wait that is allowed,
    impatient: float = 0.25  # and at four times the price and more only this part of it
    memory: float = 50.0
    prior: float = 1.0
    start_costs: float = 10.0  # starts of an instance keep a processor busy: so many times as long


class Autoscaler:
    """The controller of one function, mode `slo`."""

    def __init__(self, now: float, goal: Goal, tuning: Tuning | None = None) -> None:
        self._tuning = tuning or Tuning()
        self.tick_s = self._tuning.tick_s
        self._load = Load(now, self._tuning.long_s)
        self._levels = Levels(self._tuning.memory, self._tuning.prior)
        self._budget = StartBudget(goal.start_rate)
        self._service_s = Mean(_SAMPLES)
        self._start_s = Mean(_SAMPLES)
        self._arrived = 0
        self._arrivals: deque[int] = deque(maxlen=self._tuning.long_s + 1)
        self._sizes: deque[tuple[float, int]] = deque()  # recommended, the largest first
        self._ticked = -math.inf
        self._finished = -math.inf
        self._answer = 0
        self.aim(goal)

    def aim(self, goal: Goal) -> None:
        """Follow this goal from now on; what was learnt stays."""
        self._goal = goal
        self._patience_s = goal.wait_s * max(
            self._tuning.impatient, min(1.0, self._tuning.patience_s / goal.price_s)
        )
        self._asked = (-1.0, -1.0)

    def arrived(self, now: float, seen: Seen[Instance]) -> Decision[Instance]:
        """Start when that is faster than to wait for those at work."""
        self._arrived += 1
        self._note(now, seen)
        waiting = len(seen.waiting)
        if not waiting or waiting <= seen.starting * seen.slots:
            return NOTHING
        return self._start(now, seen, self._lacking(waiting, seen), "queued")

    def started(self, took_s: float) -> None:
        """Remember how long a start takes."""
        self._start_s.add(took_s)

    def finished(self, now: float, took_s: float, seen: Seen[Instance]) -> None:
        """Remember how long a call takes."""
        self._finished = now
        self._service_s.add(took_s)
        self._note(now, seen)

    def tick(self, now: float, seen: Seen[Instance]) -> Decision[Instance]:
        """Once in `tick_s`: the size that the load and the idle times ask for.

        In between only: more where calls wait, nothing starts, and those at work take far longer
        than they used to.
        """
        if self._load.in_flight != seen.in_flight + len(seen.waiting):
            self._note(now, seen)  # calls were refused, or lost with an instance
        if now - self._ticked < self.tick_s * 0.99:
            if seen.waiting and not seen.starting:
                return self._unblock(now, seen)
            return NOTHING
        self._ticked = now
        self._arrivals.append(self._arrived)
        size, reason = self._size(now, seen)
        lacking = self._lacking(len(seen.waiting), seen) if seen.waiting else 0
        if lacking > 0 and seen.size + lacking > size:
            size, reason = seen.size + lacking, "queued"
        decision = to_size(size, seen, now, self._tuning.rested_s, reason)
        if decision.start:
            return self._start(now, seen, decision.start, reason)
        return decision

    def _unblock(self, now: float, seen: Seen[Instance]) -> Decision[Instance]:
        """An instance for each that waits when no call ends; one when they end too slowly."""
        waited_s = seen.waited(now)
        still_s = min(now - self._finished, waited_s)  # none ended before any came is no sign
        if still_s > _STUCK * self._service_s.value:
            each = -(-len(seen.waiting) // seen.slots)
            return self._start(now, seen, each, "no call at work ends")
        if waited_s > self._goal.wait_s:
            return self._start(now, seen, 1, "waits longer than the goal")
        return NOTHING

    def _size(self, now: float, seen: Seen[Instance]) -> tuple[int, str]:
        """The instances wanted, and why."""
        by_levels = self._levels.held(now, self._worth(), self._start_s.value + self.tick_s)
        calls = self._arrivals[-1] - self._arrivals[0]
        work, by_load = 0.0, 0
        if calls * self._goal.price_s >= len(self._arrivals):
            work = self._work(now)
            by_load = self._least(work, seen.slots)
        lately = self._largest(now, by_load)
        if by_levels >= lately:
            return by_levels, f"idle times hold {by_levels}"
        if lately > by_load:
            return lately, f"{lately} was right less than {self._tuning.down_s:g} s ago"
        return by_load, f"T = {work:.2f} needs {by_load}"

    def _work(self, now: float) -> float:
        """T over the short or the long window, whichever is more, of those that tell anything.

        A window of a few calls' time tells of those calls, not of the load.
        """
        calls_s = _CALLS * self._service_s.value
        windows = (self._tuning.short_s, self._tuning.long_s)
        return max((self._load.mean(now, each) for each in windows if each >= calls_s), default=0.0)

    def _least(self, work: float, slots: int) -> int:
        """The least instances for this much work; the last answer is kept, for it takes long."""
        if work <= 0:
            return 0
        service_s = self._service_s.value or self._goal.wait_s
        asked = (round(work, 2), round(service_s, 3))
        if asked != self._asked:
            goal = self._goal
            self._answer = least_waiting(work, service_s, goal.wait_s, goal.late)
            self._asked = asked
        return -(-self._answer // slots)

    def _largest(self, now: float, size: int) -> int:
        """The largest size of the last `down_s`, this one included."""
        while self._sizes and self._sizes[-1][1] <= size:
            self._sizes.pop()
        self._sizes.append((now, size))
        while self._sizes[0][0] < now - self._tuning.down_s:
            self._sizes.popleft()
        return self._sizes[0][1]

    def _lacking(self, waiting: int, seen: Seen[Instance]) -> int:
        """Instances that those who wait lack, besides what starts, and is done before one has."""
        service_s = self._service_s.value
        wait_s = self._goal.wait_s
        soon = min(max(self._start_s.value, wait_s / 2), wait_s) if self._start_s.count else 0.0
        done = seen.in_flight * soon / service_s if service_s > 0 else 0.0
        return math.ceil((waiting - done) / seen.slots) - seen.starting

    def _start(
        self, now: float, seen: Seen[Instance], wanted: int, reason: str
    ) -> Decision[Instance]:
        if wanted <= 0:
            return NOTHING
        room = min(wanted, seen.maximum - seen.size)
        if room <= 0:
            return _FULL
        granted = self._budget.take(now, room)
        capped = granted < wanted
        if granted < room:
            reason = f"{reason}; the provider starts no faster"
        return Decision(granted, (), reason, capped)

    def _note(self, now: float, seen: Seen[Instance]) -> None:
        """The work in flight has changed."""
        work = seen.in_flight + len(seen.waiting)
        self._load.set(now, work)
        if work > 1 and (service_s := self._service_s.value) > 0:
            patience = self._patience_s / service_s
            work = min(work, math.ceil(work / (seen.slots * (1.0 + patience))))
        elif seen.slots > 1:
            work = -(-work // seen.slots)
        self._levels.use(now, work)

    def _worth(self) -> Worth:
        """What being late, and a start, are worth; a start that nobody notices makes none late."""
        start_s = self._start_s.value
        unseen = self._start_s.count > 0 and start_s <= self._goal.wait_s / 2
        return Worth(
            0.0 if unseen else self._goal.price_s, round(start_s * self._tuning.start_costs, 1)
        )
