"""Schedules on EventBridge: rules that call a function's alias by the clock."""

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_aws import cloudwatch, lambda_, sqs

from infra import granted, model
from infra.aws.cron import cron
from infra.aws.function import EVENT_AGE_S, RETRIES, Function
from infra.aws.queue import DeadLetters
from infra.aws.shared import Shared


class Schedule(pulumi.ComponentResource):
    """A rule that calls a function when it is due, in UTC; a call may come twice.

    It owns neither the function nor the dead letters, where an event goes that EventBridge cannot
    hand over; `MayFail` lets it.
    """

    def __init__(
        self,
        name: str,
        schedule: model.Schedule,
        function: Function,
        shared: Shared,
        *,
        dead_letters: DeadLetters,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("shop:aws:Schedule", name, None, opts)
        own = pulumi.ResourceOptions(parent=self)
        self.rule = cloudwatch.EventRule(
            name,
            name=shared.names.of(schedule.name),
            description=f"When the function {schedule.function} runs",
            schedule_expression=expression(schedule),
            state="ENABLED",
            tags=shared.tags,
            opts=own,
        )
        self.permission = lambda_.Permission(
            f"{name}-permission",
            statement_id=shared.names.of(schedule.name),
            action="lambda:InvokeFunction",
            principal="events.amazonaws.com",
            function=function.function.name,
            qualifier=function.alias.name,
            source_arn=self.rule.arn,
            opts=own,
        )
        self.target = cloudwatch.EventTarget(
            f"{name}-target",
            rule=self.rule.name,
            target_id=function.alias.name,
            arn=function.alias.arn,
            dead_letter_config={"arn": dead_letters.arn},
            retry_policy={
                "maximum_retry_attempts": RETRIES,
                "maximum_event_age_in_seconds": EVENT_AGE_S,
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.permission]),
        )
        self.register_outputs({"rule": self.rule.arn})


class MayFail(pulumi.ComponentResource):
    """Lets the rules of these schedules, and no other, put what they cannot hand over somewhere.

    A queue has one policy, so this one names all rules that share the dead letters.
    """

    def __init__(
        self,
        name: str,
        dead_letters: DeadLetters,
        schedules: Mapping[str, Schedule],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("shop:aws:MayFail", name, None, opts)
        rules = [schedules[each].rule.arn for each in sorted(schedules)]
        self.policy: sqs.QueuePolicy | None = None
        if rules:
            self.policy = sqs.QueuePolicy(
                name,
                queue_url=dead_letters.url,
                policy=pulumi.Output.all(dead_letters.arn, *rules).apply(_letters),
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})


def expression(schedule: model.Schedule) -> str:
    """The schedule as EventBridge writes it: `rate(5 minutes)`, or `cron` of it, in UTC."""
    if schedule.every_minutes:
        every = schedule.every_minutes
        return f"rate({every} minute{'s' if every > 1 else ''})"
    return cron(schedule.cron or "")


def _letters(arns: Sequence[str]) -> str:
    queue, *rules = arns
    return granted.compact(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "events.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": queue,
                    "Condition": {"ArnEquals": {"aws:SourceArn": rules}},
                }
            ],
        }
    )
