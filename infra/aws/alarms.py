"""What rings when the shop needs somebody, and where it rings."""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_aws import cloudwatch, sns

from infra.aws.shared import Shared
from infra.aws.watched import Alarm, alarms
from infra.model import Platform


class Alarms(pulumi.ComponentResource):
    """A topic, and an alarm for each thing that `watched` names; all of them tell the topic.

    It owns no one who listens there but the address of `alarm_email`, who has to say yes in a
    first message, and tells of nothing that has become well again. The topic is not encrypted with
    AWS's own key for SNS: CloudWatch may not use that, and its messages would be lost in silence.
    """

    def __init__(
        self,
        name: str,
        platform: Platform,
        shared: Shared,
        *,
        api_id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("shop:aws:Alarms", name, None, opts)
        own = pulumi.ResourceOptions(parent=self)
        self.topic = sns.Topic(name, name=shared.names.of("alarms"), tags=shared.tags, opts=own)
        self.policy = sns.TopicPolicy(
            name,
            arn=self.topic.arn,
            policy=pulumi.Output.json_dumps(self.topic.arn.apply(policy)),
            opts=own,
        )
        email = shared.settings.alarm_email
        self.email = (
            sns.TopicSubscription(
                f"{name}-email", topic=self.topic.arn, protocol="email", endpoint=email, opts=own
            )
            if email
            else None
        )
        self.alarms = {
            each.name: _declared(each, shared, self.topic, own)
            for each in alarms(platform, shared.names, api_id)
        }
        self.register_outputs({"topic": self.topic.arn})


def policy(topic: str) -> Mapping[str, Any]:
    """Who may tell the topic of this ARN something: CloudWatch and Budgets, of this account."""
    partition, _, region, account = topic.split(":")[1:5]
    watcher = f"arn:{partition}:cloudwatch:{region}:{account}:alarm:*"
    own = {"StringEquals": {"aws:SourceAccount": account}}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": sid,
                "Effect": "Allow",
                "Principal": {"Service": f"{service}.amazonaws.com"},
                "Action": "SNS:Publish",
                "Resource": topic,
                "Condition": condition,
            }
            for sid, service, condition in (
                ("Alarms", "cloudwatch", {**own, "ArnLike": {"aws:SourceArn": watcher}}),
                ("Budgets", "budgets", own),
            )
        ],
    }


def _declared(
    alarm: Alarm, shared: Shared, topic: sns.Topic, opts: pulumi.ResourceOptions
) -> cloudwatch.MetricAlarm:
    # the stack's name is only in what AWS shows: a resource's own name is unique without it
    return cloudwatch.MetricAlarm(
        alarm.name,
        name=shared.names.of(alarm.name),
        alarm_description=alarm.description,
        comparison_operator="LessThanThreshold" if alarm.below else "GreaterThanThreshold",
        threshold=alarm.threshold,
        evaluation_periods=alarm.periods,
        treat_missing_data=alarm.missing,
        alarm_actions=[topic.arn],
        tags=shared.tags,
        opts=opts,
        **(_of_many(alarm) if alarm.expression else _of_one(alarm)),
    )


def _of_one(alarm: Alarm) -> dict[str, Any]:
    (metric,) = alarm.metrics
    kind = "extended_statistic" if metric.statistic.startswith("p") else "statistic"
    return {
        "namespace": metric.namespace,
        "metric_name": metric.name,
        "dimensions": metric.dimensions,
        "period": alarm.period_s,
        kind: metric.statistic,
    }


def _of_many(alarm: Alarm) -> dict[str, Any]:
    return {
        "metric_queries": [
            cloudwatch.MetricAlarmMetricQueryArgs(
                id="found", expression=alarm.expression, label=alarm.name, return_data=True
            ),
            *(
                cloudwatch.MetricAlarmMetricQueryArgs(
                    id=f"m{number}",
                    metric=cloudwatch.MetricAlarmMetricQueryMetricArgs(
                        namespace=metric.namespace,
                        metric_name=metric.name,
                        dimensions=metric.dimensions,
                        period=alarm.period_s,
                        stat=metric.statistic,
                    ),
                )
                for number, metric in enumerate(alarm.metrics)
            ),
        ]
    }
