"""Each edit shows at preview as an update of just what it touches, and `up` carries that out."""

import pytest

from infra.local.client import ask
from tests.support.project import Project
from tests.support.steps import Step

SHOP = "infra/shop.py"
PREVIEWED = {"memory_mb", "max_instances", "fingerprint"}


def function_state(project: Project) -> dict[str, object]:
    """How the local cloud runs /health right now."""
    state: dict[str, object] = ask(project.places, "describe")["functions"]["health"]
    return state


@pytest.mark.parametrize(
    ("file", "old", "new", "step"),
    [
        (SHOP, "memory_mb=128", "memory_mb=192", Step("Function health", "update", ("memory_mb",))),
        (SHOP, "timeout_s=5", "timeout_s=7", Step("Function health", "update", ("timeout_s",))),
        (
            "stacks/Pulumi.local.yaml",
            "    target: local\n",
            "    target: local\n    functions: {health: {max_instances: 3}}\n",
            Step("Function health", "update", ("max_instances",)),
        ),
        (
            "stacks/Pulumi.local.yaml",
            "health: {max_instances: 3}",
            "health: {max_instances: 3, environment: {GREETING: hello}}",
            Step("Function health", "update", ('environment["GREETING"]',)),
        ),
        (
            "app/handlers/health.py",
            '"status": "ok"',
            '"status": "well"',
            Step("Function health", "update", ("fingerprint",)),
        ),
        (
            "stacks/Pulumi.local.yaml",
            "    target: local\n",
            "    target: local\n    local: {scaling: {goal: {wait_ms: 30}}}\n",
            Step("Runtime runtime", "update", ("wait_ms",)),
        ),
    ],
    ids=["memory", "timeout", "limit", "variable", "handler", "goal"],
)
def test_an_edit_is_an_update_of_one_resource_and_one_property(
    running: Project, file: str, old: str, new: str, step: Step, *, soak: bool
) -> None:
    """So is what a preview shows: of one edit of each file, or of each edit with --soak."""
    pid = running.supervisors()
    before = function_state(running)
    running.edit(file, old, new)
    if soak or set(step.properties) <= PREVIEWED:
        assert running.preview().ok().steps == (step,)
        assert function_state(running) == before, "a preview changed what runs"
    done = running.up().ok()
    assert done.steps == (step,)
    assert (function_state(running) != before) == (step.resource == "Function health")
    assert running.serves()
    assert running.supervisors() == pid


def test_a_new_route_is_an_update_of_the_gateway_and_of_the_function_that_serves_it(
    running: Project,
) -> None:
    route = 'Route(method="GET", path="/alive", function="health"),\n'
    running.edit(
        SHOP, '"/health", function="health"),\n', f'"/health", function="health"),\n    {route}'
    )
    alone = running.preview()
    assert alone.code != 0
    assert "ROUTES in app/handlers/health.py does not have it" in alone.told
    running.edit(
        "app/handlers/health.py",
        '{"GET /health": health}',
        '{"GET /health": health, "GET /alive": health}',
    )
    steps = (
        Step("Function health", "update", ("fingerprint",)),
        Step("Gateway gateway", "update", ('routes["GET /alive"]',)),
    )
    assert running.preview().ok().steps == steps
    assert running.up().ok().steps == steps
    assert running.get("/alive").json()["status"] == "well"


def test_after_all_of_them_nothing_is_left_to_do(running: Project) -> None:
    seen = running.preview().ok()
    assert (seen.steps, seen.drift) == ((), ())
    assert running.get().json() == {"status": "well", "stack": "local"}
    running.wait_quiet()
