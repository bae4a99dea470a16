"""What a platform demands of Alibaba Cloud: how many resources of each type, counted from it."""

from collections import Counter

from infra.alicloud.names import Names
from infra.alicloud.watched import alarms
from infra.checks.silence import silences
from infra.model import Platform
from infra.settings_alicloud import Alicloud


def demanded(platform: Platform, settings: Alicloud) -> Counter[str]:
    """The number of each of Alibaba Cloud's types that a stack with these settings has."""
    functions, buckets, queues = platform.functions, platform.buckets, platform.queues
    routes, routed = len(platform.routes), len({each.function for each in platform.routes})
    scheduled = {each.function for each in platform.schedules}
    # without a domain API Gateway stands before the functions, in a role of its own
    roles = len(functions) + (0 if settings.domain else 1)
    apis = 0 if settings.domain else routes
    cors = bool(platform.origins) and not settings.domain
    names = Names(platform.stack, settings.instance or "")
    kinds = {
        "fc/v3Function:V3Function": len(functions),
        "fc/v3FunctionVersion:V3FunctionVersion": len(functions),
        "fc/v3Alias:V3Alias": len(functions),
        "fc/v3ConcurrencyConfig:V3ConcurrencyConfig": len(functions),
        "fc/v3ProvisionConfig:V3ProvisionConfig": sum(
            each.scaling.min_instances > 0 for each in functions
        ),
        "fc/v3AsyncInvokeConfig:V3AsyncInvokeConfig": len(scheduled),
        "fc/v3Trigger:V3Trigger": routed + len(queues) + len(platform.schedules),
        "fc/v3CustomDomain:V3CustomDomain": 1 if settings.domain else 0,
        "apigateway/group:Group": 0 if settings.domain else 1,
        "apigateway/api:Api": apis,
        "apigateway/plugin:Plugin": apis + cors,
        "apigateway/pluginAttachment:PluginAttachment": apis + (apis if cors else 0),
        "ram/role:Role": roles,
        "ram/policy:Policy": roles,
        "ram/rolePolicyAttachment:RolePolicyAttachment": roles,
        "ots/instance:Instance": 1,
        "ots/table:Table": len(platform.tables),
        "ots/secondaryIndex:SecondaryIndex": sum(len(each.indexes) for each in platform.tables),
        # and the one that the packages lie in
        **{f"oss/{kind}": len(buckets) + 1 for kind in _OF_A_BUCKET},
        "oss/bucketObject:BucketObject": len(functions),
        "oss/bucketCname:BucketCname": len(settings.bucket_domains),
        "oss/bucketCnameToken:BucketCnameToken": len(settings.bucket_domains),
        "message/serviceQueue:ServiceQueue": 2 * len(queues) + bool(platform.schedules),
        "log/project:Project": 1,
        "log/store:Store": 1,
        "log/storeIndex:StoreIndex": 1,
        "log/alert:Alert": len(silences(platform)),
        "cms/alarm:Alarm": len(alarms(platform, names, "")),
        "cms/alarmContactGroup:AlarmContactGroup": 0 if settings.contact_group else 1,
    }
    return Counter({f"alicloud:{kind}": count for kind, count in kinds.items() if count})


_OF_A_BUCKET = (
    "bucket:Bucket",
    "bucketAcl:BucketAcl",
    "bucketPolicy:BucketPolicy",
    "bucketPublicAccessBlock:BucketPublicAccessBlock",
)
