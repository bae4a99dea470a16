"""Instances of a function that are kept ready: by the load, and by the clock."""

import pulumi
from pulumi_aws import appautoscaling, lambda_

from infra import model
from infra.aws.cron import cron
from infra.aws.shared import Shared


class Ready(pulumi.ComponentResource):
    """Instances of a function's alias that are kept ready: from min_instances up to max_instances.

    What is `scheduled` lifts that lower end from its time on. An up that changes the target, or
    that refreshes, sets it to min_instances until the next of these comes. How many there are in
    between is Application Auto Scaling's to say; an update does not reset it. Lambda refuses to
    reserve fewer for a function than are ready at that time: lower min_instances first, and
    max_instances once they have gone.
    """

    def __init__(
        self,
        name: str,
        function: model.Function,
        alias: lambda_.Alias,
        shared: Shared,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("shop:aws:Ready", name, None, opts)
        self.config = lambda_.ProvisionedConcurrencyConfig(
            name,
            function_name=alias.function_name,
            qualifier=alias.name,
            provisioned_concurrent_executions=function.scaling.min_instances,
            opts=pulumi.ResourceOptions(
                parent=self, ignore_changes=["provisionedConcurrentExecutions"]
            ),
        )
        self.target = appautoscaling.Target(
            f"{name}-target",
            service_namespace="lambda",
            scalable_dimension="lambda:function:ProvisionedConcurrency",
            resource_id=pulumi.Output.format(
                "function:{0}:{1}", self.config.function_name, self.config.qualifier
            ),
            min_capacity=function.scaling.min_instances,
            max_capacity=function.scaling.max_instances,
            tags=shared.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.policy = appautoscaling.Policy(
            f"{name}-policy",
            name=shared.names.of(function.name, "ready"),
            policy_type="TargetTrackingScaling",
            service_namespace=self.target.service_namespace,
            scalable_dimension=self.target.scalable_dimension,
            resource_id=self.target.resource_id,
            target_tracking_scaling_policy_configuration={
                "target_value": shared.settings.ready_utilisation_percent / 100,
                "predefined_metric_specification": {
                    "predefined_metric_type": "LambdaProvisionedConcurrencyUtilization"
                },
            },
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.scheduled: list[appautoscaling.ScheduledAction] = []
        for each in function.scaling.scheduled:
            self.scheduled.append(
                appautoscaling.ScheduledAction(
                    f"{name}-{each.name}",
                    name=shared.names.of(function.name, each.name),
                    service_namespace=self.target.service_namespace,
                    scalable_dimension=self.target.scalable_dimension,
                    resource_id=self.target.resource_id,
                    schedule=cron(each.cron),
                    timezone=each.time_zone,
                    scalable_target_action={"min_capacity": each.min_instances},
                    # Auto Scaling refuses a change of what another change is under way of
                    opts=pulumi.ResourceOptions(
                        parent=self, depends_on=[self.policy, *self.scheduled[-1:]]
                    ),
                )
            )
        self.register_outputs({})
