"""The plain rule: M = T/U instances, for the mean work in flight over a window, at each tick."""

from infra.capacity import StartRate, instances_for_use
from infra.local.runtime.scaling.decisions import Decision, Instance, Seen, to_size
from infra.local.runtime.scaling.load import Load
from infra.local.runtime.scaling.start_budget import StartBudget


class Utilisation:
    """The controller of one function, mode `utilisation`: the share `used` of each is at work."""

    def __init__(
        self,
        now: float,
        *,
        used: float = 0.7,
        window_s: int = 60,
        tick_s: float = 15.0,
        start_rate: StartRate | None = None,
    ) -> None:
        self.tick_s = tick_s
        self._used = used
        self._window_s = window_s
        self._load = Load(now, window_s)
        self._budget = StartBudget(start_rate)
        self._ticked = now

    def aim(self, used: float) -> None:
        """Have this share at work from now on; what is known of the load stays."""
        self._used = used

    def arrived(self, now: float, seen: Seen[Instance]) -> Decision[Instance]:
        """Start one where there is none at all; else wait for the tick."""
        self._load.set(now, seen.in_flight + len(seen.waiting))
        if seen.size > 0:
            return Decision()
        granted = self._budget.take(now, 1)
        return Decision(granted, (), "the first call", granted == 0)

    def started(self, took_s: float) -> None:
        """How long a start takes plays no part."""

    def finished(self, now: float, _took_s: float, seen: Seen[Instance]) -> None:
        """The work in flight has become less."""
        self._load.set(now, seen.in_flight + len(seen.waiting))

    def tick(self, now: float, seen: Seen[Instance]) -> Decision[Instance]:
        """Once in `tick_s`: T/U instances."""
        if self._load.in_flight != seen.in_flight + len(seen.waiting):
            self._load.set(now, seen.in_flight + len(seen.waiting))  # some were refused, or lost
        if now - self._ticked < self.tick_s * 0.99:
            return Decision()
        self._ticked = now
        work = self._load.mean(now, self._window_s)
        size = max(instances_for_use(work / seen.slots, self._used), 1 if seen.waiting else 0)
        reason = f"M = T/U = {work:.2f}/{self._used:g}"
        decision = to_size(size, seen, now, 0.0, reason)
        granted = self._budget.take(now, decision.start) if decision.start else 0
        return decision._replace(start=granted, capped=granted < decision.start)
