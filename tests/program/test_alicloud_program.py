"""The whole program of each stack on Alibaba Cloud declares the shop, and keeps no secret."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from typing import Any

import pytest

from infra import settings
from infra.alicloud.access import LONGEST_POLICY
from infra.alicloud.routes import domain_routes
from infra.alicloud.stack import UNTHROTTLED
from infra.demanded import demanded as with_limits
from infra.model import Platform
from infra.shop import NAMES
from infra.shop import platform as platform_of
from tests.support import programs
from tests.support.alicloud_demands import demanded
from tests.support.alicloud_program import ACCOUNT, REGION
from tests.support.alicloud_stacks import STACKS, whole
from tests.support.program import ROOT, Declared
from tests.support.programs import Resource, all_deprecated, as_declared, without_tag
from tests.support.stacks import config_of

DEV, PROD = STACKS
THROTTLE = {"rate": 9, "burst": 9}
# what a bucket's rule does; help/en/oss/user-guide/0014-00000084
ACTIONS = {"expirations", "noncurrentVersionExpirations", "abortMultipartUploads"}

# a whole program takes seconds: one of them is enough for `make test-fast`
each_stack = pytest.mark.parametrize("stack", [DEV, pytest.param(PROD, marks=pytest.mark.long)])


@cache
def program(stack: str) -> tuple[Declared, dict[str, Any]]:
    """The program of a stack, run once for all tests that only look at it."""
    return whole(stack)


def platform(stack: str) -> Platform:
    """What a stack's file makes of the shop."""
    stated = settings.parse(config_of(stack)["shop:settings"], stack, NAMES)
    return with_limits(platform_of(stated, stack), stated, ROOT).platform


def resources(stack: str) -> Iterator[Resource]:
    """Every resource of a stack that is Alibaba Cloud's."""
    return programs.resources(program(stack)[0], "alicloud")


def of_kind(stack: str, kind: str) -> dict[str, dict[str, Any]]:
    """The inputs of all resources of a kind, by their names."""
    return {name: inputs for each, name, inputs in resources(stack) if each == f"alicloud:{kind}"}


@each_stack
def test_the_program_declares_every_part_of_the_shop_once(stack: str) -> None:
    declared, _ = program(stack)
    stated = platform(stack)
    components = {
        "Table": [f"table-{each.name}" for each in stated.tables],
        "Bucket": [f"bucket-{each.name}" for each in stated.buckets],
        "Queue": [f"queue-{each.name}" for each in stated.queues],
        "Consumer": [f"consumer-{each.name}" for each in stated.queues],
        "Function": [f"function-{each.name}" for each in stated.functions],
        "Schedule": [f"schedule-{each.name}" for each in stated.schedules],
        "Gateway": ["gateway"],
    }
    for kind, names in components.items():
        assert sorted(declared.names(f"shop:alicloud:{kind}")) == sorted(names)
    declared_names = Counter((kind, name) for kind, name, _ in resources(stack))
    assert max(declared_names.values()) == 1


@each_stack
def test_it_declares_what_the_platform_demands_and_nothing_besides(stack: str) -> None:
    stated = settings.parse(config_of(stack)["shop:settings"], stack, NAMES)
    found = Counter(kind for kind, _, _ in resources(stack))
    assert found == demanded(platform(stack), stated.alicloud)


@pytest.mark.long
def test_without_a_domain_each_route_is_an_api_and_with_one_a_path_of_it() -> None:
    apis = of_kind(DEV, "apigateway/api:Api")
    assert sorted(each["description"] for each in apis.values()) == sorted(
        each.key for each in platform(DEV).routes
    )
    assert of_kind(DEV, "fc/v3CustomDomain:V3CustomDomain") == {}
    (domain,) = of_kind(PROD, "fc/v3CustomDomain:V3CustomDomain").values()
    assert [
        (each["path"], tuple(each["methods"]), each["functionName"].removeprefix(f"shop-{PROD}-"))
        for each in domain["routeConfig"]["routes"]
    ] == [(each.path, each.methods, each.function) for each in domain_routes(platform(PROD).routes)]
    assert domain["protocol"] == "HTTPS"
    assert {each["qualifier"] for each in domain["routeConfig"]["routes"]} == {"live"}
    assert of_kind(PROD, "apigateway/api:Api") == {}


