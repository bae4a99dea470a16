"""A stack whose target is this machine: what its settings mean there."""

from collections.abc import Mapping
from pathlib import Path

import pulumi

from infra.local.refusals import refuse
from infra.local.target import LocalConfig, LocalTarget
from infra.model import Platform
from infra.settings import Settings


def declare(
    platform: Platform, settings: Settings, root: Path, source: str
) -> Mapping[str, pulumi.Output[str]]:
    """Declare it all; the stack's outputs. Raises Refused, before anything is declared."""
    replaceable = [name for name, table in settings.tables.items() if table.allow_replace]
    config = LocalConfig(root=root, settings=settings.local, replaceable=replaceable)
    refuse(platform, config, source)
    return {"url": LocalTarget("shop", platform, config).url}
