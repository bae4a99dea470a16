"""What a function may do on AWS is what it is granted, and its environment says the same."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pulumi
import pytest

from infra import shop
from infra.aws.access import WILDCARDS, Allowed, Places, allowed, environment, statements
from infra.aws.names import Names
from infra.model import Action, Bucket, Grant, Platform, Queue, Table
from infra.settings import Settings
from tests.support.program import apart
from tests.unit.sound_shop import SHOP, grant

WHOLE = shop.platform(Settings(target="aws"), "aws-dev")
NAMES = Names("aws-dev")


def places(platform: Platform, urls: Mapping[str, str] | None = None) -> Places:
    """Made-up ARNs that say what they are of: `arn:table:users`."""

    def all_of(form: str, names: Any) -> dict[str, pulumi.Output[str]]:
        return {name: pulumi.Output.from_input(form.format(name)) for name in names}

    tables, buckets = ({each.name for each in kind} for kind in (platform.tables, platform.buckets))
    queues = [each.name for each in platform.queues]
    secrets = {each.resource for each in platform.grants if each.kind == "secret"}
    return Places(
        tables=all_of("arn:table:{}", tables),
        buckets=all_of("arn:bucket:{}", buckets),
        queues=all_of("arn:queue:{}", queues),
        secrets=all_of("arn:secret:{}", secrets),
        bucket_names=all_of("shop-aws-dev-{}-1234567", buckets),
        bucket_urls={name: pulumi.Output.from_input(url) for name, url in (urls or {}).items()},
        queue_urls=all_of("https://sqs/{}", queues),
    )


def known(output: Any) -> Any:
    """What an output comes to; `output` makes it, on the loop that it is waited for on."""

    def work() -> Any:
        return asyncio.get_event_loop().run_until_complete(output().future())

    return apart(work)


def pairs(platform: Platform, function: str) -> set[tuple[str, str]]:
    """Every action with every resource that the function's policy allows it on."""
    made = known(lambda: statements(platform, function, places(platform)))
    assert all(each["Effect"] == "Allow" for each in made)
    listed = [(a, r) for each in made for a in each["Action"] for r in each["Resource"]]
    assert len(set(listed)) == len(listed)
    return set(listed)


def told(platform: Platform, function: str, **more: Any) -> dict[str, Any]:
    """The variables that the function gets, those in JSON as what they state."""
    (stated,) = [each for each in platform.functions if each.name == function]
    made = known(lambda: environment(platform, stated, NAMES, places(platform, **more)))
    return {name: json.loads(v) if v[:1] == "{" else v for name, v in made.items()}


def test_the_policy_of_a_function_with_every_kind_of_grant_is_exactly_this() -> None:
    orders, sessions = "arn:table:orders", "arn:table:sessions"
    of_images = grant("orders", "bucket", "images", "read", "write")
    granting = (*(each for each in SHOP.grants if each.kind != "bucket"), of_images)
    assert pairs(replace(SHOP, grants=granting), "orders") == {
        *((f"dynamodb:{each}", orders) for each in ("GetItem", "Query")),
        *((f"dynamodb:{each}", orders) for each in ("PutItem", "UpdateItem", "DeleteItem")),
        ("dynamodb:Query", f"{orders}/index/by_user"),
        *((f"dynamodb:{each}", sessions) for each in ("GetItem", "Query")),
        ("s3:GetObject", "arn:bucket:images/*"),
        ("s3:PutObject", "arn:bucket:images/*"),
        ("s3:DeleteObject", "arn:bucket:images/*"),
        ("s3:ListBucket", "arn:bucket:images"),
        ("sqs:SendMessage", "arn:queue:mails"),
        ("secretsmanager:GetSecretValue", "arn:secret:token-key"),
    }


def test_reading_a_bucket_lets_it_be_listed_so_that_a_missing_key_is_told_from_a_hidden_one() -> (
    None
):
    found = {each for each in pairs(SHOP, "orders") if each[0].startswith("s3:")}
    assert found == {
        ("s3:GetObject", "arn:bucket:images/*"),
        ("s3:ListBucket", "arn:bucket:images"),
    }


