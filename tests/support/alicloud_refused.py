"""What the target for Alibaba Cloud refuses of a sound shop that was spoilt."""

from dataclasses import replace
from typing import Any

from infra.alicloud.names import Names
from infra.alicloud.refusals import refuse
from infra.alicloud.shared import Shared
from infra.errors import Refused
from infra.model import Platform
from infra.settings_alicloud import Alicloud
from tests.unit.sound_shop import SHOP

SOURCE = "infra/shop.py with stacks/Pulumi.dev.yaml"
INSTANCE = "shop-dev-1"


def found(platform: Platform, region: str = "cn-hangzhou", **stated: Any) -> list[str]:
    """What is refused, each in a line."""
    settings = Alicloud(**{"instance": INSTANCE, **stated})
    shared = Shared(
        names=Names(platform.stack, settings.instance or ""), region=region, settings=settings
    )
    try:
        refuse(platform, shared, SOURCE)
    except Refused as refused:
        return [f"{each.path}: {each.value} → {each.remedy}" for each in refused.problems]
    return []


def changed(name: str, **values: Any) -> Platform:
    """The shop with one function changed."""
    functions = (replace(e, **values) if e.name == name else e for e in SHOP.functions)
    return replace(SHOP, functions=tuple(functions))
