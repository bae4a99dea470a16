"""The stack aws-dev on the real engine, from nothing to nothing, and its functions in between.

In order: each test goes on with what the one before left. The provider's plugin and the moto that
plays AWS are stand-ins: UNTAGGED and CONSUMERS are what these cannot do.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.adapters.aws.blobs import open_bucket
from infra import settings, shop
from infra.model import Platform
from tests.support import walk, walk_after, walk_shop
from tests.support.aws_demands import demanded
from tests.support.aws_engine import UNTAGGED, CloudStack, stack
from tests.support.aws_left import left
from tests.support.aws_packed import grant_of, packed
from tests.support.steps import Step

NAME = "aws-dev"
SHOP = "infra/shop.py"
# the plugin tells a consumer's `queues` as a list once it was read, where the SDK has a text
CONSUMERS = ("--exclude", "**::consumer-*")
# what the plugin tells besides the one argument that is edited: all that a new version has anew
OF_A_VERSION = {"lastModified", "qualifiedArn", "qualifiedInvokeArn", "version"}


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudStack]:
    """The stack, not up yet, for all tests here."""
    with stack(tmp_path_factory.mktemp(NAME), NAME) as made:
        yield made


@pytest.fixture(scope="module")
def platform(dev: CloudStack) -> Platform:
    """The platform that the copy declares."""
    return shop.platform(settings.parse(dev.stated(), dev.file, shop.NAMES), NAME)


def test_up_creates_everything_that_the_platform_demands(
    dev: CloudStack, platform: Platform
) -> None:
    ran = dev.up().ok()
    assert "using pulumi-resource-aws from $PATH" in ran.output
    assert {step.operation for step in ran.steps} == {"create"}
    assert dev.counted() == demanded(platform)


def test_a_second_up_changes_nothing(dev: CloudStack) -> None:
    assert dev.up(*UNTAGGED).ok().steps == ()


def test_what_the_cloud_has_is_what_the_state_says(dev: CloudStack) -> None:
    ran = dev.up("--refresh", *UNTAGGED, *CONSUMERS).ok()
    assert (ran.steps, ran.drift) == ((), ())


def test_the_packed_functions_serve_a_customer_with_what_their_roles_allow(
    dev: CloudStack, platform: Platform, tmp_path: Path
) -> None:
    for each in sorted({each.resource for each in platform.grants if each.kind == "secret"}):
        dev.command("secret", "--name", each, "--random").ok()
    with packed(dev, platform, tmp_path) as shop_packed:
        stated = json.loads(shop_packed.variables("admin")["SHOP_BUCKETS"])["images"]
        assert open_bucket("images", stated).public_url("a").startswith("https://")
        walk.whole(shop_packed, NAME)
        walk_after.whole(shop_packed, walk_shop.whole(shop_packed))
        assert shop_packed.imported_elsewhere() == set()
        judged = shop_packed.judged()
        assert judged.refused() == []
        assert judged.useless(grant_of) == set(walk_after.UNUSED)


def test_an_edit_of_a_handler_updates_its_function_and_the_alias_alone(dev: CloudStack) -> None:
    dev.project.edit("app/handlers/health.py", '"status": "ok"', '"status": "well"')
    alias, function = dev.up(*UNTAGGED).ok().steps
    assert alias == Step("Alias function-health-live", "update", ("functionVersion",))
    assert (function.resource, function.operation) == ("Function function-health-code", "update")
    assert set(function.properties) - OF_A_VERSION == {"code"}


def test_an_edit_of_a_limit_changes_that_limit_alone(dev: CloudStack) -> None:
    dev.settings(queues={"welcome": {"max_concurrency": 3}})
    assert dev.up(*UNTAGGED).ok().steps == (
        Step("EventSourceMapping consumer-welcome", "update", ("scalingConfig",)),
    )
    every = dev.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    (found,) = [each for each in every if ":shop-aws-dev-notify:" in each["FunctionArn"]]
    assert found["ScalingConfig"] == {"MaximumConcurrency": 3}


def test_a_removed_route_goes_with_its_permission_and_its_limits(
    dev: CloudStack, platform: Platform
) -> None:
    route = '    Route(method="GET", path="/openapi.json", function="docs"),\n'
    dev.project.edit(SHOP, route, "")
    served = '    "GET /openapi.json": Operation(openapi, gives={200: dict, 304: None}),\n'
    dev.project.edit("app/handlers/docs.py", served, "")
    done = {(step.resource, step.operation) for step in dev.up(*UNTAGGED).ok().steps}
    gone = "GET /openapi.json"
    assert done == {
        (f"Permission gateway-permission-{gone}", "delete"),
        (f"Route gateway-{gone}", "delete"),
        ("Stage gateway-stage", "update"),
        ("Function function-docs-code", "update"),  # its handler serves one route less
        ("Alias function-docs-live", "update"),
    }
    api = dev.client("apigatewayv2")
    (found,) = api.get_apis()["Items"]
    where = {"ApiId": found["ApiId"]}
    routes = {each["RouteKey"] for each in api.get_routes(**where)["Items"]}
    assert routes == {each.key for each in platform.routes} - {gone}
    stage = api.get_stage(**where, StageName="$default")
    assert set(stage["RouteSettings"]) == routes


def test_a_renamed_table_is_refused_without_allow_replace(dev: CloudStack) -> None:
    dev.rename_table("notifications", "tellings")
    refused = dev.preview(*UNTAGGED)
    assert refused.code != 0
    assert "table-notifications" in refused.told
    assert "protect" in refused.told


def test_it_is_renamed_once_the_settings_allowed_it(dev: CloudStack) -> None:
    dev.rename_table("tellings", "notifications")
    dev.settings(tables={"notifications": {"allow_replace": True}})
    allowed = dev.up(*UNTAGGED).ok()
    assert {step.resource for step in allowed.steps} <= {"Table table-notifications"}
    dev.rename_table("notifications", "tellings")
    dev.settings(tables={})
    renamed = dev.up(*UNTAGGED).ok()
    assert Step("Table table-tellings", "create") in renamed.steps
    assert Step("Table table-notifications", "delete") in renamed.steps
    names = dev.client("dynamodb").list_tables()["TableNames"]
    assert f"shop-{NAME}-tellings" in names
    assert f"shop-{NAME}-notifications" not in names


def test_down_keeps_data_until_it_is_told_not_to_and_then_nothing_is_left(
    dev: CloudStack,
) -> None:
    before = left(dev.client)
    kept = dev.command("down", "--yes")
    assert kept.code != 0
    assert "--with-data" in kept.output
    assert left(dev.client) == before
    dev.command("down", "--with-data", "--yes").ok()
    assert left(dev.client) == {}
    assert dev.resources() == []
