"""Others' scalers, as their documents state them, to compare with."""

import math
from collections import deque
from typing import Final

from infra.capacity import instances_for_use
from infra.local.runtime.scaling.decisions import Decision, Instance, Seen, to_size
from infra.local.runtime.scaling.load import Load

NEVER_S: Final = 3600.0


class Fixed:
    """As many instances as the fleet's minimum, always."""

    tick_s = NEVER_S

    def arrived(self, now: float, seen: Seen[Instance]) -> Decision[Instance]:  # noqa: ARG002
        """Nothing."""
        return Decision()

    def started(self, took_s: float) -> None:
        """Nothing."""

    def finished(self, now: float, took_s: float, seen: Seen[Instance]) -> None:
        """Nothing."""

    def tick(self, now: float, seen: Seen[Instance]) -> Decision[Instance]:  # noqa: ARG002
        """Nothing."""
        return Decision()


class KeepFor(Fixed):
    """An instance for each request that finds none idle; one that idled for `keep_s` goes.

    What Lambda, OpenWhisk and most local runtimes do.
    """

    def __init__(self, keep_s: float, tick_s: float = 1.0) -> None:
        self._keep_s = keep_s
        self.tick_s = tick_s

    def arrived(self, now: float, seen: Seen[Instance]) -> Decision[Instance]:  # noqa: ARG002
        """Start one for each that waits."""
        lacking = len(seen.waiting) - seen.starting
        return Decision(lacking, (), "none is idle") if lacking > 0 else Decision()

    def tick(self, now: float, seen: Seen[Instance]) -> Decision[Instance]:
        """Stop what idled too long."""
        return to_size(0, seen, now, self._keep_s, "kept long enough")


class Knative(Fixed):
    """Knative's pod autoscaler (KPA) with one request at a time for each instance.

    Every 2 s: the mean concurrency of 60 s, or in a panic of 6 s, over the target; a panic begins
    when the short window asks for twice what is ready, lasts 60 s from the last such moment, and
    knows no way down. The last one stays `grace_s` longer (scale-to-zero-pod-retention-period).
    From none, a request starts one (the activator pokes the autoscaler).
    knative.dev/docs/serving/autoscaling/kpa-specific
    """

    tick_s = 2.0

    def __init__(
        self, now: float, *, target: float = 0.7, window_s: int = 60, grace_s: float = 0.0
    ) -> None:
        self._target = target
        self._window_s = window_s
        self._panic_s = max(1, window_s // 10)
        self._grace_s = grace_s
        self._load = Load(now, window_s)
        self._panics_since = -math.inf
        self._most = 0  # instances asked for in this panic
        self._some_at = now  # when there was last something to do

    def arrived(self, now: float, seen: Seen[Instance]) -> Decision[Instance]:
        """Start one where there is none."""
        self._load.set(now, seen.in_flight + len(seen.waiting))
        self._some_at = now
        return Decision(0 if seen.size else 1, (), "the first request")

    def finished(self, now: float, took_s: float, seen: Seen[Instance]) -> None:  # noqa: ARG002
        """The concurrency has changed."""
        self._load.set(now, seen.in_flight + len(seen.waiting))

    def tick(self, now: float, seen: Seen[Instance]) -> Decision[Instance]:
        """Every 2 s."""
        stable = instances_for_use(self._load.mean(now, self._window_s), self._target)
        hasty = instances_for_use(self._load.mean(now, self._panic_s), self._target)
        ready = max(1, seen.size - seen.starting)
        if hasty >= 2 * ready:
            if now - self._panics_since >= self._window_s:
                self._most = 0
            self._panics_since = now
        size = stable
        if now - self._panics_since < self._window_s:
            self._most = size = max(self._most, hasty, stable, ready)
        if size > 0 or seen.waiting:
            self._some_at = now
            size = max(size, 1)
        elif now - self._some_at < self._grace_s:
            size = 1
        return to_size(size, seen, now, 0.0, "concurrency over target")


class Horizontal(Fixed):
    """Kubernetes' horizontal autoscaler (HPA) on the work in flight: never below one instance.

    Every 15 s ceil(current x metric / target), no change within 10 %, down only to the largest size
    of the last 300 s. kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale.
    """

    tick_s = 15.0

    def __init__(self, now: float, *, target: float = 0.7, window_s: int = 15) -> None:
        self._target = target
        self._window_s = window_s
        self._load = Load(now, window_s)
        self._wanted: deque[tuple[float, int]] = deque()

    def arrived(self, now: float, seen: Seen[Instance]) -> Decision[Instance]:
        """The concurrency has changed."""
        self._load.set(now, seen.in_flight + len(seen.waiting))
        return Decision(0 if seen.size else 1, (), "the first request")

    def finished(self, now: float, took_s: float, seen: Seen[Instance]) -> None:  # noqa: ARG002
        """The concurrency has changed."""
        self._load.set(now, seen.in_flight + len(seen.waiting))

    def tick(self, now: float, seen: Seen[Instance]) -> Decision[Instance]:
        """Every 15 s."""
        current = seen.size
        ratio = self._load.mean(now, self._window_s) / (max(current, 1) * self._target)
        wanted = current if abs(ratio - 1) <= 0.1 else math.ceil(current * ratio)  # noqa: PLR2004
        self._wanted.append((now, max(wanted, 1)))
        while self._wanted[0][0] < now - 300:
            self._wanted.popleft()
        size = max(each for _, each in self._wanted) if wanted < current else wanted
        return to_size(size, seen, now, 0.0, "concurrency over target")
