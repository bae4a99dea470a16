"""Every limit of a stack's file reaches its resource on AWS, and no resource besides."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from tests.support.aws_stacks import small
from tests.support.limits import Case, Inputs, cased, inputs_of, reaches, stated

pytestmark = pytest.mark.long  # the program runs once for each setting

BASE: Mapping[str, Any] = {
    "target": "aws",
    "payments": "fake",
    "aws": {"account_concurrency": 1000},
}


FUNCTION = "lambda/function:Function"
TABLE = "dynamodb/table:Table"
STAGE = "apigatewayv2/stage:Stage"
LOGS = "cloudwatch/logGroup:LogGroup"
ALARM = "cloudwatch/metricAlarm:MetricAlarm"
BOARD = "cloudwatch/dashboard:Dashboard"
QUEUE = "sqs/queue:Queue"
AUTH, USERS = "function-auth-code", "table-users"
READY = {"functions": {"auth": {"min_instances": 2}}}
MORNING = {"morning": {"cron": "0 7 * * 1-5", "time_zone": "Asia/Shanghai", "min_instances": 5}}
DOMAIN = {
    "name": "shop.example.com",
    "certificate_arn": "arn:aws:acm:eu-central-1:123456789012:certificate/"
    "12345678-1234-1234-1234-123456789012",
}

CASES = (
    Case(("functions", "auth", "memory_mb"), 1024, FUNCTION, AUTH, ("memorySize",), 1024),
    Case(
        ("functions", "auth", "timeout_s"), 7, FUNCTION, AUTH, ("timeout",), 7,
        also=("apigatewayv2/integration:Integration", ALARM, BOARD),
    ),
    Case(
        ("functions", "auth", "max_instances"), 33, FUNCTION, AUTH,
        ("reservedConcurrentExecutions",), 33, also=(BOARD,),
    ),
    Case(
        ("functions", "auth", "min_instances"), 3,
        "lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig", "function-auth-ready",
        ("provisionedConcurrentExecutions",), 3, given=READY,
        also=("appautoscaling/target:Target",),
    ),
    Case(
        ("functions", "auth", "scheduled"), MORNING,
        "appautoscaling/scheduledAction:ScheduledAction", "function-auth-ready-morning", (),
        {
            "name": "shop-aws-dev-auth-morning", "serviceNamespace": "lambda",
            "scalableDimension": "lambda:function:ProvisionedConcurrency",
            "resourceId": "function:shop-aws-dev-auth:live",
            "schedule": "cron(0 7 ? * 2-6 *)", "timezone": "Asia/Shanghai",
            "scalableTargetAction": {"minCapacity": 5},
        },
        given=READY,
    ),
    Case(
        ("functions", "auth", "snap_start"), True, FUNCTION, AUTH, ("snapStart", "applyOn"),
        "PublishedVersions",
    ),
    Case(
        ("functions", "auth", "environment"), {"GREETING": "hello"}, FUNCTION, AUTH,
        ("environment", "variables", "GREETING"), "hello",
    ),
    Case(
        ("aws", "ready_utilisation_percent"), 55, "appautoscaling/policy:Policy",
        "function-auth-ready-policy",
        ("targetTrackingScalingPolicyConfiguration", "targetValue"), 0.55, given=READY,
    ),
    Case(
        ("throttle", "rate"), 7, STAGE, "gateway-stage",
        ("routeSettings", 0, "throttlingRateLimit"), 7,
        given={"throttle": {"rate": 50, "burst": 100}},
    ),
    Case(
        ("throttle", "burst"), 8, STAGE, "gateway-stage",
        ("routeSettings", 0, "throttlingBurstLimit"), 8,
        given={"throttle": {"rate": 50, "burst": 100}},
    ),
    Case(
        ("routes", "POST /users"), {"rate": 3, "burst": 4}, STAGE, "gateway-stage",
        ("routeSettings", 0, "throttlingBurstLimit"), 4,
    ),
    Case(
        ("tables", "users", "max_reads"), 11, TABLE, USERS,
        ("onDemandThroughput", "maxReadRequestUnits"), 11, also=(BOARD,),
    ),
    Case(
        ("tables", "users", "max_writes"), 12, TABLE, USERS,
        ("onDemandThroughput", "maxWriteRequestUnits"), 12, also=(BOARD,),
    ),
    Case(
        ("tables", "users", "max_writes"), 12, TABLE, USERS,
        ("globalSecondaryIndexes", 0, "onDemandThroughput", "maxWriteRequestUnits"), 12,
        also=(BOARD,),
    ),
    Case(
        ("tables", "users", "allow_replace"), True, TABLE, USERS,
        ("deletionProtectionEnabled",), False,
    ),
    Case(
        ("buckets", "uploads", "pending_days"), 9,
        "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "bucket-uploads-lifecycle",
        ("rules", 1, "expiration", "days"), 9,
    ),
    Case(
        ("buckets", "uploads", "allow_replace"), True, "s3/bucket:Bucket", "*uploads",
        ("forceDestroy",), True,
    ),
    Case(
        ("aws", "version_days"), 5,
        "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "bucket-uploads-lifecycle",
        ("rules", 0, "noncurrentVersionExpiration", "noncurrentDays"), 5,
    ),
    Case(
        ("queues", "welcome", "batch_size"), 4,
        "lambda/eventSourceMapping:EventSourceMapping", "consumer-welcome", ("batchSize",), 4,
    ),
    Case(
        ("queues", "welcome", "max_concurrency"), 6,
        "lambda/eventSourceMapping:EventSourceMapping", "consumer-welcome",
        ("scalingConfig", "maximumConcurrency"), 6,
    ),
    Case(
        ("queues", "welcome", "visibility_s"), 77, QUEUE, "queue-welcome",
        ("visibilityTimeoutSeconds",), 77, also=(BOARD,),
    ),
    Case(
        ("queues", "welcome", "max_attempts"), 2, QUEUE, "queue-welcome",
        ("redrivePolicy", "maxReceiveCount"), 2, also=(ALARM,),
    ),
    Case(("aws", "log_days"), 90, LOGS, "gateway-log", ("retentionInDays",), 90),
    Case(("aws", "log_days"), 90, LOGS, "function-auth-log", ("retentionInDays",), 90),
    Case(
        ("aws", "log_level"), "ERROR", FUNCTION, AUTH, ("loggingConfig", "applicationLogLevel"),
        "ERROR",
    ),
    Case(
        ("aws", "tracing"), True, FUNCTION, AUTH, ("tracingConfig", "mode"), "Active",
        also=("iam/rolePolicy:RolePolicy",),
    ),
    Case(
        ("aws", "detailed_metrics"), True, STAGE, "gateway-stage",
        ("routeSettings", 0, "detailedMetricsEnabled"), True,
    ),
    Case(
        ("aws", "deletion_protection"), False, TABLE, USERS, ("deletionProtectionEnabled",), False,
        also=("secretsmanager/secret:Secret", "s3/bucket:Bucket"),
    ),
    Case(
        ("aws", "point_in_time_recovery"), False, TABLE, USERS, ("pointInTimeRecovery", "enabled"),
        False,
    ),
    Case(("aws", "budget_usd"), 7, "budgets/budget:Budget", "budget", ("limitAmount",), "7"),
    Case(
        ("aws", "alarm_email"), "alarms@example.com", "sns/topicSubscription:TopicSubscription",
        "alarms-email", ("endpoint",), "alarms@example.com",
    ),
    Case(
        ("aws", "account_concurrency"), 10, FUNCTION, AUTH, ("reservedConcurrentExecutions",), None,
        also=(BOARD,),
    ),
    Case(
        ("aws", "domain"), DOMAIN, "apigatewayv2/domainName:DomainName", "gateway-domain",
        ("domainName",), "shop.example.com",
        also=("apigatewayv2/api:Api", "apigatewayv2/apiMapping:ApiMapping"),
    ),
    Case(
        ("origins",), ["https://shop.example.com"], "apigatewayv2/api:Api", "gateway",
        ("corsConfiguration", "allowOrigins"), ["https://shop.example.com"],
        also=("s3/bucketCorsConfiguration:BucketCorsConfiguration",),
    ),
)  # fmt: skip

ELSEWHERE = {
    ("target",): "it chooses this program",
    ("traffic",): "tests/program/test_traffic.py",
    ("payments",): "it chooses parts of the shop: tests/unit/test_shop.py",
    ("notifications", "by"): "the same",
    ("notifications", "sender"): "the same",
    ("aws", "bytecode"): "the package's tests hold it",
    ("functions", "queue_ms"): "no cloud lets a call wait: it is refused",
}


@cache
def declared(stated_as: str) -> Inputs:
    """What the target declares for settings as JSON."""
    return inputs_of(small(json.loads(stated_as)), "aws")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{'.'.join(case.setting)}-{case.name}")
def test_a_setting_reaches_its_resource_and_no_other(case: Case) -> None:
    """One value is changed; what differs is the resource that it names, and its like."""
    reaches(case, BASE, declared)


def test_every_setting_has_its_case() -> None:
    """A setting that nothing here looks at could be read and forgotten."""
    assert stated("aws") - cased(CASES) == set(ELSEWHERE)
    assert cased(CASES) <= stated("aws")
