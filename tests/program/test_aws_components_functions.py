"""What a function, a queue and a schedule become on AWS."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pytest

from infra import model
from infra.aws.access import WILDCARDS, statement
from infra.aws.function import Function
from infra.aws.names import Names
from infra.aws.queue import Consumer, DeadLetters, Queue
from infra.aws.schedule import MayFail, Schedule
from infra.aws.shared import Shared
from infra.packages.deployed import Code
from infra.settings_aws import Aws
from tests.support.aws_program import arn, outputs
from tests.support.program import Declared
from tests.support.program import declared as program_of

LAMBDA, ALIAS = "aws:lambda/function:Function", "aws:lambda/alias:Alias"
ROLE, POLICY = "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy"
QUEUE, PERMISSION = "aws:sqs/queue:Queue", "aws:lambda/permission:Permission"
READY = "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"
LIVE = arn("lambda", "function:shop-dev-auth:live")
AUTH = model.Function(name="auth", memory_mb=512, timeout_s=7)
MAILS = model.Queue(
    name="mails", consumer="auth", batch_size=3, visibility_s=60, max_attempts=4, max_concurrency=9
)
GRANTED = statement(("dynamodb:GetItem",), "arn:table")


def shared(**stated: Any) -> Shared:
    return Shared(names=Names("dev"), region="eu-central-1", settings=Aws.model_validate(stated))


def declared(program: Callable[[], object]) -> Declared:
    """What a program declares that is run with mocks of AWS."""
    return program_of(program, outputs)


def function(folder: Path, stated: model.Function = AUTH, **more: Any) -> Function:
    given = more.pop("shared", shared())
    return Function(
        "auth",
        stated,
        given,
        code=Code(folder, "app.entrypoints.aws.http"),
        environment={"SHOP_STACK": "dev"},
        statements=[GRANTED],
        **more,
    )


def test_a_functions_limits_its_code_and_its_log_reach_lambda(tmp_path: Path) -> None:
    given = shared(log_days=90, log_level="ERROR", tracing=True)
    found = declared(lambda: function(tmp_path, shared=given, reserved=12))
    made = found.inputs(LAMBDA)
    code = made.pop("code")
    assert isinstance(code, pulumi.FileArchive)
    assert code.path == str(tmp_path)
    assert made == {
        "name": "shop-dev-auth",
        "role": "arn:aws:iam::123456789012:role/shop-dev-auth",
        "handler": "app.entrypoints.aws.http",
        "runtime": "python3.13",
        "architectures": ["arm64"],
        "memorySize": 512,
        "timeout": 7,
        "publish": True,
        "reservedConcurrentExecutions": 12,
        "environment": {"variables": {"SHOP_STACK": "dev"}},
        "loggingConfig": {
            "logFormat": "JSON",
            "logGroup": "/aws/lambda/shop-dev-auth",
            "applicationLogLevel": "ERROR",
            "systemLogLevel": "WARN",
        },
        "tracingConfig": {"mode": "Active"},
        "tags": {"shop:stack": "dev", "shop:managed-by": "pulumi"},
    }
    assert found.inputs("aws:cloudwatch/logGroup:LogGroup")["retentionInDays"] == 90


def test_what_calls_a_function_calls_the_version_that_was_published_last(tmp_path: Path) -> None:
    made = declared(lambda: function(tmp_path)).inputs(ALIAS)
    assert (made["name"], made["functionName"], made["functionVersion"]) == (
        "live",
        "shop-dev-auth",
        "7",
    )


@pytest.mark.parametrize("tracing", [False, True])
def test_a_role_has_its_grants_its_own_log_and_what_the_settings_ask_for(
    tmp_path: Path,
    tracing: bool,  # noqa: FBT001 - a parameter
) -> None:
    found = declared(
        lambda: function(
            tmp_path,
            shared=shared(tracing=tracing),
            dead_letters=pulumi.Output.from_input(arn("sqs", "failed")),
        )
    )
    (trusted,) = json.loads(found.inputs(ROLE)["assumeRolePolicy"])["Statement"]
    assert trusted["Principal"] == {"Service": "lambda.amazonaws.com"}
    stated = json.loads(found.inputs(POLICY)["policy"])["Statement"]
    log = arn("logs", "log-group:/aws/lambda/shop-dev-auth:*")
    traces = [statement(("xray:PutTelemetryRecords", "xray:PutTraceSegments"), "*")]
    assert stated == [
        GRANTED,
        statement(("logs:CreateLogStream", "logs:PutLogEvents"), log),
        statement(("sqs:SendMessage",), arn("sqs", "failed")),
        *(traces if tracing else []),
    ]
    for each in stated:
        wild = "*" in "".join(each["Resource"])
        assert all((action in WILDCARDS) == wild for action in each["Action"])


def test_who_waits_for_nobody_gets_retries_and_dead_letters_and_others_do_not(
    tmp_path: Path,
) -> None:
    kind = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
    dead = arn("sqs", "failed")
    with_one = declared(lambda: function(tmp_path, dead_letters=pulumi.Output.from_input(dead)))
    assert with_one.inputs(LAMBDA)["deadLetterConfig"] == {"targetArn": arn("sqs", "failed")}
    retries = with_one.inputs(kind)
    assert (retries["qualifier"], retries["maximumRetryAttempts"]) == ("live", 2)
    without = declared(lambda: function(tmp_path))
    assert "deadLetterConfig" not in without.inputs(LAMBDA)
    assert without.names(kind) == []
    assert "reservedConcurrentExecutions" not in without.inputs(LAMBDA)


def test_instances_are_kept_ready_and_follow_the_load_up_to_the_most(tmp_path: Path) -> None:
    busy = replace(AUTH, scaling=model.Scaling(min_instances=2, max_instances=20))
    given = shared(ready_utilisation_percent=65)
    found = declared(lambda: function(tmp_path, busy, shared=given))
    ready = found.inputs(READY)
    assert (ready["qualifier"], ready["provisionedConcurrentExecutions"]) == ("live", 2)
    target = found.inputs("aws:appautoscaling/target:Target")
    assert (target["minCapacity"], target["maxCapacity"]) == (2, 20)
    assert target["resourceId"] == "function:shop-dev-auth:live"
    policy = found.inputs("aws:appautoscaling/policy:Policy")
    assert policy["resourceId"] == "function:shop-dev-auth:live"
    assert policy["targetTrackingScalingPolicyConfiguration"] == {
        "targetValue": 0.65,
        "predefinedMetricSpecification": {
            "predefinedMetricType": "LambdaProvisionedConcurrencyUtilization"
        },
    }
    assert declared(lambda: function(tmp_path)).names(READY) == []


def test_a_snapshot_is_taken_only_where_it_is_asked_for(tmp_path: Path) -> None:
    snapped = replace(AUTH, scaling=model.Scaling(snap_start=True))
    made = declared(lambda: function(tmp_path, snapped)).inputs(LAMBDA)
    assert made["snapStart"] == {"applyOn": "PublishedVersions"}
    assert "snapStart" not in declared(lambda: function(tmp_path)).inputs(LAMBDA)


def test_a_queue_sets_aside_what_failed_and_takes_nothing_elses_failures(tmp_path: Path) -> None:
    def program() -> None:
        queue = Queue("queue-mails", MAILS, shared())
        Consumer("consumer-mails", MAILS, queue, function(tmp_path), shared())

    found = declared(program)
    made = found.inputs(QUEUE, "queue-mails")
    assert made["name"] == "shop-dev-mails"
    assert made["visibilityTimeoutSeconds"] == 60
    assert made["sqsManagedSseEnabled"] is True
    dead = found.inputs(QUEUE, "queue-mails-dead")
    assert dead["name"] == Names("dev").dead_letters("mails")
    assert dead["messageRetentionSeconds"] == 14 * 86_400
    assert dead["sqsManagedSseEnabled"] is True
    assert json.loads(made["redrivePolicy"]) == {
        "deadLetterTargetArn": arn("sqs", "shop-dev-mails-dead"),
        "maxReceiveCount": 4,
    }
    allowed = found.inputs("aws:sqs/redriveAllowPolicy:RedriveAllowPolicy")
    assert allowed["queueUrl"].endswith("/shop-dev-mails-dead")
    assert json.loads(allowed["redriveAllowPolicy"]) == {
        "redrivePermission": "byQueue",
        "sourceQueueArns": [arn("sqs", "shop-dev-mails")],
    }
    consumer = found.inputs("aws:lambda/eventSourceMapping:EventSourceMapping")
    assert consumer.pop("tags")
    assert consumer == {
        "eventSourceArn": arn("sqs", "shop-dev-mails"),
        "functionName": LIVE,
        "batchSize": 3,
        "functionResponseTypes": ["ReportBatchItemFailures"],
        "scalingConfig": {"maximumConcurrency": 9},
    }


def test_a_schedule_calls_the_alias_and_only_its_rule_may(tmp_path: Path) -> None:
    nightly = model.Schedule(name="nightly", function="auth", cron="30 4 * * 1")
    often = model.Schedule(name="often", function="auth", every_minutes=5)

    def program() -> None:
        dead = DeadLetters("failed", "failed", shared())
        called = function(tmp_path)
        schedules = {
            each.name: Schedule(f"schedule-{each.name}", each, called, shared(), dead_letters=dead)
            for each in (often, nightly)
        }
        MayFail("may-fail", dead, schedules)

    found = declared(program)
    rule = found.inputs("aws:cloudwatch/eventRule:EventRule", "schedule-nightly")
    assert (rule["name"], rule["scheduleExpression"], rule["state"]) == (
        "shop-dev-nightly",
        "cron(30 4 ? * 2 *)",
        "ENABLED",
    )
    target = found.inputs("aws:cloudwatch/eventTarget:EventTarget", "schedule-nightly-target")
    assert (target["rule"], target["arn"]) == ("shop-dev-nightly", LIVE)
    assert target["deadLetterConfig"] == {"arn": arn("sqs", "shop-dev-failed")}
    permission = found.inputs(PERMISSION, "schedule-nightly-permission")
    assert permission["qualifier"] == "live"
    assert permission["principal"] == "events.amazonaws.com"
    assert permission["sourceArn"] == arn("events", "rule/shop-dev-nightly")
    policy = found.inputs("aws:sqs/queuePolicy:QueuePolicy")  # one, or the later would replace
    (letting,) = json.loads(policy["policy"])["Statement"]
    assert letting["Resource"] == arn("sqs", "shop-dev-failed")
    assert letting["Condition"] == {
        "ArnEquals": {
            "aws:SourceArn": [
                arn("events", "rule/shop-dev-nightly"),
                arn("events", "rule/shop-dev-often"),
            ]
        }
    }


def test_without_schedules_nobody_may_send_to_the_dead_letters() -> None:
    def program() -> None:
        MayFail("may-fail", DeadLetters("failed", "failed", shared()), {})

    assert declared(program).names("aws:sqs/queuePolicy:QueuePolicy") == []
