"""The stack aws-dev on the real engine, from nothing to nothing, and its functions in between.

By default it has the small shop: all functions are called in `test_aws_walk`, without the engine.
`make soak` brings up the whole one, and calls all functions here too.

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
from tests.support import walk
from tests.support.aws_demands import demanded
from tests.support.aws_deployed import by_engine
from tests.support.aws_engine import UNTAGGED, CloudStack, stack
from tests.support.aws_left import left
from tests.support.aws_packed import grant_of, packed
from tests.support.small_shop import shrink, small
from tests.support.steps import Step
from tests.support.walk_all import walk_all

NAME = "aws-dev"
SHOP = "infra/shop.py"
# the plugin tells a consumer's `queues` as a list once it was read, where the SDK has a text
CONSUMERS = ("--exclude", "**::consumer-*")
# what the plugin tells besides the one argument that is edited: all that a new version has anew
OF_A_VERSION = {"lastModified", "qualifiedArn", "qualifiedInvokeArn", "version"}


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory, *, whole_shop: bool) -> Iterator[CloudStack]:
    """The stack, not up yet, for all tests here."""
    with stack(tmp_path_factory.mktemp(NAME), NAME) as made:
        if not whole_shop:
            shrink(made.project)
        yield made


@pytest.fixture(scope="module")
def platform(dev: CloudStack, *, whole_shop: bool) -> Platform:
    """The platform that the copy declares."""
    whole = shop.platform(settings.parse(dev.stated(), dev.file, shop.NAMES), NAME)
    return whole if whole_shop else small(whole)


def test_up_creates_everything_that_the_platform_demands(
    dev: CloudStack, platform: Platform
) -> None:
    ran = dev.up().ok()
    assert "using pulumi-resource-aws from $PATH" in ran.output
    assert {step.operation for step in ran.steps} == {"create"}
    assert dev.counted() == demanded(platform)


def test_a_second_up_changes_nothing_and_the_cloud_has_what_the_state_says(
    dev: CloudStack,
) -> None:
    ran = dev.up("--refresh", *UNTAGGED, *CONSUMERS).ok()
    assert (ran.steps, ran.drift) == ((), ())


def test_the_packed_functions_serve_a_customer_with_what_their_roles_allow(
    dev: CloudStack, platform: Platform, tmp_path: Path, *, whole_shop: bool
) -> None:
    for each in sorted({each.resource for each in platform.grants if each.kind == "secret"}):
        dev.command("secret", "--name", each, "--random").ok()
    with (
        by_engine(dev, platform) as deployed,
        packed(deployed, dev.project.root, platform, tmp_path) as shop_packed,
    ):
        stated = json.loads(shop_packed.variables("catalog")["SHOP_BUCKETS"])["images"]
        assert open_bucket("images", stated).public_url("a").startswith("https://")
        if whole_shop:
            walk_all(shop_packed, NAME, grant_of)
        else:
            walk.upload_and_download(shop_packed, walk.register_and_log_in(shop_packed))
            assert shop_packed.deliver("welcome") == 1
            assert shop_packed.judged().refused() == []


def test_a_renamed_table_is_refused_without_allow_replace(dev: CloudStack) -> None:
    dev.rename_table("notifications", "tellings")
    refused = dev.preview(*UNTAGGED)
    assert refused.code != 0
    assert "table-notifications" in refused.told
    assert "protect" in refused.told
    dev.rename_table("tellings", "notifications")


def test_edits_of_a_handler_of_a_limit_and_of_a_route_change_these_alone(
    dev: CloudStack, platform: Platform
) -> None:
    """A removed route goes with its permission and its limits. What may be replaced stays so."""
    dev.project.edit("app/handlers/health.py", '"status": "ok"', '"status": "well"')
    dev.settings(
        queues={"welcome": {"max_concurrency": 3}},
        tables={"notifications": {"allow_replace": True}},
    )
    gone = "GET /openapi.json"
    route = '    Route(method="GET", path="/openapi.json", function="docs"),\n'
    dev.project.edit(SHOP, route, "")
    served = '    "GET /openapi.json": Operation(openapi, gives={200: dict, 304: None}),\n'
    dev.project.edit("app/handlers/docs.py", served, "")
    steps = {each.resource: each for each in dev.up(*UNTAGGED).ok().steps}
    code = [steps.pop(f"Function function-{each}-code") for each in ("docs", "health")]
    assert {each.operation for each in code} == {"update"}
    assert [set(each.properties) - OF_A_VERSION for each in code] == [{"code"}, {"code"}]
    assert steps.pop("Stage gateway-stage").operation == "update"
    assert set(steps.values()) == {
        Step("Alias function-docs-live", "update", ("functionVersion",)),
        Step("Alias function-health-live", "update", ("functionVersion",)),
        Step("EventSourceMapping consumer-welcome", "update", ("scalingConfig",)),
        Step(f"Permission gateway-permission-{gone}", "delete"),
        Step(f"Route gateway-{gone}", "delete"),
    }
    every = dev.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    (found,) = [each for each in every if ":shop-aws-dev-notify:" in each["FunctionArn"]]
    assert found["ScalingConfig"] == {"MaximumConcurrency": 3}
    api = dev.client("apigatewayv2")
    (found,) = api.get_apis()["Items"]
    where = {"ApiId": found["ApiId"]}
    routes = {each["RouteKey"] for each in api.get_routes(**where)["Items"]}
    assert routes == {each.key for each in platform.routes} - {gone}
    stage = api.get_stage(**where, StageName="$default")
    assert set(stage["RouteSettings"]) == routes


def test_a_table_is_renamed_once_the_settings_allowed_it(dev: CloudStack) -> None:
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
