"""Every limit of a stack's file reaches its resource on Alibaba Cloud, and no resource besides."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from infra.alicloud.unlike import OTHERWISE, UNLIKE
from tests.support.alicloud_stacks import small
from tests.support.limits import Case, Inputs, cased, inputs_of, reaches, stated, with_setting

pytestmark = pytest.mark.long  # the program runs once for each setting

BASE: Mapping[str, Any] = {
    "target": "alicloud",
    "payments": "fake",
    "alicloud": {"instance": "shop-dev-1"},
}

FUNCTION = "fc/v3Function:V3Function"
VERSION = "fc/v3FunctionVersion:V3FunctionVersion"
RESERVED = "fc/v3ConcurrencyConfig:V3ConcurrencyConfig"
READY = "fc/v3ProvisionConfig:V3ProvisionConfig"
TRIGGER = "fc/v3Trigger:V3Trigger"
DOMAIN = "fc/v3CustomDomain:V3CustomDomain"
INSTANCE = "ots/instance:Instance"
TABLE = "ots/table:Table"
INDEX = "ots/secondaryIndex:SecondaryIndex"
BUCKET = "oss/bucket:Bucket"
OF_BUCKETS = (
    BUCKET, "oss/bucketObject:BucketObject", "oss/bucketPolicy:BucketPolicy",
    "oss/bucketAcl:BucketAcl", "oss/bucketPublicAccessBlock:BucketPublicAccessBlock",
)  # fmt: skip
LOGS = ("log/project:Project", "log/store:Store", "log/storeIndex:StoreIndex", "log/alert:Alert")
CNAME = "oss/bucketCname:BucketCname"
CNAME_TOKEN = "oss/bucketCnameToken:BucketCnameToken"
QUEUE = "message/serviceQueue:ServiceQueue"
PLUGIN = "apigateway/plugin:Plugin"
ALARM = "cms/alarm:Alarm"
POLICY = "ram/policy:Policy"
GATEWAY = tuple(f"apigateway/{each}" for each in (
    "group:Group", "api:Api", "plugin:Plugin", "pluginAttachment:PluginAttachment",
))  # fmt: skip
API_ROLE = ("ram/role:Role", POLICY, "ram/rolePolicyAttachment:RolePolicyAttachment")
AUTH, USERS, UPLOADS = "function-auth-code", "table-users", "bucket-uploads"
RATES = {"throttle": {"rate": 50, "burst": 100}}
MIN = {"functions": {"auth": {"min_instances": 2}}}
MORNING = {"morning": {"cron": "0 7 * * 1-5", "time_zone": "Asia/Shanghai", "min_instances": 5}}
SHOP_DOMAIN = {"name": "shop.example.com", "certificate": "12345678-cn-hangzhou"}
FILES = {"uploads": {"name": "files.example.com", "certificate": "12345678-cn-hangzhou"}}

CASES = (
    Case(
        ("functions", "auth", "memory_mb"), 1024, FUNCTION, AUTH, ("memorySize",), 1024,
        also=(VERSION,),
    ),
    Case(
        ("functions", "auth", "memory_mb"), 1024, FUNCTION, AUTH, ("cpu",), 0.5, also=(VERSION,)
    ),
    Case(
        ("functions", "auth", "timeout_s"), 7, FUNCTION, AUTH, ("timeout",), 7,
        also=(VERSION, ALARM, "apigateway/api:Api"),
    ),
    Case(
        ("functions", "auth", "max_instances"), 33, RESERVED, "function-auth-concurrency",
        ("reservedConcurrency",), 33,
    ),
    Case(
        ("functions", "auth", "min_instances"), 3, READY, "function-auth-ready", ("target",), 3,
        given=MIN,
    ),
    Case(
        ("functions", "auth", "min_instances"), 3, READY, "function-auth-ready",
        ("targetTrackingPolicies", 0, "minCapacity"), 3, given=MIN,
    ),
    Case(
        ("functions", "auth", "scheduled"), MORNING, READY, "function-auth-ready",
        ("scheduledActions",),
        [{
            "name": "morning", "scheduleExpression": "cron(0 0 7 * * MON,TUE,WED,THU,FRI)",
            "target": 5,
            "timeZone": "Asia/Shanghai",
            "startTime": "2020-01-01T00:00:00", "endTime": "2099-12-31T23:59:59",
        }],
        given=MIN,
    ),
    Case(
        ("functions", "auth", "scheduled"),
        {"morning": {"cron": "0 7 * * 1-5", "min_instances": 5}}, READY, "function-auth-ready",
        ("scheduledActions", 0, "startTime"), "2020-01-01T00:00:00Z", given=MIN,
    ),
    Case(
        ("functions", "auth", "environment"), {"GREETING": "hello"}, FUNCTION, AUTH,
        ("environmentVariables", "GREETING"), "hello", also=(VERSION,),
    ),
    Case(
        ("alicloud", "cpu", "auth"), 0.35, FUNCTION, AUTH, ("cpu",), 0.35, also=(VERSION,)
    ),
    Case(
        ("alicloud", "ready_utilisation_percent"), 55, READY, "function-auth-ready",
        ("targetTrackingPolicies", 0, "metricTarget"), 0.55, given=MIN,
    ),
    Case(
        ("throttle", "rate"), 7, PLUGIN, "gateway-api-throttle-POST /users",
        ("pluginData", "apiDefault"), 7, given=RATES,
    ),
    Case(
        ("routes", "POST /users"), {"rate": 3, "burst": 4}, PLUGIN,
        "gateway-api-throttle-POST /users", ("pluginData", "apiDefault"), 3,
    ),
    Case(
        ("buckets", "uploads", "pending_days"), 9, BUCKET, UPLOADS,
        ("lifecycleRules", 1, "expirations", 0, "days"), 9,
    ),
    Case(
        ("buckets", "uploads", "allow_replace"), True, BUCKET, UPLOADS, ("forceDestroy",), True
    ),
    Case(
        ("alicloud", "version_days"), 5, BUCKET, UPLOADS,
        ("lifecycleRules", 0, "noncurrentVersionExpirations", 0, "days"), 5,
    ),
    Case(
        ("queues", "welcome", "batch_size"), 4, TRIGGER, "consumer-welcome",
        ("triggerConfig", "runOptions", "batchWindow", "CountBasedWindow"), 4,
    ),
    Case(
        ("queues", "welcome", "max_concurrency"), 6, RESERVED, "function-notify-concurrency",
        ("reservedConcurrency",), 6,
    ),
    Case(
        ("queues", "welcome", "visibility_s"), 77, QUEUE, "queue-welcome", ("visibilityTimeout",),
        77,
    ),
    Case(
        ("queues", "welcome", "max_attempts"), 2, QUEUE, "queue-welcome",
        ("dlqPolicy", "maxReceiveCount"), 2,
    ),
    Case(("alicloud", "log_days"), 90, "log/store:Store", "logs-store", ("retentionPeriod",), 90),
    Case(("alicloud", "deletion_protection"), False, BUCKET, UPLOADS, ("forceDestroy",), True),
    Case(("alicloud", "encrypt_tables"), False, TABLE, USERS, ("enableSse",), False),
    Case(("alicloud", "expired_days"), 8, TABLE, "table-sessions", ("timeToLive",), 691_200),
    Case(
        ("alicloud", "instance"), "shop-dev-2", INSTANCE, "tables", ("name",), "shop-dev-2",
        also=(*OF_BUCKETS, *LOGS, TABLE, INDEX, FUNCTION, VERSION, POLICY),
    ),
    Case(
        ("alicloud", "instance_type"), "Capacity", INSTANCE, "tables", ("instanceType",),
        "Capacity",
    ),
    Case(
        ("alicloud", "contact_group"), "us", ALARM, "function-auth-errors", ("contactGroups", 0),
        "us", also=("cms/alarmContactGroup:AlarmContactGroup",),
    ),
    Case(
        ("alicloud", "action_policy"), "ours", "log/alert:Alert", "schedule-sweep-not-run",
        ("policyConfiguration", "actionPolicyId"), "ours",
    ),
    Case(
        ("alicloud", "bucket_domains"), FILES, CNAME, "bucket-uploads-domain",
        ("certificate", "certId"), "12345678-cn-hangzhou", also=(CNAME_TOKEN, FUNCTION, VERSION),
    ),
    Case(
        ("alicloud", "domain"), SHOP_DOMAIN, DOMAIN, "gateway-domain", ("certificateId",),
        "12345678-cn-hangzhou", also=(*GATEWAY, *API_ROLE),
    ),
    Case(
        ("alicloud", "bucket_domains"), FILES, CNAME, "bucket-uploads-domain", ("domain",),
        "files.example.com", also=(CNAME_TOKEN, FUNCTION, VERSION),
    ),
    Case(
        ("origins",), ["https://shop.example.com"], BUCKET, UPLOADS,
        ("corsRules", 0, "allowedOrigins"), ["https://shop.example.com"],
        also=(PLUGIN, "apigateway/pluginAttachment:PluginAttachment"),
    ),
    Case(
        ("origins",), ["https://shop.example.com"], PLUGIN, "gateway-api-cors",
        ("pluginData", "allowOrigins"), "https://shop.example.com",
        also=(BUCKET, "apigateway/pluginAttachment:PluginAttachment"),
    ),
    Case(
        ("origins",), ["https://shop.example.com"], DOMAIN, "gateway-domain",
        ("corsConfig", "allowOrigins"), ["https://shop.example.com"], also=(BUCKET,),
        given={"alicloud": {"instance": "shop-dev-1", "domain": SHOP_DOMAIN}},
    ),
)  # fmt: skip

ELSEWHERE = {
    ("target",): "it chooses this program",
    ("traffic",): "tests/program/test_traffic.py",
    ("payments",): "it chooses parts of the shop: tests/unit/test_shop.py",
    ("notifications", "by"): "the same",
    ("notifications", "sender"): "the same",
    ("alicloud", "bytecode"): "the package's tests hold it",
    ("alicloud", "account_instances"): "it is compared with what the functions reserve",
    ("functions", "queue_ms"): "no cloud lets a call wait: it is refused",
    ("tables", "allow_replace"): "it is the engine's protection; the components' tests hold it",
}


@cache
def declared(stated_as: str) -> Inputs:
    """What the target declares for settings as JSON."""
    return inputs_of(small(json.loads(stated_as)), "alicloud")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{'.'.join(case.setting)}-{case.name}")
def test_a_setting_reaches_its_resource_and_no_other(case: Case) -> None:
    """One value is changed; what differs is the resource that it names, and its like."""
    reaches(case, BASE, declared)


def test_every_setting_has_its_case_or_is_named_as_unlike() -> None:
    """A setting that nothing here looks at could be read and forgotten."""
    unlike = {tuple(each.split(".")) for each in UNLIKE}
    missing = stated("alicloud") - cased(CASES) - unlike
    assert missing == set(ELSEWHERE)
    assert cased(CASES) <= stated("alicloud")
    assert unlike <= stated("alicloud")
    assert {tuple(each.split(".")) for each in OTHERWISE} <= cased(CASES) - unlike


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        (("throttle", "burst"), 99),
        (("tables", "users", "max_reads"), 11),
        (("tables", "users", "max_writes"), 12),
    ],
)
def test_what_is_unlike_changes_nothing(setting: tuple[str, ...], value: Any) -> None:
    """What the table of differences says of it is so."""
    base = {**BASE, **RATES}
    assert declared(json.dumps(base)) == declared(json.dumps(with_setting(base, setting, value)))
