"""The whole program of each stack on AWS declares the shop as AWS wants it, and keeps no secret."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from infra import settings, shop
from infra.demanded import demanded
from infra.errors import Refused
from infra.model import Platform, Scaling
from tests.support import programs
from tests.support.arguments import arguments, deprecated
from tests.support.aws_stacks import STACKS, whole
from tests.support.program import ROOT, Declared
from tests.support.programs import Resource, all_deprecated, as_declared, without_tag
from tests.support.stacks import config_of

DEV, PROD = STACKS
# a whole program takes seconds: one of them is enough for `make test-fast`
each_stack = pytest.mark.parametrize("stack", [DEV, pytest.param(PROD, marks=pytest.mark.long)])


@cache
def program(stack: str) -> tuple[Declared, dict[str, Any]]:
    """The program of a stack, run once for all tests that only look at it."""
    return whole(stack)


def platform(stack: str) -> Platform:
    """What a stack's file makes of the shop."""
    stated = settings.parse(config_of(stack)["shop:settings"], stack, shop.NAMES)
    return demanded(shop.platform(stated, stack), stated, ROOT).platform


def resources(stack: str) -> Iterator[Resource]:
    """Every resource of a stack that is AWS's."""
    return programs.resources(program(stack)[0], "aws")


@each_stack
def test_the_program_declares_every_part_of_the_shop_once(stack: str) -> None:
    declared, _ = program(stack)
    stated = platform(stack)
    secrets = {each.resource for each in stated.grants if each.kind == "secret"}
    components = {
        "Table": [f"table-{each.name}" for each in stated.tables],
        "Bucket": [f"bucket-{each.name}" for each in stated.buckets],
        "Queue": [f"queue-{each.name}" for each in stated.queues],
        "Consumer": [f"consumer-{each.name}" for each in stated.queues],
        "Function": [f"function-{each.name}" for each in stated.functions],
        "Schedule": [f"schedule-{each.name}" for each in stated.schedules],
        "Secret": [f"secret-{each}" for each in sorted(secrets)],
        "Gateway": ["gateway"],
    }
    for kind, names in components.items():
        assert sorted(declared.names(f"shop:aws:{kind}")) == sorted(names)
    routes = [
        inputs["routeKey"]
        for kind, _, inputs in resources(stack)
        if kind == "aws:apigatewayv2/route:Route"
    ]
    assert sorted(routes) == sorted(route.key for route in stated.routes)
    declared_names = Counter((kind, name) for kind, name, _ in resources(stack))
    assert max(declared_names.values()) == 1


@each_stack
def test_no_argument_is_deprecated_and_the_look_for_them_sees_nested_ones(stack: str) -> None:
    """A deprecated argument goes with the provider's next version, and the stack with it."""
    assert all_deprecated(resources(stack)) == []
    index = {"globalSecondaryIndexes": [{"name": "by", "hashKey": "a"}]}
    seen = deprecated(arguments("aws:dynamodb/table:Table"), index, "table")
    assert list(seen) == ["table.globalSecondaryIndexes.hashKey"]


@each_stack
def test_whatever_can_have_tags_says_whose_it_is(stack: str) -> None:
    """A bill, and a clean-up by hand, go by tags."""
    assert without_tag(resources(stack), stack) == []


@each_stack
def test_no_resource_holds_a_value_of_a_secret(stack: str) -> None:
    """Secrets are declared empty; what reads them is told their names."""
    kinds = {kind for kind, _, _ in resources(stack)}
    assert "aws:secretsmanager/secret:Secret" in kinds
    assert not [kind for kind in kinds if "secretversion" in kind.lower()]
    written = json.dumps([inputs for _, _, inputs in resources(stack)], default=str)
    assert not re.search(r"secretString|secretBinary|PRIVATE KEY|AKIA[A-Z0-9]{16}", written)


@each_stack
def test_the_outputs_are_addresses_and_nothing_else(stack: str) -> None:
    """Whoever may read a stack's outputs learns where it is."""
    _, exported = program(stack)
    assert sorted(exported) == ["alarms", "url"]
    assert exported["url"] == "https://gateway.execute-api.eu-central-1.amazonaws.com"


@pytest.mark.long
def test_the_stacks_differ_in_their_files_alone() -> None:
    """What is tried in one is what runs in the other: no name of a stack stands in the program."""
    dev, prod = DEV, PROD
    stated = {stack: config_of(stack)["shop:settings"] for stack in STACKS}
    alike = {**stated[prod], "payments": stated[dev]["payments"]}  # which are parts of the shop
    paid_alike, _ = whole(prod, shop__settings=json.dumps(alike))
    kinds = [
        {
            (kind, name.replace(stack, "*"))
            for kind, name, _ in programs.resources(declared, "aws")
            if "ready" not in name  # prod alone keeps instances ready
        }
        for stack, declared in ((dev, program(dev)[0]), (prod, paid_alike))
    ]
    assert kinds[0] == kinds[1]


@pytest.mark.long
def test_a_stack_that_states_its_traffic_has_the_limits_that_follow() -> None:
    """What the program reserves is what its platform was given, and not what is declared."""
    found = {
        inputs["name"].removeprefix("shop-aws-prod-"): inputs["reservedConcurrentExecutions"]
        for kind, _, inputs in resources("aws-prod")
        if kind == "aws:lambda/function:Function"
    }
    wanted = platform("aws-prod").functions
    assert found == {each.name: each.scaling.max_instances for each in wanted}
    assert found["catalog"] != Scaling().max_instances


@pytest.mark.long
def test_an_offline_preview_declares_what_any_other_does() -> None:
    """It differs in keys and state alone, so its plan is worth reading."""
    declared, _ = whole("aws-dev", shop__offline="true")
    usual, _ = program("aws-dev")
    assert as_declared(declared) == as_declared(usual)


def test_settings_that_aws_would_refuse_declare_nothing() -> None:
    stated = config_of("aws-prod")["shop:settings"]
    stated["functions"]["auth"]["snap_start"] = True
    with pytest.raises(SystemExit):
        whole("aws-prod", shop__settings=json.dumps(stated))
    with pytest.raises(Refused):
        settings.parse({**stated, "target": "cloud"}, "aws-prod", shop.NAMES)
