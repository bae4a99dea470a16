"""Buckets on OSS, what rings when a schedule does not run, and what a domain needs first."""

import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from pulumi import Output
from pulumi.runtime import MockResourceArgs

from infra.alicloud.bucket import Bucket
from infra.alicloud.bucket_domain import Bound, asked
from infra.alicloud.gateway import asked as pointed
from infra.alicloud.logs import Logs
from infra.alicloud.not_run import NotRun
from infra.model import Bucket as BucketModel
from infra.model import Schedule
from tests.support.alicloud_program import ACCOUNT, REGION, outputs
from tests.support.alicloud_stacks import shared_of, small
from tests.support.program import Declared
from tests.support.stacks import alone, plain
from tests.unit.sound_shop import SHOP

ARN = "acs:oss:*:*:shop-dev-1-images"
HTTPS_ONLY = {
    "Effect": "Deny",
    "Principal": ["*"],
    "Action": ["oss:*"],
    "Resource": [ARN, f"{ARN}/*"],
    "Condition": {"Bool": {"acs:SecureTransport": ["false"]}},
}
DOMAIN = {"name": "images.example.com", "certificate": "12345678-cn-hangzhou"}
SHOP_DOMAIN = {"name": "shop.example.com", "certificate": "12345678-cn-hangzhou"}
ALERT = "alicloud:log/alert:Alert"
DAY_MINUTES = 24 * 60


def bucket(*, public: bool, **stated: Any) -> Declared:
    """What the bucket `images` declares."""
    model = BucketModel(name="images", public=public, pending_days=3)
    shared = shared_of("dev", version_days=9, **stated)
    return alone(
        "dev",
        lambda: Bucket("it", model, shared, origins=(), replaceable=False).bucket_name,
        outputs,
    )


def only(found: Declared, kind: str) -> dict[str, Any]:
    """The inputs of the only resource of this kind of OSS."""
    inputs: dict[str, Any] = plain(found.inputs(f"alicloud:oss/{kind}"))
    return inputs


def statements(found: Declared) -> list[dict[str, Any]]:
    """What the bucket's policy says."""
    said: list[dict[str, Any]] = json.loads(only(found, "bucketPolicy:BucketPolicy")["policy"])[
        "Statement"
    ]
    return said


def test_a_private_bucket_is_never_public() -> None:
    found = bucket(public=False)
    block = only(found, "bucketPublicAccessBlock:BucketPublicAccessBlock")
    assert block == {"bucket": "shop-dev-1-images", "blockPublicAccess": True}
    assert only(found, "bucketAcl:BucketAcl")["acl"] == "private"
    assert statements(found) == [HTTPS_ONLY]


def test_of_a_public_bucket_everyone_gets_what_is_kept_and_nobody_lists_or_writes() -> None:
    found = bucket(public=True)
    block = only(found, "bucketPublicAccessBlock:BucketPublicAccessBlock")
    assert block == {"bucket": "shop-dev-1-images", "blockPublicAccess": False}
    assert only(found, "bucketAcl:BucketAcl")["acl"] == "private"
    assert statements(found) == [
        HTTPS_ONLY,
        {
            "Effect": "Allow",
            "Principal": ["*"],
            "Action": ["oss:GetObject"],
            "Resource": [f"{ARN}/kept/*"],
        },
    ]


def test_versions_and_what_is_pending_go_from_a_public_bucket_as_from_a_private_one() -> None:
    public, private = (only(bucket(public=each), "bucket:Bucket") for each in (True, False))
    assert public == private
    versions, pending = public["lifecycleRules"]
    assert versions["noncurrentVersionExpirations"] == [{"days": 9}]
    assert (pending["prefix"], pending["expirations"]) == ("pending/", [{"days": 3}])
    assert public["versioning"] == {"status": "Enabled"}


def test_a_domain_is_bound_to_its_bucket_with_its_certificate() -> None:
    found = bucket(public=True, bucket_domains={"images": DOMAIN})
    assert only(found, "bucketCname:BucketCname") == {
        "bucket": "shop-dev-1-images",
        "domain": "images.example.com",
        "certificate": {"certId": "12345678-cn-hangzhou"},
    }


