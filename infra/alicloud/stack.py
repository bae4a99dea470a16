"""A stack whose target is Alibaba Cloud: what its settings mean there, and what a preview tells."""

from collections.abc import Mapping
from pathlib import Path

import pulumi

from infra.alicloud.api import TRIAL
from infra.alicloud.names import Names
from infra.alicloud.packages import packages
from infra.alicloud.refusals import refuse
from infra.alicloud.shared import Shared
from infra.alicloud.target import AlicloudConfig, AlicloudTarget
from infra.model import Platform
from infra.settings import Settings, offline

PLAIN = (
    "{} has no certificate, so it answers by plain http: passwords and tokens can be read on the "
    "way.\n→ state its certificate"
)
"""What a preview tells of a domain without https."""
UNBOUND = (
    "The public bucket {0} has no domain, so it is read at an address of OSS's own: browsers store "
    "what is there instead of showing it, and accounts opened after March 2025 cannot use it in "
    "the mainland.\n→ state one, with its certificate, under alicloud.bucket_domains.{0}"
)
"""What a preview tells of a public bucket at an address of OSS's own."""


def declare(
    platform: Platform, settings: Settings, root: Path, source: str
) -> Mapping[str, pulumi.Output[str]]:
    """Declare it all; the stack's outputs. Raises PlatformError, before anything is declared."""
    without_account = offline()
    stated = settings.alicloud
    provider = pulumi.Config("alicloud")
    shared = Shared(
        names=Names(platform.stack, stated.instance or ""),
        region=provider.get("region") or "",
        settings=stated,
        account=provider.get("accountId"),
    )
    refuse(platform, shared, source)
    built = packages(platform, stated, root, offline=without_account)
    pulumi.log.info(built.table)
    for told in warnings(platform, shared):
        pulumi.log.warn(told)
    config = AlicloudConfig(
        shared=shared,
        code=built.code,
        replaceable_tables=[k for k, table in settings.tables.items() if table.allow_replace],
        replaceable_buckets=[k for k, bucket in settings.buckets.items() if bucket.allow_replace],
    )
    target = AlicloudTarget("shop", platform, config)
    outputs = {"url": target.url, "alarms": target.alarms.told}
    if stated.domain:
        outputs["domain_target"] = target.gateway.domain_target
    for name, bucket in target.buckets.items():
        if bucket.domain:
            outputs[f"{name}_domain_proof"] = bucket.domain.proof
    return outputs


def warnings(platform: Platform, shared: Shared) -> list[str]:
    """What a preview warns of: addresses that not everyone can use, and a domain without https."""
    domain, bound = shared.settings.domain, shared.settings.bucket_domains
    found = []
    if domain is None:
        found.append(TRIAL)
    elif not domain.certificate:
        found.append(PLAIN.format(domain.name))
    unbound = [each.name for each in platform.buckets if each.public and each.name not in bound]
    return [*found, *map(UNBOUND.format, unbound)]
