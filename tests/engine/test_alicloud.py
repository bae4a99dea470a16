"""The stacks on Alibaba Cloud on the real engine, each from nothing to nothing.

They have the small shop; `make soak` brings the whole one up as alicloud-dev. Of alicloud-prod its
settings are what is looked at.

In order: each test goes on with what the one before left.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from infra import settings, shop
from infra.cli.environment import BACKEND
from infra.demanded import demanded as with_limits
from tests.support.alicloud_demands import demanded
from tests.support.alicloud_engine import KEYS, PROVIDER, stack
from tests.support.alicloud_stacks import STACKS
from tests.support.engine_stack import EngineStack
from tests.support.small_shop import shrink, small
from tests.support.steps import Step

PROD = "alicloud-prod"
READY = "V3ProvisionConfig function-auth-ready"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What does not depend on a stack's settings is tried on one of them, on both with --soak."""
    if "cloud" in metafunc.fixturenames:
        alike = {
            test_an_edit_of_what_is_kept_ready_states_the_whole_of_it_anew,
            test_a_renamed_table_is_refused_without_allow_replace,
            test_an_offline_preview_shows_the_same_without_keys_and_knows_no_state,
        }
        one = metafunc.function in alike and not metafunc.config.getoption("--soak")
        metafunc.parametrize("cloud", STACKS[:1] if one else STACKS, indirect=True, scope="module")


@pytest.fixture(scope="module")
def cloud(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, *, whole_shop: bool
) -> Iterator[EngineStack]:
    """One of the stacks, not up yet, for all tests here."""
    with stack(tmp_path_factory.mktemp(request.param), request.param) as made:
        if _small(request.param, whole_shop=whole_shop):
            shrink(made.project)
        functions = made.stated().get("functions", {})
        # by hand, so that what is kept ready below does not move what demand asks for
        auth = {**functions.get("auth", {}), "max_instances": 100}
        made.settings(functions={**functions, "auth": auth})
        stated = made.stated()["alicloud"]
        if "domain" in stated:
            # a schema of before the provider's 1.290 knows certificates in the clear alone
            made.settings(alicloud={**stated, "domain": {"name": stated["domain"]["name"]}})
        yield made


def _small(stack: str, *, whole_shop: bool) -> bool:
    return stack == PROD or not whole_shop


def wanted(cloud: EngineStack, *, whole_shop: bool) -> Counter[str]:
    """What the stack's platform demands."""
    stated = settings.parse(cloud.stated(), cloud.file, shop.NAMES)
    platform = shop.platform(stated, cloud.name)
    made = small(platform) if _small(cloud.name, whole_shop=whole_shop) else platform
    return demanded(with_limits(made, stated, cloud.project.root).platform, stated.alicloud)


def test_a_preview_changes_nothing_and_warns_of_an_address_for_trials(cloud: EngineStack) -> None:
    ran = cloud.preview().ok()
    assert "using pulumi-resource-alicloud from $PATH" in ran.output
    assert ("for trials" in ran.output) is ("domain" not in cloud.stated()["alicloud"])
    asked = "functions.auth.max_instances, stated: 100; demand asks"
    assert (asked in ran.output) is ("traffic" in cloud.stated())
    assert {step.operation for step in ran.steps} == {"create"}
    assert cloud.counted() == Counter()


def test_an_offline_preview_shows_the_same_without_keys_and_knows_no_state(
    cloud: EngineStack, *, whole_shop: bool
) -> None:
    """The plan that a pull request from a fork gets, too."""
    env = {name: value for name, value in cloud.env.items() if name not in {*KEYS, BACKEND}}
    ran = replace(cloud, env=env | {BACKEND: "file:///nowhere"}).command("preview", "--offline")
    planned = Counter(re.findall(r"^ \+ +(alicloud:\S+) ", ran.ok().output, re.MULTILINE))
    kinds = wanted(cloud, whole_shop=whole_shop).items()
    assert planned == {re.sub("/[^:]*", "", kind): count for kind, count in kinds}
    assert cloud.counted() == Counter()


def test_up_creates_everything_that_the_platform_demands(
    cloud: EngineStack, *, whole_shop: bool
) -> None:
    ran = cloud.up().ok()
    assert {step.operation for step in ran.steps} == {"create"}
    assert cloud.counted() == wanted(cloud, whole_shop=whole_shop)
    # what it waits for at a real account is told meanwhile, not at the end
    bound = cloud.stated()["alicloud"].get("bucket_domains", {}).values()
    assert all(f"OSS binds {each['name']} to its bucket once" in ran.output for each in bound)
    if "domain" in cloud.stated()["alicloud"]:
        account = PROVIDER["alicloud:accountId"]
        assert f"CNAME shop.example.com {account}.cn-hangzhou.fc.aliyuncs.com" in ran.output


def test_edits_of_a_handler_and_of_a_limit_change_these_alone(cloud: EngineStack) -> None:
    """So what nobody edits does not change. Besides, something is kept ready from here on."""
    cloud.project.edit("app/handlers/health.py", '"status": "ok"', '"status": "well"')
    functions = cloud.stated().get("functions", {})
    health = {**functions.get("health", {}), "max_instances": 7}
    cloud.settings(functions={**functions, "health": health, "auth": _ready(cloud, 3)})
    function = "function-health"
    assert sorted(
        (step.resource.partition("-package-")[0], step.operation, step.properties)
        for step in cloud.up().ok().steps
        if step.resource != READY
    ) == [
        (f"BucketObject {function}", "create", ()),
        (f"BucketObject {function}", "delete", ()),
        (f"V3Alias {function}-live", "update", ("versionId",)),
        (f"V3ConcurrencyConfig {function}-concurrency", "update", ("reservedConcurrency",)),
        (f"V3Function {function}-code", "update", ("code",)),
        (f"V3FunctionVersion {function}-version", "create-replacement", ("description",)),
        (f"V3FunctionVersion {function}-version", "delete-replaced", ()),
    ]


def _ready(cloud: EngineStack, instances: int) -> dict[str, Any]:
    """What is stated of the function auth, with so many instances kept ready by day."""
    day = {"cron": "30 7 * * 1-5", "time_zone": "Asia/Shanghai", "min_instances": instances}
    stated = cloud.stated().get("functions", {}).get("auth", {})
    return {**stated, "min_instances": 2, "scheduled": {"day": day}}


def test_an_edit_of_what_is_kept_ready_states_the_whole_of_it_anew(cloud: EngineStack) -> None:
    """The provider's own update would send the one part, and leave the others out."""
    cloud.settings(functions={**cloud.stated()["functions"], "auth": _ready(cloud, 4)})
    assert {(step.resource, step.operation) for step in cloud.up().ok().steps} == {
        (READY, "create-replacement"),
        (READY, "delete-replaced"),
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
