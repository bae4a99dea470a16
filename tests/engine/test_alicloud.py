"""The stacks on Alibaba Cloud on the real engine, each from nothing to nothing.

The whole shop is brought up as alicloud-dev; of alicloud-prod its settings are what is looked at.

In order: each test goes on with what the one before left.
"""

from collections import Counter
from collections.abc import Iterator

import pytest

from infra import settings, shop
from tests.support.alicloud_demands import demanded
from tests.support.alicloud_engine import stack
from tests.support.alicloud_stacks import STACKS
from tests.support.engine_stack import EngineStack
from tests.support.small_shop import shrink, small
from tests.support.steps import Step

PROD = "alicloud-prod"


@pytest.fixture(scope="module", params=STACKS)
def cloud(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EngineStack]:
    """One of the stacks, not up yet, for all tests here."""
    with stack(tmp_path_factory.mktemp(request.param), request.param) as made:
        if request.param == PROD:
            shrink(made.project)
        stated = made.stated()["alicloud"]
        if "domain" in stated:
            # a schema of before the provider's 1.290 knows certificates in the clear alone
            made.settings(alicloud={**stated, "domain": {"name": stated["domain"]["name"]}})
        yield made


def wanted(cloud: EngineStack) -> Counter[str]:
    """What the stack's platform demands."""
    stated = settings.parse(cloud.stated(), cloud.file, shop.NAMES)
    platform = shop.platform(stated, cloud.name)
    return demanded(small(platform) if cloud.name == PROD else platform, stated.alicloud)


def test_a_preview_changes_nothing_and_warns_of_an_address_for_trials(cloud: EngineStack) -> None:
    ran = cloud.preview().ok()
    assert "using pulumi-resource-alicloud from $PATH" in ran.output
    assert ("for trials" in ran.output) is ("domain" not in cloud.stated()["alicloud"])
    assert {step.operation for step in ran.steps} == {"create"}
    assert cloud.counted() == Counter()


def test_up_creates_everything_that_the_platform_demands(cloud: EngineStack) -> None:
    ran = cloud.up().ok()
    assert {step.operation for step in ran.steps} == {"create"}
    assert cloud.counted() == wanted(cloud)
    # what it waits for at a real account is told meanwhile, not at the end
    bound = cloud.stated()["alicloud"].get("bucket_domains", {}).values()
    assert all(f"OSS binds {each['name']} to its bucket once" in ran.output for each in bound)


def test_a_second_up_changes_nothing(cloud: EngineStack) -> None:
    assert cloud.up().ok().steps == ()


def test_an_edit_of_a_handler_changes_its_function_alone(cloud: EngineStack) -> None:
    cloud.project.edit("app/handlers/health.py", '"status": "ok"', '"status": "well"')
    function = "function-health"
    assert [
        (step.resource.partition("-package-")[0], step.operation, step.properties)
        for step in cloud.up().ok().steps
    ] == [
        (f"BucketObject {function}", "create", ()),
        (f"BucketObject {function}", "delete", ()),
        (f"V3Alias {function}-live", "update", ("versionId",)),
        (f"V3Function {function}-code", "update", ("code",)),
        (f"V3FunctionVersion {function}-version", "create-replacement", ("description",)),
        (f"V3FunctionVersion {function}-version", "delete-replaced", ()),
    ]


def test_an_edit_of_a_limit_changes_that_limit_alone(cloud: EngineStack) -> None:
    functions = cloud.stated().get("functions", {})
    health = {**functions.get("health", {}), "max_instances": 7}
    cloud.settings(functions={**functions, "health": health})
    assert cloud.up().ok().steps == (
        Step("V3ConcurrencyConfig function-health-concurrency", "update", ("reservedConcurrency",)),
    )


def test_an_edit_of_what_is_kept_ready_states_the_whole_of_it_anew(cloud: EngineStack) -> None:
    """The provider's own update would send the one part, and leave the others out."""
    stated = cloud.stated().get("functions", {})
    day = {"cron": "30 7 * * 1-5", "time_zone": "Asia/Shanghai", "min_instances": 3}
    for ready in (3, 4):
        auth = {"min_instances": 2, "scheduled": {"day": {**day, "min_instances": ready}}}
        cloud.settings(functions={**stated, "auth": {**stated.get("auth", {}), **auth}})
        steps = cloud.up().ok().steps
    name = "V3ProvisionConfig function-auth-ready"
    assert {(step.resource, step.operation) for step in steps} == {
        (name, "create-replacement"),
        (name, "delete-replaced"),
    }


def test_a_renamed_table_is_refused_without_allow_replace(cloud: EngineStack) -> None:
    cloud.rename_table("notifications", "tellings")
    refused = cloud.preview()
    assert refused.code != 0
    assert "table-notifications" in refused.told
    assert "protect" in refused.told
    cloud.rename_table("tellings", "notifications")


def test_down_keeps_data_until_it_is_told_not_to_and_then_nothing_is_left(
    cloud: EngineStack,
) -> None:
    """Tables, buckets and the instance are protected; in prod the buckets hold fast besides."""
    before = cloud.counted()
    kept = cloud.command("down", "--yes")
    assert kept.code != 0
    assert "--with-data" in kept.output
    assert cloud.counted() == before
    if cloud.stated()["alicloud"]["deletion_protection"]:
        held = cloud.command("down", "--with-data", "--yes")
        assert held.code != 0
        assert "alicloud: {deletion_protection: false}" in held.output
        cloud.settings(alicloud={**cloud.stated()["alicloud"], "deletion_protection": False})
        assert set(cloud.up().ok().steps) == {
            Step(f"Bucket bucket-{each.name}", "update", ("forceDestroy",)) for each in shop.BUCKETS
        }
    cloud.command("down", "--with-data", "--yes").ok()
    assert cloud.counted() == Counter()
