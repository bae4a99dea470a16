"""What is left in a cloud of all that a stack can make, by AWS's own answers."""

from collections.abc import Callable, Iterable
from typing import Any

_LISTED: tuple[tuple[str, str, Callable[[Any], Iterable[Any]]], ...] = (
    ("function", "lambda", lambda c: c.list_functions()["Functions"]),
    ("consumer", "lambda", lambda c: c.list_event_source_mappings()["EventSourceMappings"]),
    ("api", "apigatewayv2", lambda c: c.get_apis()["Items"]),
    ("table", "dynamodb", lambda c: c.list_tables()["TableNames"]),
    ("bucket", "s3", lambda c: c.list_buckets()["Buckets"]),
    ("queue", "sqs", lambda c: c.list_queues().get("QueueUrls", [])),
    ("rule", "events", lambda c: c.list_rules()["Rules"]),
    ("role", "iam", lambda c: c.list_roles()["Roles"]),
    ("secret", "secretsmanager", lambda c: c.list_secrets()["SecretList"]),
    ("log group", "logs", lambda c: c.describe_log_groups()["logGroups"]),
    ("alarm", "cloudwatch", lambda c: c.describe_alarms()["MetricAlarms"]),
    ("dashboard", "cloudwatch", lambda c: c.list_dashboards()["DashboardEntries"]),
    ("topic", "sns", lambda c: c.list_topics()["Topics"]),
    ("budget", "budgets", lambda c: c.describe_budgets(AccountId="123456789012")["Budgets"]),
    (
        "scalable",
        "application-autoscaling",
        lambda c: c.describe_scalable_targets(ServiceNamespace="lambda")["ScalableTargets"],
    ),
    (
        "scheduled",
        "application-autoscaling",
        lambda c: c.describe_scheduled_actions(ServiceNamespace="lambda")["ScheduledActions"],
    ),
    (
        "distribution",
        "cloudfront",
        lambda c: c.list_distributions()["DistributionList"].get("Items", []),
    ),
    (
        "origin access",
        "cloudfront",
        lambda c: c.list_origin_access_controls()["OriginAccessControlList"].get("Items", []),
    ),
)


def left(client: Callable[[str], Any]) -> dict[str, list[Any]]:
    """What there still is, by kind; `client` makes boto3's client of a service."""
    found = {kind: list(listed(client(service))) for kind, service, listed in _LISTED}
    return {kind: each for kind, each in found.items() if each}
