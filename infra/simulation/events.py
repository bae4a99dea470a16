"""One function's day: calls come, instances start and work, a fleet and its scaler decide."""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from infra.local.runtime.emulate import Failure
from infra.local.runtime.scaling.balancer import Balance
from infra.local.runtime.scaling.decisions import Scaler
from infra.local.runtime.scaling.fleet import Fleet

_READY: Final = 0
_DONE: Final = 1

Calls = Sequence[tuple[float, float]]  # (arrives at, works for) in seconds, in order of arrival


class World(NamedTuple):
    """What does not depend on the scaler: seconds that a start takes, and the fleet's bounds."""

    start_s: float
    maximum: int = 1000
    minimum: int = 0
    queue_s: float = float("inf")
    slots: int = 1
    balance: Balance = Balance.RECENT


@dataclass(slots=True)
class Outcome:
    """What came of it. Seconds; a call's delay is what it waited, for a start or in the queue."""

    delays: list[float] = field(default_factory=list)
    refused: int = 0
    busy_s: float = 0.0
    instance_s: float = 0.0  # from the order to the end
    starts: int = 0
    most: int = 0  # instances at once
    sizes: list[tuple[float, int]] = field(default_factory=list)  # where it changed
    order: list[int] = field(default_factory=list)  # calls, as instances got them
    worked: dict[int, float] = field(default_factory=dict)  # seconds of each instance


class Simulation:
    """A fleet's staff that does nothing but let time pass. Runs once."""

    def __init__(self, calls: Calls, scaler: Callable[[float], Scaler], world: World) -> None:
        self._calls = calls
        self._world = world
        self._now = 0.0
        self._events: list[tuple[float, int, int, int, int]] = []  # at, number, kind, who, call
        self._number = 0
        self._began: dict[int, float] = {}  # instances there are, since when ordered
        self.outcome = Outcome()
        self._scaler = scaler(0.0)
        self.fleet: Fleet[int, int] = Fleet(
            self,
            self._scaler,
            minimum=world.minimum,
            maximum=world.maximum,
            queue_s=world.queue_s,
            now=lambda: self._now,
            slots=world.slots,
            balance=world.balance,
        )

    def run(self, until_s: float = 0.0) -> Outcome:
        """Let all calls come and be done, and time pass until `until_s` at least."""
        calls, events, fleet, outcome = self._calls, self._events, self.fleet, self.outcome
        outcome.delays = [-1.0] * len(calls)  # refused until an instance takes it
        fleet.open()
        index, count = 0, len(calls)
        tick_s, ticks = self._scaler.tick_s, 0
        pop, ready, done = heapq.heappop, fleet.ready, fleet.done
        while True:
            arrives = calls[index][0] if index < count else float("inf")
            event = events[0][0] if events else float("inf")
            ticks_at = ticks * tick_s
            if event <= arrives and event <= ticks_at:
                self._now, _, kind, who, call = pop(events)
                if kind == _DONE:
                    done(who, call)
                else:
                    ready(who)
            elif arrives <= ticks_at:
                self._now = arrives
                index += 1
                fleet.arrive(index - 1)
            elif index < count or events or fleet.waiting or ticks_at <= until_s:
                self._now = ticks_at
                ticks += 1
                fleet.tick()
            else:
                break
        self._now = max(self._now, until_s)
        outcome.instance_s += sum(self._now - began for began in self._began.values())
        return outcome

    # What the fleet asks for.

    def start(self) -> None:
        """An instance is ready when the time of a start has passed."""
        self.outcome.starts += 1
        instance = self.outcome.starts
        self._began[instance] = self._now
        self._resized()
        self._at(self._now + self._world.start_s, _READY, instance, -1)

    def assign(self, instance: int, call: int) -> None:
        """A call is done when its work is."""
        arrived, work_s = self._calls[call]
        outcome = self.outcome
        outcome.delays[call] = self._now - arrived
        outcome.busy_s += work_s
        outcome.order.append(call)
        outcome.worked[instance] = outcome.worked.get(instance, 0.0) + work_s
        self._at(self._now + work_s, _DONE, instance, call)

    def stop(self, instance: int, *, worn: bool = False) -> None:  # noqa: ARG002 - gone is gone
        """An instance is gone at once."""
        self.outcome.instance_s += self._now - self._began.pop(instance)
        self._resized()

    def fail(self, call: int, failure: Failure) -> None:  # noqa: ARG002 - none but FULL here
        """A call was refused."""
        self.outcome.refused += 1

    def drained(self) -> None:
        """Nothing is ever retired here."""

    def _resized(self) -> None:
        self.outcome.most = max(self.outcome.most, len(self._began))
        self.outcome.sizes.append((self._now, len(self._began)))

    def _at(self, at: float, kind: int, who: int, call: int) -> None:
        self._number += 1
        heapq.heappush(self._events, (at, self._number, kind, who, call))
