"""Schedules on Function Compute: timer triggers of a function's alias."""

import pulumi
from pulumi_alicloud import fc

from infra import granted, model
from infra.alicloud.cron import cron
from infra.alicloud.function import Function


class Schedule(pulumi.ComponentResource):
    """A trigger that calls a function when it is due, in UTC; a call may come twice.

    Nobody waits for such a call: the function's own retries hold, then its queue of failed calls.
    It owns no function.
    """

    def __init__(
        self,
        name: str,
        schedule: model.Schedule,
        function: Function,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("shop:alicloud:Schedule", name, None, opts)
        self.trigger = fc.V3Trigger(
            name,
            function_name=function.called,
            qualifier=function.qualifier,
            trigger_name=schedule.name,  # what the event tells
            trigger_type="timer",
            description=f"When the function {schedule.function} runs",
            trigger_config=granted.compact(
                {"cronExpression": expression(schedule), "enable": True, "payload": ""}
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})


def expression(schedule: model.Schedule) -> str:
    """The schedule as Function Compute writes it: `@every 5m`, or six fields, in UTC."""
    if schedule.every_minutes:
        return f"@every {schedule.every_minutes}m"
    return f"CRON_TZ=UTC {cron(schedule.cron or '')}"
