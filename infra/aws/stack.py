"""A stack whose target is AWS: what its settings mean there, and what is told at preview."""

from collections.abc import Mapping
from pathlib import Path

import pulumi

from infra.aws import concurrency
from infra.aws.names import Names
from infra.aws.packages import packages
from infra.aws.refusals import refuse
from infra.aws.shared import Shared
from infra.aws.target import AwsConfig, AwsTarget
from infra.model import Platform
from infra.settings import Settings, offline


def declare(
    platform: Platform, settings: Settings, root: Path, source: str
) -> Mapping[str, pulumi.Output[str]]:
    """Declare it all; the stack's outputs. Raises PlatformError, before anything is declared."""
    without_account = offline()
    shared = Shared(
        names=Names(platform.stack),
        region=pulumi.Config("aws").get("region") or "",
        settings=settings.aws,
    )
    refuse(platform, shared, source)
    built = packages(platform, settings.aws, root, offline=without_account)
    pulumi.log.info(built.table)
    if told := concurrency.told(platform, settings.aws):
        pulumi.log.info(told)
    config = AwsConfig(
        shared=shared,
        code=built.code,
        replaceable_tables=[k for k, table in settings.tables.items() if table.allow_replace],
        replaceable_buckets=[k for k, bucket in settings.buckets.items() if bucket.allow_replace],
    )
    target = AwsTarget("shop", platform, config)
    outputs = {"url": target.url, "alarms": target.alarms.topic.arn}
    if settings.aws.domain:
        outputs["domain_target"] = target.gateway.domain_target
    return outputs