@each_stack
def test_no_function_has_an_address_of_its_own_on_the_internet(stack: str) -> None:
    triggers = [
        json.loads(each["triggerConfig"])
        for each in of_kind(stack, "fc/v3Trigger:V3Trigger").values()
        if each["triggerType"] == "http"
    ]
    assert len(triggers) == len({route.function for route in platform(stack).routes})
    assert all(each["disableURLInternet"] for each in triggers)


@each_stack
def test_no_argument_is_deprecated(stack: str) -> None:
    """A deprecated argument goes with the provider's next version, and the stack with it."""
    assert all_deprecated(resources(stack)) == []


@each_stack
def test_no_bucket_has_rules_that_oss_refuses_together(stack: str) -> None:
    """Of two whose prefixes overlap each action is one's alone, unless the bucket allows it."""
    for bucket in of_kind(stack, "oss/bucket:Bucket").values():
        rules = bucket.get("lifecycleRules", [])
        clashes = [
            action
            for one, other in combinations(rules, 2)
            if one["prefix"].startswith(other["prefix"])
            or other["prefix"].startswith(one["prefix"])
            for action in ACTIONS & one.keys() & other.keys()
        ]
        assert not clashes or bucket["lifecycleRuleAllowSameActionOverlap"], clashes


@each_stack
def test_whatever_can_have_tags_says_whose_it_is(stack: str) -> None:
    """A bill, and a clean-up by hand, go by tags."""
    assert without_tag(resources(stack), stack) == []


@each_stack
def test_no_resource_holds_a_value_of_a_secret(stack: str) -> None:
    """`make secret` makes them; what reads them is told their names."""
    kinds = {kind for kind, _, _ in resources(stack)}
    assert not [kind for kind in kinds if "secret" in kind.lower()]
    written = json.dumps([inputs for _, _, inputs in resources(stack)], default=str)
    assert not re.search(r"PRIVATE KEY|privateKey|LTAI[A-Za-z0-9]{12}", written)


@each_stack
def test_no_policy_is_larger_than_ram_takes(stack: str) -> None:
    policies = of_kind(stack, "ram/policy:Policy")
    assert len(policies) >= len(platform(stack).functions)
    for each in policies.values():
        assert len(each["policyDocument"].encode()) <= LONGEST_POLICY


@pytest.mark.long
def test_the_outputs_are_addresses_and_what_public_records_hold() -> None:
    """Whoever may read a stack's outputs learns where it is, and no more."""
    assert program(DEV)[1] == {
        "url": f"https://0123456789abcdef-{REGION}.alicloudapi.com",
        "alarms": f"shop-{DEV}-alarms",
    }
    assert program(PROD)[1] == {
        "url": "https://shop.example.com",
        "alarms": f"shop-{PROD}-alarms",
        "domain_target": f"{ACCOUNT}.{REGION}.fc.aliyuncs.com",
        "images_domain_proof": "TXT _dnsauth.images.example.com be1d49d863dea9ff",
        "uploads_domain_proof": "TXT _dnsauth.files.example.com be1d49d863dea9ff",
    }


@pytest.mark.long
def test_an_offline_preview_declares_what_any_other_does() -> None:
    """It differs in keys and state alone, so its plan is worth reading."""
    declared, _ = whole(DEV, shop__offline="true")
    assert as_declared(declared) == as_declared(program(DEV)[0])


@pytest.mark.long
@pytest.mark.parametrize(
    "stated", [{}, {"throttle": THROTTLE}, {"routes": {"POST /sessions": THROTTLE}}]
)
def test_throttles_that_a_stack_states_at_a_domain_are_told_to_hold_nobody(
    stated: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    whole(PROD, shop__settings=json.dumps(config_of(PROD)["shop:settings"] | stated))
    assert (UNTHROTTLED.format("shop.example.com") in caplog.messages) == bool(stated)


def test_settings_that_alibaba_cloud_would_refuse_declare_nothing() -> None:
    stated = config_of(DEV)["shop:settings"]
    stated["functions"] = {"auth": {"snap_start": True}}
    with pytest.raises(SystemExit):
        whole(DEV, shop__settings=json.dumps(stated))
