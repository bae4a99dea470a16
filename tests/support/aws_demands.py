"""What a platform demands of AWS: how many resources of each type, counted from the platform."""

from collections import Counter

from infra.aws.names import Names
from infra.aws.watched import alarms
from infra.model import Platform


def demanded(platform: Platform) -> Counter[str]:
    """The number of each of AWS's types that a stack has, without a domain or an address."""
    functions, buckets, queues = platform.functions, platform.buckets, platform.queues
    routed = {each.function for each in platform.routes}
    scheduled = {each.function for each in platform.schedules}
    public = [each for each in buckets if each.public]
    secrets = {each.resource for each in platform.grants if each.kind == "secret"}
    ready = [each for each in functions if each.scaling.min_instances]
    kinds = {
        "lambda/function:Function": len(functions),
        "lambda/alias:Alias": len(functions),
        "iam/role:Role": len(functions),
        "iam/rolePolicy:RolePolicy": len(functions),
        "cloudwatch/logGroup:LogGroup": len(functions) + 1,  # and that of who asked for what
        "lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": len(scheduled),
        "lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": len(ready),
        "appautoscaling/target:Target": len(ready),
        "appautoscaling/policy:Policy": len(ready),
        "appautoscaling/scheduledAction:ScheduledAction": sum(
            len(each.scaling.scheduled) for each in ready
        ),
        "apigatewayv2/api:Api": 1,
        "apigatewayv2/stage:Stage": 1,
        "apigatewayv2/route:Route": len(platform.routes),
        "apigatewayv2/integration:Integration": len(routed),
        "lambda/permission:Permission": len(platform.routes) + len(platform.schedules),
        "dynamodb/table:Table": len(platform.tables),
        **{f"s3/{_first_small(each)}:{each}": len(buckets) for each in _OF_A_BUCKET},
        "cloudfront/distribution:Distribution": len(public),
        "cloudfront/originAccessControl:OriginAccessControl": len(public),
        "sqs/queue:Queue": 2 * len(queues) + 1,  # each with its dead letters; failed calls
        "sqs/queuePolicy:QueuePolicy": 1,
        "sqs/redriveAllowPolicy:RedriveAllowPolicy": len(queues),
        "lambda/eventSourceMapping:EventSourceMapping": len(queues),
        "cloudwatch/eventRule:EventRule": len(platform.schedules),
        "cloudwatch/eventTarget:EventTarget": len(platform.schedules),
        "secretsmanager/secret:Secret": len(secrets),
        "cloudwatch/metricAlarm:MetricAlarm": len(alarms(platform, Names(platform.stack), "")),
        "cloudwatch/dashboard:Dashboard": 1,
        "sns/topic:Topic": 1,
        "sns/topicPolicy:TopicPolicy": 1,
        "budgets/budget:Budget": 1,
    }
    return Counter({f"aws:{kind}": count for kind, count in kinds.items() if count})


_OF_A_BUCKET = (
    "Bucket",
    "BucketLifecycleConfiguration",
    "BucketOwnershipControls",
    "BucketPolicy",
    "BucketPublicAccessBlock",
    "BucketServerSideEncryptionConfiguration",
    "BucketVersioning",
)


def _first_small(name: str) -> str:
    return name[:1].lower() + name[1:]
