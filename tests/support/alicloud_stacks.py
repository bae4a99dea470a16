"""The program of a stack on Alibaba Cloud under Pulumi's mocks: whole, or of a small shop."""

from pathlib import Path
from typing import Any

from infra import settings, shop
from infra.alicloud.names import Names
from infra.alicloud.packages import Archive
from infra.alicloud.shared import Shared
from infra.alicloud.target import AlicloudConfig, AlicloudTarget
from infra.model import Platform
from infra.settings_alicloud import Alicloud
from tests.support import stacks
from tests.support.alicloud_program import REGION, outputs
from tests.support.program import Declared

STACKS = ("alicloud-dev", "alicloud-prod")


def whole(stack: str, **more: str) -> tuple[Declared, dict[str, Any]]:
    """What the program declares for a stack of the repository, and what it exports."""
    return stacks.whole(stack, outputs, **more)


def shared_of(stack: str, **stated: Any) -> Shared:
    """What all components are given, for these settings of Alibaba Cloud."""
    read = Alicloud(**{"instance": "shop-dev-1", **stated})
    return Shared(names=Names(stack, read.instance or ""), region=REGION, settings=read)


def code_of(platform: Platform) -> dict[str, Archive]:
    """Packages that are nowhere: what is in them is not looked at."""
    return {each.name: Archive(Path("/nowhere.zip"), "0" * 64) for each in platform.functions}


def small(stated: dict[str, Any], answered: stacks.Answered = outputs) -> Declared:
    """What the target declares for these settings, for one of each kind of thing in the shop.

    `answered` gives what the cloud adds to a resource.
    """
    read = settings.parse(stated, "the test's settings", shop.NAMES)
    platform = stacks.one_of_each(shop.platform(read, "alicloud-dev"))
    config = AlicloudConfig(
        shared=shared_of("alicloud-dev", **read.alicloud.model_dump(exclude_none=True)),
        code=code_of(platform),
        replaceable_tables=[name for name, each in read.tables.items() if each.allow_replace],
        replaceable_buckets=[name for name, each in read.buckets.items() if each.allow_replace],
    )
    return stacks.alone(
        "alicloud-dev", lambda: AlicloudTarget("shop", platform, config).url, answered
    )
