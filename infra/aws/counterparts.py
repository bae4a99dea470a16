"""What each kind of resource is there for, as plain data; a kind that is not here is in no program.

`infra.cli.targets` makes docs/targets.md of this.
"""

from collections.abc import Mapping
from typing import Final

COUNTERPARTS: Final[Mapping[str, str]] = {
    "lambda/function:Function": "function",
    "lambda/alias:Alias": "function",
    "lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": "function",
    "appautoscaling/target:Target": "function",
    "appautoscaling/policy:Policy": "function",
    "appautoscaling/scheduledAction:ScheduledAction": "function",
    "cloudwatch/logGroup:LogGroup": "function, route",
    "lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": "schedule",
    "lambda/permission:Permission": "route, schedule",
    "apigatewayv2/api:Api": "route",
    "apigatewayv2/stage:Stage": "route",
    "apigatewayv2/route:Route": "route",
    "apigatewayv2/integration:Integration": "route",
    "apigatewayv2/domainName:DomainName": "route",
    "apigatewayv2/apiMapping:ApiMapping": "route",
    "iam/role:Role": "grant",
    "iam/rolePolicy:RolePolicy": "grant",
    "secretsmanager/secret:Secret": "grant",
    "dynamodb/table:Table": "table, index",
    "s3/bucket:Bucket": "bucket",
    "s3/bucketCorsConfiguration:BucketCorsConfiguration": "bucket",
    "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": "bucket",
    "s3/bucketOwnershipControls:BucketOwnershipControls": "bucket",
    "s3/bucketPolicy:BucketPolicy": "bucket",
    "s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "bucket",
    "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": "bucket",
    "s3/bucketVersioning:BucketVersioning": "bucket",
    "cloudfront/distribution:Distribution": "bucket",
    "cloudfront/originAccessControl:OriginAccessControl": "bucket",
    "sqs/queue:Queue": "queue",
    "sqs/queuePolicy:QueuePolicy": "schedule",
    "sqs/redriveAllowPolicy:RedriveAllowPolicy": "queue",
    "lambda/eventSourceMapping:EventSourceMapping": "queue",
    "cloudwatch/eventRule:EventRule": "schedule",
    "cloudwatch/eventTarget:EventTarget": "schedule",
    "cloudwatch/metricAlarm:MetricAlarm": "every stack",
    "cloudwatch/dashboard:Dashboard": "every stack",
    "sns/topic:Topic": "every stack",
    "sns/topicPolicy:TopicPolicy": "every stack",
    "sns/topicSubscription:TopicSubscription": "every stack",
    "budgets/budget:Budget": "every stack",
}
"""By a resource's type, the things of the platform that it is there for."""
