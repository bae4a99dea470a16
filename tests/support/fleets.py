"""A fleet whose outside does nothing by itself, and the scalers that it may have."""

from typing import Any

from infra.capacity import StartRate
from infra.local.runtime.emulate import Failure
from infra.local.runtime.scaling.autoscaler import Autoscaler, Goal
from infra.local.runtime.scaling.decisions import Scaler
from infra.local.runtime.scaling.fleet import Fleet
from infra.local.runtime.scaling.maintenance import Bounds
from infra.local.runtime.scaling.utilisation import Utilisation
from infra.simulation.baselines import Horizontal, KeepFor, Knative

_SLOW = StartRate(at_once=2, per_s=0.5)
SCALERS: dict[str, Any] = {
    "slo": lambda: Autoscaler(0, Goal()),
    "slo, starts capped": lambda: Autoscaler(0, Goal(start_rate=_SLOW)),
    "utilisation": lambda: Utilisation(0),
    "utilisation, starts capped": lambda: Utilisation(0, start_rate=_SLOW),
    "keep": lambda: KeepFor(10),
    "KPA": lambda: Knative(0),
    "HPA": lambda: Horizontal(0),
}
BOUNDS = (None, Bounds(requests=2), Bounds(age_s=5), Bounds(memory_mb=100))


class Outside:
    """A staff that does nothing by itself, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.now = 0.0
        self.starts = 0
        self.at_work: dict[int, list[int]] = {}
        self.stopped: list[int] = []
        self.failed: list[tuple[int, Failure]] = []
        self.order: list[int] = []
        self.drains = 0
        self.recycled = 0

    def start(self) -> None:
        self.starts += 1

    def assign(self, instance: int, call: int) -> None:
        assert instance not in self.stopped
        self.at_work.setdefault(instance, []).append(call)
        self.order.append(call)

    def stop(self, instance: int, *, worn: bool = False) -> None:
        assert not self.at_work.get(instance), "an instance at work was stopped"
        assert instance not in self.stopped
        self.stopped.append(instance)
        self.recycled += worn

    def fail(self, call: int, failure: Failure) -> None:
        self.failed.append((call, failure))

    def drained(self) -> None:
        self.drains += 1


def fleet_of(
    outside: Outside, scaler: Scaler | None = None, *, maximum: int = 3, **more: Any
) -> Fleet[int, int]:
    return Fleet(
        outside,
        scaler or KeepFor(10),
        **{"minimum": 0, "queue_s": 0, "now": lambda: outside.now, "maximum": maximum, **more},
    )
