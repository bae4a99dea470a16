"""The settings of the runtime as what steers a function's fleet: its scaler, balancer and bounds.

Times are seconds on the clock `now`, which never goes back.
"""

import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from infra.capacity import START_RATES, StartRate
from infra.local.runtime.runtime_spec import RuntimeSpec
from infra.local.runtime.scaling.autoscaler import Autoscaler, Goal
from infra.local.runtime.scaling.balancer import Balance
from infra.local.runtime.scaling.decisions import Scaler
from infra.local.runtime.scaling.fleet import Fleet
from infra.local.runtime.scaling.maintenance import Bounds
from infra.local.runtime.scaling.staff import Staff
from infra.local.runtime.scaling.utilisation import Utilisation
from infra.local.runtime.specs import FunctionSpec

Call = TypeVar("Call", bound=Hashable)
Instance = TypeVar("Instance", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Steering:
    """What holds for all functions. `start_rates` are the emulated providers', by their names."""

    runtime: RuntimeSpec
    start_rates: Mapping[str, StartRate]
    now: Callable[[], float]

    @classmethod
    def usual(cls) -> "Steering":
        """The defaults."""
        return cls(RuntimeSpec(), START_RATES, time.monotonic)

    def fleet(self, staff: Staff[Call, Instance], spec: FunctionSpec) -> Fleet[Call, Instance]:
        """A fleet for a function, without any instance yet."""
        return Fleet(
            staff,
            self._scaler(spec.emulate),
            minimum=spec.min_instances,
            maximum=spec.max_instances,
            queue_s=spec.queue_ms / 1000,
            now=self.now,
            balance=Balance(self.runtime.balance),
            bounds=self._bounds(),
        )

    def steer(self, fleet: Fleet[Call, Instance], spec: FunctionSpec) -> None:
        """Have a fleet follow these settings from now on; what its scaler has learnt stays."""
        match fleet.scaler:
            case Autoscaler() as scaler if self.runtime.mode == "slo":
                scaler.aim(self._goal(spec.emulate))
            case Utilisation() as scaler if self.runtime.mode == "utilisation":
                scaler.aim(self.runtime.used_percent / 100)
            case _:
                fleet.scaler = self._scaler(spec.emulate)
        fleet.balance = Balance(self.runtime.balance)
        fleet.upkeep.bounds = self._bounds()

    def _scaler(self, emulate: str) -> Scaler:
        if self.runtime.mode == "slo":
            return Autoscaler(self.now(), self._goal(emulate))
        return Utilisation(
            self.now(),
            used=self.runtime.used_percent / 100,
            start_rate=self.start_rates.get(emulate),
        )

    def _goal(self, emulate: str) -> Goal:
        runtime = self.runtime
        return Goal(
            wait_s=runtime.wait_ms / 1000,
            late=runtime.late_percent / 100,
            price_s=runtime.price_s,
            start_rate=self.start_rates.get(emulate),
        )

    def _bounds(self) -> Bounds | None:
        runtime = self.runtime
        bounds = Bounds(runtime.recycle_age_s, runtime.recycle_requests, runtime.recycle_memory_mb)
        return bounds if bounds != Bounds() else None
