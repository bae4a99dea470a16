"""Functions fit the provider, something calls them, and their scaling makes sense."""

from dataclasses import replace
from typing import Any

import pytest

from infra.model import Function, Provider, Scaling, Schedule
from tests.unit.sound_shop import SHOP, found


def orders(**changed: Any) -> tuple[Function, ...]:
    """The functions, with something changed about `orders`, which routes call."""
    return (replace(SHOP.functions[0], **changed), *SHOP.functions[1:])


def sweep(**changed: Any) -> tuple[Function, ...]:
    """The functions, with something changed about `sweep`, which no route calls."""
    return (*SHOP.functions[:2], replace(SHOP.functions[2], **changed))


def test_a_function_that_nothing_calls_is_refused() -> None:
    """It would cost a deployment and never run."""
    assert found(functions=(*SHOP.functions, Function(name="lost"))) == [
        "functions.lost:  → give it a route, a queue or a schedule, or remove it"
    ]


@pytest.mark.parametrize(
    ("provider", "memory", "remedy"),
    [
        ("aws", 127, "write 128 to 10240"),
        ("aws", 10241, "write 128 to 10240"),
        ("alicloud", 64, "write 128 to 32768, a multiple of 64"),
        ("alicloud", 200, "write 192 or 256"),
        ("alicloud", 32832, "write 128 to 32768, a multiple of 64"),
    ],
)
def test_memory_is_a_size_that_the_provider_offers(
    provider: Provider, memory: int, remedy: str
) -> None:
    """Each cloud has its own sizes."""
    assert found(provider, functions=orders(memory_mb=memory)) == [
        f"functions.orders.memory_mb: {memory} → {remedy}"
    ]


@pytest.mark.parametrize(
    ("provider", "memory"), [("aws", 128), ("aws", 10240), ("alicloud", 128), ("alicloud", 32768)]
)
def test_the_outermost_sizes_are_taken(provider: Provider, memory: int) -> None:
    """A limit is the last value that works."""
    assert found(provider, functions=orders(memory_mb=memory)) == []


def test_a_function_behind_a_route_answers_within_29_seconds() -> None:
    """An HTTP API gives up on it then, whatever the function's own limit is."""
    assert found(functions=orders(timeout_s=29)) == []
    assert found("alicloud", functions=orders(timeout_s=30)) == [
        "functions.orders.timeout_s: 30 → write 1 to 29"
    ]


def test_other_functions_run_as_long_as_their_provider_lets_them() -> None:
    """Fifteen minutes on Lambda, a day on Function Compute."""
    assert found(functions=sweep(timeout_s=901)) == [
        "functions.sweep.timeout_s: 901 → write 1 to 900"
    ]
    assert found("alicloud", functions=sweep(timeout_s=86400)) == []
    assert found("alicloud", functions=sweep(timeout_s=86401)) == [
        "functions.sweep.timeout_s: 86401 → write 1 to 86400"
    ]
    assert found(functions=sweep(timeout_s=0)) == ["functions.sweep.timeout_s: 0 → write 1 to 900"]


@pytest.mark.parametrize(
    ("scaling", "problem"),
    [
        (Scaling(max_instances=0), "max_instances: 0 → write 1 to 1000"),
        (Scaling(max_instances=1001), "max_instances: 1001 → write 1 to 1000"),
        (Scaling(min_instances=-1), "min_instances: -1 → write 0 to 10, or raise max_instances"),
        (Scaling(min_instances=11), "min_instances: 11 → write 0 to 10, or raise max_instances"),
        (Scaling(queue_ms=-1), "queue_ms: -1 → write 0 to 29000"),
        (Scaling(queue_ms=29001), "queue_ms: 29001 → write 0 to 29000"),
    ],
)
def test_scaling_keeps_its_ranges(scaling: Scaling, problem: str) -> None:
    """What is kept ready counts among what may run."""
    assert problem in "\n".join(found(functions=orders(scaling=scaling)))


def test_only_the_local_target_lets_calls_wait() -> None:
    """A cloud refuses a call at once when a function is full."""
    waiting = orders(scaling=Scaling(queue_ms=500))
    assert found(functions=waiting) == []
    assert found(functions=waiting, local=False) == [
        "functions.orders.queue_ms: 500 → write 0: only the local target can let calls wait"
    ]


def test_variables_stay_within_four_kilobytes_in_all() -> None:
    """Bytes are counted, not characters, and names count too."""
    fits = {"NAME": "é" * 2046}
    assert found(functions=orders(environment=fits)) == []
    assert found(functions=orders(environment={**fits, "B2": ""})) == [
        (
            "functions.orders.environment: 4098 bytes → "
            "shorten it, or keep the data in a table or the bucket"
        )
    ]


@pytest.mark.parametrize(
    ("provider", "name"),
    [
        ("aws", "AWS_REGION"),
        ("aws", "LAMBDA_TASK_ROOT"),
        ("aws", "_HANDLER"),
        ("alicloud", "FC_REGION"),
        ("alicloud", "ALIBABA_CLOUD_ACCESS_KEY_ID"),
    ],
)
def test_a_variable_does_not_take_the_providers_own_name(provider: Provider, name: str) -> None:
    """Its runtime would refuse or overwrite it."""
    assert found(provider, functions=orders(environment={name: "x"})) == [
        f"functions.orders.environment.{name}:  → choose another name"
    ]


@pytest.mark.parametrize("name", ["X", "1A", "A-B", "A B", ""])
def test_a_variables_name_is_one_that_both_clouds_take(name: str) -> None:
    """Lambda wants two characters or more."""
    assert found(functions=orders(environment={name: "x"})) == [
        (
            f"functions.orders.environment.{name}:  → "
            "use two or more letters, digits and underscores, and a letter first"
        )
    ]


@pytest.mark.parametrize(
    "handler", ["", "handler", "app.", ".handle", "app..x", "app/x.y", "a.class"]
)
def test_a_handler_is_a_dotted_path_that_python_can_import(handler: str) -> None:
    """A file's path or a lone name is the usual mistake."""
    assert found(functions=orders(handler=handler)) == [
        (
            f"functions.orders.handler: {handler} → "
            "write module and function with dots, as app.handlers.hello.lambda_handler"
        )
    ]


def test_a_function_is_called_by_one_kind_of_thing() -> None:
    """Its entrypoint reads one kind of event."""
    more = Schedule(name="hourly", function="orders", every_minutes=60)
    remedy = "give each a function of its own; what they share can stand in app/services"
    assert found(schedules=(*SHOP.schedules, more)) == [
        f"functions.orders: called by routes and schedules → {remedy}"
    ]
