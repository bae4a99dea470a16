"""Both clouds carry out one platform: all that it says is in each program, and nothing besides.

The platform is the shop with a value of its own for every limit, so that none is there by chance.
What a cloud has no counterpart for stands in its target's UNLIKE, from which docs/targets.md is
made.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from infra import settings, shop
from infra.alicloud.counterparts import COUNTERPARTS as ON_ALICLOUD
from infra.alicloud.target import AlicloudConfig, AlicloudTarget
from infra.alicloud.unlike import LACKING
from infra.alicloud.unlike import UNLIKE as UNLIKE_ALICLOUD
from infra.aws.counterparts import COUNTERPARTS as ON_AWS
from infra.aws.names import Names
from infra.aws.shared import Shared
from infra.aws.target import AwsConfig, AwsTarget
from infra.aws.unlike import UNLIKE as UNLIKE_AWS
from infra.cli import targets
from infra.model import Function, KeptReady, Platform, Scaling, Throttle
from infra.packages.deployed import Code
from infra.settings_aws import Aws
from tests.support import (
    alicloud_demands,
    aws_demands,
    aws_stacks,
    facts,
    facts_alicloud,
    facts_aws,
    programs,
    stacks,
)
from tests.support.alicloud_program import outputs
from tests.support.alicloud_stacks import code_of, shared_of
from tests.support.arguments import arguments
from tests.support.aws_program import REGION
from tests.support.program import Declared

pytestmark = pytest.mark.long  # the programs of three targets run

STATED = settings.Settings(target="local")


def by_the_clock(number: int) -> tuple[KeptReady, ...]:
    """Times of which no other function's is one."""
    return (
        KeptReady(name="day", cron=f"{number} 7 * * 1-5", min_instances=4 + number),
        KeptReady(
            name="night",
            cron=f"{30 + number} 19 * * 1-5",
            time_zone="Asia/Shanghai",
            min_instances=number % 3,
        ),
    )


def varied(stack: str) -> Platform:
    """The shop, each of whose limits has another value than every other."""
    platform = shop.platform(STATED, stack)
    return replace(
        platform,
        functions=tuple(
            replace(
                each,
                memory_mb=128 + 64 * number,
                timeout_s=3 + number,
                scaling=Scaling(
                    min_instances=number % 3,
                    max_instances=4 + number,
                    scheduled=by_the_clock(number) if number % 3 else (),
                ),
                environment={**each.environment, "NUMBER": str(number)},
            )
            for number, each in enumerate(platform.functions)
        ),
        routes=tuple(
            replace(each, throttle=Throttle(rate=11 + number, burst=31 + number))
            for number, each in enumerate(platform.routes)
        ),
        tables=tuple(
            replace(each, max_reads=100 + number, max_writes=200 + number)
            for number, each in enumerate(platform.tables)
        ),
        buckets=tuple(
            replace(each, pending_days=8 + number) for number, each in enumerate(platform.buckets)
        ),
        queues=tuple(
            replace(
                each,
                batch_size=3,
                visibility_s=77,
                max_attempts=2,
                # as many as its consumer may run: where both are one number they cannot differ
                max_concurrency=4 + [one.name for one in platform.functions].index(each.consumer),
            )
            for each in platform.queues
        ),
        schedules=tuple(replace(each, every_minutes=7) for each in platform.schedules),
    )


@dataclass(frozen=True)
class Cloud:
    """A target: its program of a platform, how that is read, and what it has no counterpart for."""

    provider: str
    stack: str
    program: Callable[[Platform], Declared]
    read: Callable[[facts.Kinds], set[facts.Fact]]
    unlike: Mapping[str, str]
    counterparts: Mapping[str, str]
    demanded: Callable[[Platform], Counter[str]]


def on_aws(platform: Platform) -> Declared:
    """The target's program."""
    config = AwsConfig(
        shared=Shared(
            names=Names("aws-dev"), region=REGION, settings=Aws(account_concurrency=1000)
        ),
        code={each.name: Code(Path("/nowhere"), "app.handler") for each in platform.functions},
    )
    return stacks.alone(
        "aws-dev", lambda: AwsTarget("shop", platform, config).url, aws_stacks.answered
    )


