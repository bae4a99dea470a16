"""The settings of the runtime reach every fleet, and what its scaler has learnt stays."""

import dataclasses
from dataclasses import replace
from typing import Any

import pytest

from infra.capacity import START_RATES, StartRate
from infra.local.runtime.runtime_spec import RuntimeSpec
from infra.local.runtime.scaling.autoscaler import Autoscaler
from infra.local.runtime.scaling.balancer import Balance
from infra.local.runtime.scaling.maintenance import Bounds
from infra.local.runtime.scaling.utilisation import Utilisation
from infra.local.runtime.specs import FunctionSpec
from infra.local.runtime.steering import Steering
from infra.settings_local import Local
from infra.settings_scaling import Scaling
from tests.support.fleets import Outside

SPEC = FunctionSpec(
    name="made",
    emulate="alicloud",
    handler="made.handler",
    fingerprint="00",
    code="/nowhere",
    memory_mb=128,
    timeout_s=5,
    min_instances=0,
    max_instances=400,
    queue_ms=0,
    environment={},
)


def steering(outside: Outside, **changes: Any) -> Steering:
    return Steering(RuntimeSpec(**changes), START_RATES, lambda: outside.now)


def test_the_settings_say_by_default_what_the_supervisor_does_by_default() -> None:
    assert RuntimeSpec(**Scaling().told, log_max_mb=Local().log_max_mb) == RuntimeSpec()


def test_every_setting_of_scaling_is_one_of_the_runtime_s() -> None:
    known = {field.name for field in dataclasses.fields(RuntimeSpec)}
    assert Scaling().told.keys() == known - {"log_max_mb"}


@pytest.mark.parametrize("emulate", ["aws", "alicloud"])
@pytest.mark.parametrize("mode", ["slo", "utilisation"])
def test_a_function_starts_as_fast_as_the_provider_that_it_meets_would(
    mode: str, emulate: str
) -> None:
    outside = Outside()
    rates = {"aws": StartRate(5, 1.0), "alicloud": StartRate(3, 1.0)}
    steered = replace(steering(outside, mode=mode), start_rates=rates)
    fleet = steered.fleet(outside, replace(SPEC, emulate=emulate))
    for call in range(9):
        fleet.arrive(call)
    outside.now = 15.0  # the plain rule looks every 15 s
    fleet.tick()
    outside.now = 30.0
    fleet.tick()
    first = {"slo": rates[emulate].at_once, "utilisation": 1}[mode]
    assert outside.starts >= first
    assert outside.starts <= first + rates[emulate].at_once * 2
    assert len(outside.failed) == {"slo": 9 - first, "utilisation": 0}[mode]


def test_a_changed_goal_leaves_what_was_learnt() -> None:
    outside = Outside()
    fleet = steering(outside).fleet(outside, SPEC)
    scaler = fleet.scaler
    assert isinstance(scaler, Autoscaler)
    fleet.open(1)
    outside.now = 0.3
    fleet.ready(1)
    fleet.arrive(1)
    outside.now = 0.31
    fleet.done(1, 1)  # now a start is known to take 300 ms, a call 10 ms
    steering(outside, wait_ms=35).steer(fleet, SPEC)
    assert fleet.scaler is scaler
    for call in range(2, 7):
        fleet.arrive(call)
    assert outside.starts == 2  # within 35 ms three of the four that wait would be served
    steering(outside, wait_ms=100).steer(fleet, SPEC)
    for call in range(7, 11):
        fleet.arrive(call)
    assert outside.starts == 2  # within 100 ms all of them would be


def test_another_mode_has_another_scaler_and_another_share_has_not() -> None:
    outside = Outside()
    fleet = steering(outside).fleet(outside, SPEC)
    scalers: list[object] = []
    for changes in ({"mode": "utilisation"}, {"mode": "utilisation", "used_percent": 50}):
        steering(outside, **changes).steer(fleet, SPEC)
        scalers.append(fleet.scaler)
    assert [type(each) for each in scalers] == [Utilisation] * 2
    assert scalers[0] is scalers[1]
    fleet.arrive(1)
    outside.now = 60.0
    fleet.tick()
    assert fleet.reason == "M = T/U = 1.00/0.5"
    steering(outside).steer(fleet, SPEC)
    assert isinstance(fleet.scaler, Autoscaler)


def test_balance_and_bounds_follow_too_and_zeros_bound_nothing() -> None:
    outside = Outside()
    fleet = steering(outside).fleet(outside, SPEC)
    assert (fleet.balance, fleet.upkeep.bounds) == (Balance.RECENT, Bounds(7200, 0, 1024))
    changes = {"balance": "balanced", "recycle_age_s": 0, "recycle_memory_mb": 0}
    steering(outside, **changes).steer(fleet, SPEC)
    assert (fleet.balance, fleet.upkeep.bounds) == (Balance.BALANCED, None)
