"""A function on Lambda: its role, its log, its versions and the alias that is called."""

from typing import Final

import pulumi
from pulumi_aws import cloudwatch, iam, lambda_

from infra import granted, model
from infra.aws.access import Statement, statement
from infra.aws.names import ALIAS
from infra.aws.ready import Ready
from infra.aws.shared import Shared
from infra.packages.deployed import Code
from infra.packages.runtime import LAMBDA

ARCHITECTURE: Final = {"aarch64": "arm64", "x86_64": "x86_64"}[LAMBDA.machine]
RUNTIME: Final = f"python{LAMBDA.python}"
RETRIES: Final = 2
"""How often a call that nobody waits for is tried again."""
EVENT_AGE_S: Final = 3600
"""How long it waits for a free instance or another try; then the next one is due anyway."""

_TRUST: Final = granted.compact(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
_LOG: Final = ("logs:CreateLogStream", "logs:PutLogEvents")
_TRACE: Final = ("xray:PutTelemetryRecords", "xray:PutTraceSegments")


class Function(pulumi.ComponentResource):
    """One function. Each `up` that changes it publishes a version and moves the alias `live` to it.

    It owns no package (it is given a folder), nothing that calls it, and nothing that it may use:
    `statements` and `environment` name these. Earlier versions stay, for a way back.
    """

    def __init__(  # noqa: PLR0913 - each by name
        self,
        name: str,
        function: model.Function,
        shared: Shared,
        *,
        code: Code,
        environment: pulumi.Input[dict[str, str]],
        statements: pulumi.Input[list[Statement]],
        dead_letters: pulumi.Output[str] | None = None,
        reserved: int | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`dead_letters` is the ARN of the queue for calls that nobody waits for and that fail.

        `reserved` are the executions that are kept for it; None leaves it those of the account.
        """
        super().__init__("shop:aws:Function", name, None, opts)
        own = pulumi.ResourceOptions(parent=self)
        called = shared.names.of(function.name)
        self.log_group = cloudwatch.LogGroup(
            f"{name}-log",
            name=f"/aws/lambda/{called}",
            retention_in_days=shared.settings.log_days,
            tags=shared.tags,
            opts=own,
        )
        self.role = iam.Role(
            f"{name}-role",
            name=called,
            description=f"What the function {function.name} may do, by its grants",
            assume_role_policy=_TRUST,
            tags=shared.tags,
            opts=own,
        )
        self.policy = iam.RolePolicy(
            f"{name}-policy",
            name="grants",
            role=self.role.name,
            policy=_policy(shared, statements, self.log_group.arn, dead_letters),
            opts=own,
        )
        self.function = lambda_.Function(
            f"{name}-code",
            name=called,
            role=self.role.arn,
            code=pulumi.FileArchive(str(code.folder)),
            handler=code.handler,
            runtime=RUNTIME,
            architectures=[ARCHITECTURE],
            memory_size=function.memory_mb,
            timeout=function.timeout_s,
            publish=True,
            reserved_concurrent_executions=reserved,
            environment={"variables": environment},
            logging_config=_logging(shared, self.log_group.name),
            tracing_config={"mode": "Active" if shared.settings.tracing else "PassThrough"},
            snap_start=({"apply_on": "PublishedVersions"} if function.scaling.snap_start else None),
            dead_letter_config=None if dead_letters is None else {"target_arn": dead_letters},
            tags=shared.tags,
            # Lambda takes no dead letters, and a queue no consumer, that its role may not reach
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.policy]),
        )
        self.alias = lambda_.Alias(
            f"{name}-{ALIAS}",
            name=ALIAS,
            description="What the shop calls",
            function_name=self.function.name,
            function_version=self.function.version,
            opts=own,
        )
        self.invoke_config: lambda_.FunctionEventInvokeConfig | None = None
        if dead_letters is not None:
            self.invoke_config = lambda_.FunctionEventInvokeConfig(
                f"{name}-retries",
                function_name=self.function.name,
                qualifier=self.alias.name,
                maximum_retry_attempts=RETRIES,
                maximum_event_age_in_seconds=EVENT_AGE_S,
                opts=own,
            )
        self.ready: Ready | None = None
        if function.scaling.min_instances:
            self.ready = Ready(f"{name}-ready", function, self.alias, shared, own)
        self.register_outputs({"alias": self.alias.arn})


def _policy(
    shared: Shared,
    statements: pulumi.Input[list[Statement]],
    log: pulumi.Output[str],
    dead_letters: pulumi.Output[str] | None,
) -> pulumi.Output[str]:
    """The grants, and what Lambda itself does in the function's name."""
    own: list[pulumi.Input[Statement]] = [log.apply(lambda arn: statement(_LOG, f"{arn}:*"))]
    if dead_letters is not None:
        own.append(dead_letters.apply(lambda arn: statement(("sqs:SendMessage",), arn)))
    if shared.settings.tracing:
        own.append(statement(_TRACE, "*"))
    return pulumi.Output.all(statements, *own).apply(
        lambda known: granted.compact(
            {"Version": "2012-10-17", "Statement": [*known[0], *known[1:]]}
        )
    )


def _logging(shared: Shared, group: pulumi.Output[str]) -> lambda_.FunctionLoggingConfigArgsDict:
    level = shared.settings.log_level
    return {
        "log_format": "JSON",
        "log_group": group,
        "application_log_level": level,
        "system_log_level": "WARN" if level == "ERROR" else level,  # it has no ERROR
    }
