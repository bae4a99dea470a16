"""What each kind of resource is there for, as plain data; a kind that is not here is in no program.

`infra.cli.targets` makes docs/targets.md of this.
"""

from collections.abc import Mapping
from typing import Final

COUNTERPARTS: Final[Mapping[str, str]] = {
    "fc/v3Function:V3Function": "function",
    "fc/v3FunctionVersion:V3FunctionVersion": "function",
    "fc/v3Alias:V3Alias": "function",
    "fc/v3ConcurrencyConfig:V3ConcurrencyConfig": "function",
    "fc/v3ProvisionConfig:V3ProvisionConfig": "function",
    "fc/v3AsyncInvokeConfig:V3AsyncInvokeConfig": "schedule",
    "fc/v3Trigger:V3Trigger": "route, queue, schedule",
    "fc/v3CustomDomain:V3CustomDomain": "route",
    "apigateway/group:Group": "route",
    "apigateway/api:Api": "route",
    "apigateway/plugin:Plugin": "route",
    "apigateway/pluginAttachment:PluginAttachment": "route",
    "ram/role:Role": "grant",
    "ram/policy:Policy": "grant",
    "ram/rolePolicyAttachment:RolePolicyAttachment": "grant",
    "ots/instance:Instance": "table",
    "ots/table:Table": "table",
    "ots/secondaryIndex:SecondaryIndex": "index",
    "oss/bucket:Bucket": "bucket",
    "oss/bucketAcl:BucketAcl": "bucket",
    "oss/bucketPolicy:BucketPolicy": "bucket",
    "oss/bucketPublicAccessBlock:BucketPublicAccessBlock": "bucket",
    "oss/bucketCname:BucketCname": "bucket",
    "oss/bucketCnameToken:BucketCnameToken": "bucket",
    "oss/bucketObject:BucketObject": "function",
    "message/serviceQueue:ServiceQueue": "queue",
    "log/project:Project": "every stack",
    "log/store:Store": "every stack",
    "log/storeIndex:StoreIndex": "every stack",
    "log/alert:Alert": "schedule",
    "cms/alarm:Alarm": "every stack",
    "cms/alarmContactGroup:AlarmContactGroup": "every stack",
}
"""By a resource's type, the things of the platform that it is there for."""