def on_alicloud(platform: Platform) -> Declared:
    """The target's program."""
    config = AlicloudConfig(shared=shared_of("alicloud-dev"), code=code_of(platform))
    return stacks.alone(
        "alicloud-dev", lambda: AlicloudTarget("shop", platform, config).url, outputs
    )


CLOUDS = (
    Cloud(
        "aws",
        "aws-dev",
        on_aws,
        lambda found: facts_aws.read(found, "aws-dev"),
        UNLIKE_AWS,
        ON_AWS,
        aws_demands.demanded,
    ),
    Cloud(
        "alicloud",
        "alicloud-dev",
        on_alicloud,
        lambda found: facts_alicloud.read(found, "alicloud-dev", "shop-dev-1"),
        UNLIKE_ALICLOUD,
        ON_ALICLOUD,
        lambda platform: alicloud_demands.demanded(platform, shared_of("x").settings),
    ),
)
each_cloud = pytest.mark.parametrize("cloud", CLOUDS, ids=lambda cloud: cloud.provider)


@cache
def found(provider: str) -> list[tuple[str, str, dict[str, Any]]]:
    """The resources of a cloud's program of the varied shop."""
    (cloud,) = [each for each in CLOUDS if each.provider == provider]
    return list(programs.resources(cloud.program(varied(cloud.stack)), provider))


@each_cloud
def test_all_that_the_platform_says_is_in_each_clouds_program_and_nothing_besides(
    cloud: Cloud,
) -> None:
    platform = varied(cloud.stack)
    read = cloud.read(facts.kinds(found(cloud.provider)))
    assert read == facts.facts(platform, cloud.unlike) | facts.told(platform)


@each_cloud
def test_each_resource_is_there_for_something_that_the_platform_has(cloud: Cloud) -> None:
    """Its number follows from the platform; a kind that nothing demands is in no program."""
    counted = Counter(kind for kind, _, _ in found(cloud.provider))
    assert counted == cloud.demanded(varied(cloud.stack))
    named = {f"{cloud.provider}:{kind}" for kind in cloud.counterparts}
    assert set(counted) <= named


def test_what_alibaba_cloud_lacks_every_stack_on_aws_has() -> None:
    kinds = {f"{each.partition('/')[0]}.{each.rpartition(':')[2]}": each for each in ON_AWS}
    assert {ON_AWS[kinds[each]] for each in LACKING} == {"every stack"}
    assert not [each for each in ON_ALICLOUD if each.endswith((":Dashboard", ":Budget"))]


def test_the_page_that_names_them_is_what_the_targets_say() -> None:
    assert targets.main(["--check"]) == 0


@each_cloud
def test_the_page_names_no_resource_that_the_provider_does_not_have(cloud: Cloud) -> None:
    for kind in cloud.counterparts:
        assert arguments(f"{cloud.provider}:{kind}")


def unscheduled(function: Function) -> Function:
    """The function, which keeps nothing ready by the clock."""
    return replace(function, scaling=replace(function.scaling, scheduled=()))


def test_the_facts_differ_where_the_platform_does() -> None:
    """A comparison of facts that say little would hold whatever the programs did."""
    platform = varied("aws-dev")
    every = facts.facts(platform, ())
    assert len(every) > 100
    for spoilt in (
        replace(platform, grants=platform.grants[1:]),
        replace(platform, queues=(replace(platform.queues[0], batch_size=4),)),
        replace(platform, tables=(replace(platform.tables[0], indexes=()), *platform.tables[1:])),
        replace(platform, schedules=()),
        replace(platform, buckets=tuple(replace(e, public=True) for e in platform.buckets)),
        replace(platform, functions=tuple(map(unscheduled, platform.functions))),
    ):
        assert facts.facts(spoilt, ()) != every
