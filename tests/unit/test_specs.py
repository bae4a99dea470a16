"""Each property of a specification is checked where it comes in, and a refusal says why."""

from dataclasses import asdict
from typing import Any

import pytest

from infra.local.runtime.runtime_spec import RuntimeSpec
from infra.local.runtime.specs import (
    FunctionSpec,
    GatewaySpec,
    InvalidSpecError,
    Spec,
    invalid,
    text_list,
)

FUNCTION: dict[str, Any] = {
    "name": "health",
    "emulate": "aws",
    "handler": "app.entrypoints.aws.http",
    "fingerprint": "ab" * 32,
    "code": "/somewhere",
    "memory_mb": 128,
    "timeout_s": 5,
    "min_instances": 0,
    "max_instances": 10,
    "queue_ms": 0,
    "environment": {"A": "b"},
}
GATEWAY: dict[str, Any] = {
    "port": 8080,
    "emulate": "alicloud",
    "body_limit": 262_144,
    "routes": {"GET /health": "health"},
}
RUNTIME: dict[str, Any] = asdict(RuntimeSpec())
WHOLE: tuple[tuple[type[Spec], dict[str, Any]], ...] = (
    (FunctionSpec, FUNCTION),
    (GatewaySpec, GATEWAY),
    (RuntimeSpec, RUNTIME),
)
TEXT = "must be a text that is not empty"
TEXTS = "must be a mapping of texts to texts"
CLOUDS = "must be one of aws, alicloud"
MODES = "must be one of slo, utilisation"
BALANCES = "must be one of recent, balanced"
NEVER: tuple[object, ...] = (
    True,
    None,
    "5",
    1.5,
    float("nan"),
    float("inf"),
    float("-inf"),
    [],
    {},
    10**400,
)


def number(low: int, high: int) -> tuple[str, tuple[object, ...], tuple[object, ...]]:
    reason = f"must be a whole number from {low} to {high}"
    return reason, (low, high, float(low), float(high)), (low - 1, high + 1, *NEVER)


def without(found: dict[str, Any], name: str) -> dict[str, Any]:
    return {each: value for each, value in found.items() if each != name}


NAMES = (("a", "处理", " "), ("", None, 5, ["a"], True))
RULES: dict[tuple[type[Spec], str], tuple[str, tuple[object, ...], tuple[object, ...]]] = {
    **{(FunctionSpec, each): (TEXT, *NAMES) for each in ("name", "handler", "fingerprint", "code")},
    (FunctionSpec, "emulate"): (CLOUDS, ("aws", "alicloud"), ("", "AWS", None, 5, [])),
    (FunctionSpec, "memory_mb"): number(1, 32_768),
    (FunctionSpec, "timeout_s"): number(1, 86_400),
    (FunctionSpec, "min_instances"): number(0, 1000),
    (FunctionSpec, "max_instances"): number(1, 1000),
    (FunctionSpec, "queue_ms"): number(0, 29_000),
    (FunctionSpec, "environment"): (TEXTS, ({}, {"A": ""}), (None, [], "a", {"A": 5}, {"A": None})),
    (GatewaySpec, "port"): number(1024, 65535),
    (GatewaySpec, "emulate"): (CLOUDS, ("aws",), ("local",)),
    (GatewaySpec, "body_limit"): number(1, 6 * 1024 * 1024),
    (GatewaySpec, "routes"): (TEXTS, ({},), (["GET /"], {"GET /": ["a"]})),
    (RuntimeSpec, "mode"): (MODES, ("slo", "utilisation"), ("", "SLO", None, 5, [])),
    (RuntimeSpec, "balance"): (BALANCES, ("recent", "balanced"), ("", "even", None, 5, [])),
    (RuntimeSpec, "wait_ms"): number(1, 60_000),
    (RuntimeSpec, "late_percent"): number(1, 50),
    (RuntimeSpec, "price_s"): number(1, 86_400),
    (RuntimeSpec, "used_percent"): number(10, 100),
    (RuntimeSpec, "recycle_age_s"): number(0, 604_800),
    (RuntimeSpec, "recycle_requests"): number(0, 1_000_000_000),
    (RuntimeSpec, "recycle_memory_mb"): number(0, 1_048_576),
    (RuntimeSpec, "log_max_mb"): number(1, 1024),
}


def test_every_property_has_its_cases() -> None:
    assert set(RULES) == {(kind, name) for kind, _ in WHOLE for name in kind.RULES}


@pytest.mark.parametrize(("kind", "name"), RULES, ids=[f"{k.__name__}.{n}" for k, n in RULES])
def test_a_property_is_taken_or_refused_by_its_rule(kind: type[Spec], name: str) -> None:
    reason, good, bad = RULES[kind, name]
    for value in good:
        assert invalid(kind.RULES, {**dict(WHOLE)[kind], name: value}) == []
    for value in bad:
        found = invalid(kind.RULES, {**dict(WHOLE)[kind], name: value})
        assert [(each.property, each.reason) for each in found] == [(name, reason)], value


@pytest.mark.parametrize(("kind", "whole"), WHOLE)
def test_a_missing_property_is_refused_unless_it_is_not_known_yet(
    kind: type[Spec], whole: dict[str, Any]
) -> None:
    assert {each.property for each in invalid(kind.RULES, {})} == set(kind.RULES)
    assert invalid(kind.RULES, {}, frozenset(kind.RULES)) == []
    assert invalid(kind.RULES, {**whole, "more": 1}, frozenset({"more"})) == []


@pytest.mark.parametrize(("kind", "whole"), WHOLE)
def test_a_right_specification_is_made_with_whole_numbers(
    kind: type[Spec], whole: dict[str, Any]
) -> None:
    doubles = {name: float(v) if isinstance(v, int) else v for name, v in whole.items()}
    assert kind.of(doubles) == kind.of(whole)
    assert not any(isinstance(getattr(kind.of(doubles), name), float) for name in whole)


def test_a_refusal_says_every_reason() -> None:
    with pytest.raises(InvalidSpecError) as raised:
        RuntimeSpec.of({**without(RUNTIME, "log_max_mb"), "wait_ms": 0, "zebra": 1, "apple": 2})
    assert str(raised.value) == (
        "wait_ms: must be a whole number from 1 to 60000; "
        "log_max_mb: must be a whole number from 1 to 1024; "
        "apple: is not a property; zebra: is not a property"
    )
    assert [each.property for each in raised.value.found] == [
        "wait_ms",
        "log_max_mb",
        "apple",
        "zebra",
    ]


@pytest.mark.parametrize("value", [[], (), None, "app", [1], ["a", None]])
def test_a_list_of_texts_has_one_at_least_and_nothing_else(value: object) -> None:
    assert text_list(value) == "must be a list of texts with at least one in it"
    assert text_list(["a"]) is text_list(("a", "b")) is None
