"""The shop is data: a function of the settings and the stack's name, and right for every cloud."""

from typing import get_args

import pytest

from infra.check import problems
from infra.model import Function, KeptReady, Provider, Route, Scaling
from infra.settings import Settings
from infra.settings_overrides import FunctionOverrides, KeptReadyOverrides
from infra.shop import FUNCTIONS, NAMES, ROUTES, fitted, platform
from infra.shop_payments import PAYING

LOCAL = Settings(target="local")


@pytest.mark.parametrize("provider", get_args(Provider))
def test_the_shop_as_declared_suits_every_provider(provider: Provider) -> None:
    """Without a word in the settings nothing is refused, here or on a cloud."""
    assert problems(platform(LOCAL, "dev"), provider, local=False) == ()


def test_health_answers_on_its_route() -> None:
    """The first thing that a new stack can be asked."""
    assert "health" in NAMES["functions"]
    assert Route(method="GET", path="/health", function="health") in ROUTES


def test_a_platform_has_the_declared_functions_and_routes_in_their_order() -> None:
    """Nothing is added or lost on the way, so two runs declare the same."""
    made = platform(LOCAL, "dev")
    assert tuple(function.name for function in made.functions) == NAMES["functions"]
    assert tuple(route.key for route in made.routes) == NAMES["routes"]
    assert made.stack == "dev"
    assert made == platform(LOCAL, "dev")


def test_settings_reach_the_function_they_name_and_no_other() -> None:
    """An override changes what it states."""
    changed = NAMES["functions"][0]
    wanted = Settings(target="local", functions={changed: FunctionOverrides(memory_mb=512)})
    before, after = platform(LOCAL, "dev").functions, platform(wanted, "dev").functions
    assert after[0].memory_mb == 512
    assert after[0].timeout_s == before[0].timeout_s == FUNCTIONS[0].timeout_s
    assert after[1:] == before[1:]


def test_every_override_has_its_place_in_the_function() -> None:
    """No key of the settings is accepted and then forgotten."""
    given = FunctionOverrides(
        memory_mb=1,
        timeout_s=2,
        min_instances=3,
        max_instances=4,
        queue_ms=5,
        snap_start=True,
        scheduled={
            "night": KeptReadyOverrides(cron="0 19 * * *", min_instances=3),
            "day": KeptReadyOverrides(cron="0 7 * * *", time_zone="Asia/Tokyo", min_instances=4),
        },
        environment={"AN": "b"},
    )
    assert set(given.model_dump(exclude_unset=True)) == set(FunctionOverrides.model_fields)
    assert fitted(Function(name="cart"), given, "dev") == Function(
        name="cart",
        memory_mb=1,
        timeout_s=2,
        scaling=Scaling(
            min_instances=3,
            max_instances=4,
            queue_ms=5,
            snap_start=True,
            scheduled=(
                KeptReady(name="day", cron="0 7 * * *", time_zone="Asia/Tokyo", min_instances=4),
                KeptReady(name="night", cron="0 19 * * *", time_zone="UTC", min_instances=3),
            ),
        ),
        environment={"AN": "b", "SHOP_STACK": "dev", "SHOP_HANDLER": "cart"},
    )


def test_a_stack_adds_to_a_functions_own_variables_and_wins_over_them() -> None:
    """The function's own are defaults."""
    own = Function(name="cart", environment={"AN": "own", "BE": "own"})
    made = fitted(own, FunctionOverrides(environment={"BE": "stack"}), "dev")
    assert (made.environment["AN"], made.environment["BE"]) == ("own", "stack")


def test_the_entrypoint_learns_which_function_it_serves() -> None:
    """It holds the function's name as the platform has it."""
    made = fitted(Function(name="order-mail"), FunctionOverrides(), "dev")
    assert made.environment == {"SHOP_STACK": "dev", "SHOP_HANDLER": "order-mail"}


def test_a_function_with_a_handler_of_its_own_is_given_no_other() -> None:
    """Its code is called by the provider directly."""
    own = Function(name="hello", handler="app.handlers.hello.lambda_handler")
    assert fitted(own, FunctionOverrides(), "dev").environment == {"SHOP_STACK": "dev"}


def test_the_fake_provider_brings_its_page_and_its_webhooks_and_stripe_its_secrets() -> None:
    """Where Stripe takes the money, nothing is left that could take a made-up card."""
    fake = platform(Settings(target="local", payments="fake"), "dev")
    stripe = platform(Settings(target="aws", payments="stripe"), "dev")
    brought = {"paypage", "payhooks"}

    assert platform(LOCAL, "dev") == fake
    assert {each.name for each in fake.functions} - {each.name for each in stripe.functions} == (
        brought
    )
    assert {each.path for each in fake.routes if each.function in brought} == {
        "/payments/fake/{payment}"
    }
    assert not [each for each in stripe.routes if "fake" in each.path]
    for made, asked, verified in (
        (fake, set[str](), "payments-webhook"),
        (stripe, {"stripe-key"}, "stripe-webhook"),
    ):
        asking = {
            each.name: each.environment["SHOP_PAYMENTS"]
            for each in made.functions
            if "SHOP_PAYMENTS" in each.environment
        }
        assert asking.keys() - {"payhooks"} == set(PAYING)
        for name in asking:
            mine = {
                each.resource
                for each in made.grants
                if (each.function, each.kind) == (name, "secret")
            }
            takes = {verified} if name in ("webhooks", "payhooks") else set()
            assert mine - {"token-key"} == asked | takes
    assert "fake" not in repr([(each.kind, each.resource) for each in stripe.grants])


def test_the_shop_with_stripe_suits_every_provider_too() -> None:
    """The checks hold for what a customer's stack states."""
    for provider in get_args(Provider):
        made = platform(Settings(target="local", payments="stripe"), "dev")
        assert problems(made, provider, local=False) == ()