def test_who_consumes_a_queue_may_take_from_it_and_not_send_to_it() -> None:
    assert pairs(SHOP, "order-mail") == {
        ("sqs:ReceiveMessage", "arn:queue:mails"),
        ("sqs:DeleteMessage", "arn:queue:mails"),
        ("sqs:GetQueueAttributes", "arn:queue:mails"),
    }


def test_a_function_without_grants_may_do_nothing() -> None:
    assert pairs(WHOLE, "health") == set()
    assert told(WHOLE, "health") == {
        "SHOP_STACK": "aws-dev",
        "SHOP_HANDLER": "health",
        "SHOP_ADAPTERS": "aws",
    }


def test_a_wildcard_stands_only_where_aws_cannot_name_the_thing() -> None:
    for platform in (WHOLE, SHOP):
        for function in platform.functions:
            for action, resource in pairs(platform, function.name):
                assert "*" not in action
                assert ("*" in resource) == (action in WILDCARDS), (action, resource)
    assert all(WILDCARDS.values())


KINDS = {
    "table": (Table(name="things", partition="id"), "tables"),
    "bucket": (Bucket(name="things"), "buckets"),
    "queue": (Queue(name="things", consumer="order-mail"), "queues"),
}


@pytest.mark.parametrize(
    ("kind", "action"),
    [("table", "read"), ("table", "write"), ("bucket", "read"), ("bucket", "write"),
     ("queue", "send"), ("secret", "read")],
)  # fmt: skip
def test_one_grant_more_adds_actions_on_that_thing_and_on_no_other(
    kind: Any, action: Action
) -> None:
    platform = SHOP
    if kind in KINDS:
        thing, attribute = KINDS[kind]
        more: Any = {attribute: (*getattr(SHOP, attribute), thing)}
        platform = replace(SHOP, **more)
    before = pairs(platform, "orders")
    granting = (*platform.grants, grant("orders", kind, "things", action))
    added = pairs(replace(platform, grants=granting), "orders") - before
    assert added
    assert {resource.removesuffix("/*") for _, resource in added} == {f"arn:{kind}:things"}


def test_the_environment_says_where_each_granted_thing_is_and_what_may_be_done() -> None:
    found = told(WHOLE, "uploads")
    assert found["SHOP_ADAPTERS"] == "aws"
    assert found["SHOP_TABLES"]["uploads"] == {
        "may": ["read", "write"],
        "at": "shop-aws-dev-uploads",
        "partition": "owner",
        "sort": "upload",
        "indexes": {"by_pending": ["pending", "upload"]},
        "expiring": False,
    }
    assert set(found["SHOP_TABLES"]) == {"users", "sessions", "uploads"}
    assert found["SHOP_BUCKETS"] == {
        "uploads": {"may": ["read", "write"], "at": "shop-aws-dev-uploads-1234567"}
    }
    assert found["SHOP_SECRETS"] == {"token-key": {"may": ["read"], "at": "shop/aws-dev/token-key"}}
    assert "SHOP_QUEUES" not in found
    assert told(WHOLE, "auth")["SHOP_QUEUES"] == {
        "welcome": {"may": ["send"], "at": "https://sqs/welcome"}
    }


def test_a_public_bucket_is_told_with_its_address() -> None:
    url = "https://d1.cloudfront.net"
    assert told(SHOP, "orders", urls={"images": url})["SHOP_BUCKETS"]["images"]["url"] == url


def test_a_function_keeps_the_variables_of_its_own() -> None:
    (health,) = [each for each in WHOLE.functions if each.name == "health"]
    greeting = replace(health, environment={**health.environment, "GREETING": "hello"})
    platform = replace(WHOLE, functions=(greeting,))
    assert told(platform, "health")["GREETING"] == "hello"


def test_what_is_allowed_is_plain_data_in_an_order_of_its_own() -> None:
    shuffled = replace(WHOLE, grants=tuple(reversed(WHOLE.grants)))
    for function in WHOLE.functions:
        assert list(allowed(WHOLE, function.name)) == list(allowed(shuffled, function.name))
    reading = Grant(function="docs", kind="secret", resource="a-key", actions=frozenset({"read"}))
    assert list(allowed(replace(WHOLE, grants=(reading,)), "docs")) == [
        Allowed("secret", "a-key", ("secretsmanager:GetSecretValue",))
    ]
