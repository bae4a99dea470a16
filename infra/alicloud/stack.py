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
UNTHROTTLED = (
    "The stack states throttles, and the domain {} has none: they hold nobody back there.\n"
    "→ remove throttle and routes: max_instances is the limit; or have a firewall count requests"
)
"""What a preview tells of throttles that nothing comes of."""
UNBOUND = (
    "The bucket {0} has no domain, only an address of OSS's own: {1}.\n"
    "→ state one, with its certificate, under alicloud.bucket_domains.{0}"
)
"""What a preview tells of a bucket at an address of OSS's own."""
STORED = "it is public, and browsers store what is there instead of showing it"
CLOSED = (
    "in the mainland accounts opened since 20 March 2025 get no data there, so {0} can neither "
    "upload to it nor download from it"
)
NOBODY_TOLD = (
    "No alicloud.contact_group is stated, so the alarms tell {0}, a group of CloudMonitor's that "
    "nobody is in: nobody hears them.\n→ add contacts to it in the console, or state a group that "
    "has some"
)
"""What a preview tells of alarms that reach nobody."""
NOT_RUN_UNTOLD = (
    "No alicloud.action_policy is stated, so nobody is told that a schedule does not run.\n"
    "→ state an action policy of Simple Log Service; its console makes one"
)
"""What a preview tells where a schedule that does not run rings for nobody."""


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
    built = packages(platform, stated, root, shared.region, offline=without_account)
    pulumi.log.info(built.table)
    by_hand = bool(settings.throttle or settings.routes)
    for told in warnings(platform, shared, throttled=by_hand):
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


def warnings(platform: Platform, shared: Shared, *, throttled: bool = False) -> list[str]:
    """What a preview warns of: addresses that not everyone can use, no https, unheard alarms.

    `throttled` tells whether the stack states throttles by hand, of which a domain has none.
    """
    stated, domain = shared.settings, shared.settings.domain
    found = []
    if domain is None:
        found.append(TRIAL)
    elif not domain.certificate:
        found.append(PLAIN.format(domain.name))
    if domain is not None and throttled:
        found.append(UNTHROTTLED.format(domain.name))
    who = f"the pages of {', '.join(platform.origins)}" if platform.origins else "browsers"
    for each in platform.buckets:
        reasons = [STORED] if each.public else []
        reasons += [CLOSED.format(who)] if mainland(shared.region) else []
        if reasons and each.name not in stated.bucket_domains:
            found.append(UNBOUND.format(each.name, "; ".join(reasons)))
    if not stated.contact_group:
        found.append(NOBODY_TOLD.format(shared.names.of("alarms")))
    if platform.schedules and not stated.action_policy:
        found.append(NOT_RUN_UNTOLD)
    return found


def mainland(region: str) -> bool:
    """Whether a region is on the mainland, where OSS's own addresses are closed to new accounts."""
    return region.startswith("cn-") and region != "cn-hongkong"