def test_what_proves_whose_a_domain_is_stands_in_a_record_that_the_component_tells() -> None:
    """OSS refuses the domain until its TXT record holds the token."""
    settings = shared_of("dev", bucket_domains={"images": DOMAIN}).settings
    told: list[str] = []

    def build() -> Any:
        made = Bound("it", Output.from_input("b"), settings.bucket_domains["images"])
        return made.proof.apply(told.append)

    found = alone("dev", build, outputs)
    assert only(found, "bucketCnameToken:BucketCnameToken") == {
        "bucket": "b",
        "domain": "images.example.com",
    }
    assert told == ["TXT _dnsauth.images.example.com be1d49d863dea9ff"]
    assert asked("images.example.com", told[0]).endswith(f" for it:\n{told[0]}")


class RefusedError(Exception):
    """What Function Compute makes of a domain that does not point at it."""


def refusing_domains(args: MockResourceArgs) -> Mapping[str, Any]:
    """What Alibaba Cloud answers where no domain's DNS has the record."""
    if args.typ == "alicloud:fc/v3CustomDomain:V3CustomDomain":
        raise RefusedError("DomainNameNotResolved")
    return outputs(args)


def test_the_record_that_the_shops_domain_needs_is_told_though_the_domain_is_refused(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Else nobody could set it: the stack has no outputs before the domain is there."""
    caplog.set_level(logging.INFO)
    own = {"instance": "shop-dev-1", "domain": SHOP_DOMAIN}
    stated = {"target": "alicloud", "payments": "fake", "alicloud": own}
    with pytest.raises(RefusedError):
        small(stated, refusing_domains)
    assert pointed("shop.example.com", f"{ACCOUNT}.{REGION}.fc.aliyuncs.com") in caplog.messages


def alerts(*schedules: Schedule, **stated: Any) -> list[dict[str, Any]]:
    """The alerts of a shop with these schedules."""
    shared = shared_of("dev", **stated)
    platform = replace(SHOP, schedules=schedules)

    def build() -> Any:
        logs = Logs("logs", shared)
        NotRun("not-run", platform, logs, shared)
        return logs.project_name

    return [plain(each) for each in alone("dev", build, outputs).every(ALERT)]


@pytest.mark.parametrize(
    ("every_minutes", "looks_back_minutes", "interval", "times"),
    [
        (1, 15, "5m", 1),
        (5, 15, "5m", 1),
        (6, 18, "5m", 1),
        (479, 3 * 479, "5m", 1),
        (480, DAY_MINUTES, "5m", 1),
        (481, DAY_MINUTES, "1d", 2),
        (DAY_MINUTES, DAY_MINUTES, "1d", 3),
    ],
)
def test_a_function_that_misses_three_runs_and_a_quarter_of_an_hour_rings(
    every_minutes: int, looks_back_minutes: int, interval: str, times: int
) -> None:
    """A query looks back a day at most: what runs less often is asked for day by day."""
    (alert,) = alerts(Schedule(name="sweep", function="sweep", every_minutes=every_minutes))
    (query,) = alert["queryLists"]
    assert query["query"].startswith('functionName: "shop-dev-sweep" and requestId: * | SELECT')
    assert (query["start"], query["end"]) == (f"-{looks_back_minutes}m", "now")
    assert (query["project"], query["store"]) == ("shop-dev-1-logs", "functions")
    assert (query["region"], query["timeSpanType"]) == (REGION, "Relative")
    assert (alert["schedule"]["interval"], alert["threshold"]) == (interval, times)
    (severity,) = alert["severityConfigurations"]
    assert severity["evalCondition"] == {"condition": "calls < 1", "countCondition": ""}
    assert alert["noDataFire"] is True


def test_each_function_that_a_schedule_calls_has_one_alert_by_the_most_frequent_of_them() -> None:
    (alert,) = alerts(*SHOP.schedules)
    assert alert["alertName"] == "shop-dev-schedule-sweep-not-run"
    assert alert["queryLists"][0]["start"] == "-15m"


def test_what_is_silent_for_a_week_anyway_has_no_alert() -> None:
    assert alerts(Schedule(name="weekly", function="sweep", cron="30 4 * * 1")) == []


def test_it_tells_whom_the_settings_action_policy_names_and_without_one_nobody() -> None:
    schedule = Schedule(name="sweep", function="sweep", every_minutes=5)
    (told,) = alerts(schedule, action_policy="ours")
    assert told["policyConfiguration"]["actionPolicyId"] == "ours"
    (untold,) = alerts(schedule)
    assert "actionPolicyId" not in untold["policyConfiguration"]


def test_no_alerts_title_is_longer_than_simple_log_service_takes() -> None:
    name = "s" * 55  # the longest of a function in this stack
    (alert,) = alerts(Schedule(name="x", function=name, every_minutes=5))
    assert len(alert["alertDisplayname"]) == 64
