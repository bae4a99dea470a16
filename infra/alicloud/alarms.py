"""What rings when the shop needs somebody, and whom it tells."""

import pulumi
from pulumi_alicloud import cms

from infra import granted
from infra.alicloud.shared import Shared
from infra.alicloud.watched import PERIOD_S, Alarm, alarms
from infra.model import Platform

_SILENCE_S = 3600


class Alarms(pulumi.ComponentResource):
    """An alarm of CloudMonitor for each thing that `watched` names; all tell one group of contacts.

    It owns no contact: people confirm their addresses themselves, in the console. Without a group
    in the settings it makes one, that nobody is in.
    """

    def __init__(
        self,
        name: str,
        platform: Platform,
        shared: Shared,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("shop:alicloud:Alarms", name, None, opts)
        own = pulumi.ResourceOptions(parent=self)
        stated = shared.settings.contact_group
        self.group = (
            None
            if stated
            else cms.AlarmContactGroup(
                f"{name}-contacts",
                alarm_contact_group_name=shared.names.of("alarms"),
                describe=f"Who is told when {shared.names.stack} needs somebody",
                opts=own,
            )
        )
        self.told = (
            self.group.alarm_contact_group_name
            if self.group
            else pulumi.Output.from_input(stated or "")
        )
        self.alarms = {
            each.name: _declared(each, shared, self.told, own)
            for each in alarms(platform, shared.names, shared.region)
        }
        self.register_outputs({"group": self.told})


def _declared(
    alarm: Alarm, shared: Shared, group: pulumi.Output[str], opts: pulumi.ResourceOptions
) -> cms.Alarm:
    return cms.Alarm(
        alarm.name,
        name=shared.names.of(alarm.name),
        project=alarm.service,
        metric=alarm.metric,
        metric_dimensions=granted.compact([alarm.dimensions]),
        period=PERIOD_S,
        silence_time=_SILENCE_S,
        escalations_critical=cms.AlarmEscalationsCriticalArgs(
            statistics=alarm.statistic,
            comparison_operator=">",
            threshold=f"{alarm.threshold:g}",
            times=1,
        ),
        contact_groups=[group],
        tags=shared.tags,
        opts=opts,
    )
