"""Instances of a function that are kept ready: by the load, and by the clock."""

from typing import Final

import pulumi
from pulumi_alicloud import fc

from infra.alicloud.cron import cron
from infra.model import KeptReady, Scaling

# what tracks a target, or comes by the clock, has to begin and to end: the same at each up
_FROM: Final = "2020-01-01T00:00:00"
_UNTIL: Final = "2099-12-31T23:59:59"
_UTC: Final = "UTC"


def provisioned(
    name: str,
    alias: fc.V3Alias,
    scaling: Scaling,
    *,
    most: int,
    utilisation_percent: int,
    parent: pulumi.Resource,
) -> fc.V3ProvisionConfig:
    """Instances of an alias that are kept ready: from min_instances up to `most`.

    What tracks the load and what is scheduled name a number each, and the higher one holds; that
    is why nothing scheduled goes below min_instances. `target` holds only where neither does.
    """
    return fc.V3ProvisionConfig(
        name,
        function_name=alias.function_name,
        qualifier=alias.alias_name.apply(str),
        target=scaling.min_instances,
        target_tracking_policies=[
            fc.V3ProvisionConfigTargetTrackingPolicyArgs(
                name="ready",
                metric_type="ProvisionedConcurrencyUtilization",
                metric_target=utilisation_percent / 100,
                min_capacity=scaling.min_instances,
                max_capacity=most,
                start_time=f"{_FROM}Z",
                end_time=f"{_UNTIL}Z",
            )
        ],
        scheduled_actions=[_action(each) for each in scaling.scheduled] or None,
        opts=pulumi.ResourceOptions(
            parent=parent,
            # how many there are in between is Function Compute's to say
            ignore_changes=["target"],
            # the provider's update sends only the part that differs, and a put states the whole
            replace_on_changes=["scheduledActions", "targetTrackingPolicies"],
            delete_before_replace=True,
        ),
    )


def _action(ready: KeptReady) -> fc.V3ProvisionConfigScheduledActionArgs:
    """What is due at its times, which without a zone are all in UTC."""
    utc = ready.time_zone == _UTC
    mark = "Z" if utc else ""
    return fc.V3ProvisionConfigScheduledActionArgs(
        name=ready.name,
        schedule_expression=f"cron({cron(ready.cron)})",
        target=ready.min_instances,
        time_zone=None if utc else ready.time_zone,
        start_time=f"{_FROM}{mark}",
        end_time=f"{_UNTIL}{mark}",
    )
