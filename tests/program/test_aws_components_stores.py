"""What keeps the shop's data on AWS, and what watches it, is declared as the settings say."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks

from infra.aws.alarms import Alarms
from infra.aws.bucket import Bucket
from infra.aws.budget import Budget
from infra.aws.dashboard import Dashboard
from infra.aws.names import Names
from infra.aws.secret import Secret
from infra.aws.shared import Shared
from infra.aws.table import Table
from infra.model import Bucket as BucketModel
from infra.model import Index
from infra.model import Table as TableModel
from infra.settings_aws import Aws
from tests.support.program import Declared, apart
from tests.unit.sound_shop import SHOP

TABLE = "aws:dynamodb/table:Table"
BUCKET = "aws:s3/bucket:Bucket"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
CORS = "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration"
DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
ACCESS = "aws:cloudfront/originAccessControl:OriginAccessControl"
SECRET = "aws:secretsmanager/secret:Secret"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
TOPIC = "aws:sns/topic:Topic"
TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
CDN = "arn:aws:cloudfront::123456789012:distribution/EDFDVBD632BHDS"
REGION = "eu-central-1"
TAGS = {"shop:stack": "dev", "shop:managed-by": "pulumi"}


def outputs(args: pulumi.runtime.MockResourceArgs) -> dict[str, Any]:
    """What AWS adds to a resource, as far as others name it."""
    match args.typ:
        case "aws:s3/bucket:Bucket":
            called = f"{args.name}-1234567"
            return {
                "bucket": called,
                "arn": f"arn:aws:s3:::{called}",
                "bucketRegionalDomainName": f"{called}.s3.{REGION}.amazonaws.com",
            }
        case "aws:cloudfront/distribution:Distribution":
            return {"arn": CDN, "domainName": "d123.cloudfront.net"}
        case "aws:sns/topic:Topic":
            return {"arn": f"arn:aws:sns:{REGION}:123456789012:{args.inputs['name']}"}
        case _:
            return {"arn": f"arn:aws:any:{REGION}:123456789012:{args.name}"}


@dataclass
class Made:
    """What was declared, each resource's options by its kind, and a component's outputs."""

    declared: Declared = field(default_factory=lambda: Declared(outputs))
    options: dict[str, pulumi.ResourceOptions] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)

    def note(self, args: pulumi.ResourceTransformationArgs) -> None:
        """Remember how a resource is declared, and leave it as it is."""
        self.options[args.type_] = args.opts

    def inputs(self, kind: str) -> dict[str, Any]:
        """The inputs of the only resource of this kind."""
        return self.declared.inputs(kind)


def made(
    build: Callable[[Shared, pulumi.ResourceOptions], dict[str, pulumi.Input[Any]]], **stated: Any
) -> Made:
    """What `build` declares in a stack that states this of AWS; what it returns is told."""
    found = Made()

    def work() -> Made:
        mocks.set_mocks(found.declared, project="shop", stack="dev", preview=False)
        shared = Shared(names=Names("dev"), region=REGION, settings=Aws(**stated))

        @mocks.test  # type: ignore[untyped-decorator]
        def program() -> Any:
            noting = pulumi.ResourceOptions(transformations=[found.note])
            told = build(shared, noting)
            return pulumi.Output.all(**told).apply(found.told.update)

        program()
        return found

    return apart(work)


def table(model: TableModel, *, replaceable: bool = False, **stated: Any) -> Made:
    """One table."""

    def build(shared: Shared, opts: pulumi.ResourceOptions) -> dict[str, pulumi.Input[Any]]:
        component = Table("it", model, shared, replaceable=replaceable, opts=opts)
        return {"arn": component.arn, "table_name": component.table_name}

    return made(build, **stated)


def bucket(
    model: BucketModel, origins: tuple[str, ...] = (), *, replaceable: bool = False, **stated: Any
) -> Made:
    """One bucket."""

    def build(shared: Shared, opts: pulumi.ResourceOptions) -> dict[str, pulumi.Input[Any]]:
        component = Bucket("it", model, shared, origins=origins, replaceable=replaceable, opts=opts)
        return {"arn": component.arn, "name": component.bucket_name, "url": component.url}

    return made(build, **stated)


ORDERS = TableModel(
    name="orders",
    partition="id",
    sort="line",
    indexes=(
        Index(name="by_user", partition="user", sort="line"),
        Index(name="by_sku", partition="sku"),
    ),
)


def test_a_table_has_its_keys_and_those_of_its_indexes_as_text() -> None:
    inputs = table(ORDERS).inputs(TABLE)
    assert inputs["name"] == "shop-dev-orders"
    assert inputs["billingMode"] == "PAY_PER_REQUEST"
    assert (inputs["hashKey"], inputs["rangeKey"]) == ("id", "line")
    assert inputs["attributes"] == [
        {"name": name, "type": "S"} for name in ("id", "line", "sku", "user")
    ]
    by_user, by_sku = inputs["globalSecondaryIndexes"]
    assert (by_user["name"], by_user["projectionType"]) == ("by_user", "ALL")
    assert by_user["keySchemas"] == [
        {"attributeName": "user", "keyType": "HASH"},
        {"attributeName": "line", "keyType": "RANGE"},
    ]
    assert by_sku["keySchemas"] == [{"attributeName": "sku", "keyType": "HASH"}]
    assert inputs["tags"] == TAGS


def test_only_rows_that_expire_do() -> None:
    expiring = TableModel(name="sessions", partition="id", expiring=True)
    assert table(expiring).inputs(TABLE)["ttl"] == {"attributeName": "expires_at", "enabled": True}
    assert "ttl" not in table(ORDERS).inputs(TABLE)


def test_a_tables_caps_hold_for_its_indexes_too_and_without_caps_the_accounts_do() -> None:
    capped = replace(ORDERS, max_reads=7, max_writes=5)
    inputs = table(capped).inputs(TABLE)
    caps = {"maxReadRequestUnits": 7, "maxWriteRequestUnits": 5}
    assert inputs["onDemandThroughput"] == caps
    assert [each["onDemandThroughput"] for each in inputs["globalSecondaryIndexes"]] == [caps] * 2
    free = table(ORDERS).inputs(TABLE)
    assert "onDemandThroughput" not in free
    assert all("onDemandThroughput" not in each for each in free["globalSecondaryIndexes"])


def test_a_tables_cap_may_be_of_one_kind_alone() -> None:
    capped = replace(ORDERS, max_reads=7)
    assert table(capped).inputs(TABLE)["onDemandThroughput"] == {"maxReadRequestUnits": 7}


@pytest.mark.parametrize("stated", [True, False])
def test_a_table_can_be_put_back_in_time_where_the_settings_say_so(*, stated: bool) -> None:
    inputs = table(ORDERS, point_in_time_recovery=stated).inputs(TABLE)
    assert inputs["pointInTimeRecovery"] == {"enabled": stated}


@pytest.mark.parametrize(
    ("replaceable", "deletion_protection", "withstands"),
    [(False, True, True), (False, False, False), (True, True, False), (True, False, False)],
)
def test_a_tables_rows_withstand_deletion_unless_it_may_be_replaced(
    *, replaceable: bool, deletion_protection: bool, withstands: bool
) -> None:
    """The engine protects it on every stack, DynamoDB itself where the settings say so."""
    found = table(ORDERS, replaceable=replaceable, deletion_protection=deletion_protection)
    assert found.inputs(TABLE)["deletionProtectionEnabled"] is withstands
    assert found.options[TABLE].protect is not replaceable
    assert found.options[TABLE].delete_before_replace is True


def test_a_private_bucket_is_closed_encrypted_and_versioned() -> None:
    found = bucket(BucketModel(name="uploads"))
    assert found.declared.names(BUCKET) == ["shop-dev-uploads"]
    assert found.inputs(BUCKET)["tags"] == TAGS
    closed = found.inputs("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
    assert {key: value for key, value in closed.items() if key != "bucket"} == {
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    }
    ownership = found.inputs("aws:s3/bucketOwnershipControls:BucketOwnershipControls")
    assert ownership["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    (rule,) = found.inputs(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    )["rules"]
    assert rule == {
        "applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"},
        "bucketKeyEnabled": True,
    }
    versioning = found.inputs("aws:s3/bucketVersioning:BucketVersioning")
    assert versioning["versioningConfiguration"] == {"status": "Enabled"}


def test_what_belongs_to_a_bucket_names_the_one_that_aws_made() -> None:
    found = bucket(BucketModel(name="uploads"), ("https://shop.example.com",))
    named = {
        each.inputs["bucket"]
        for each in found.declared.resources
        if each.typ.startswith("aws:s3/bucket") and each.typ != BUCKET
    }
    assert named == {"shop-dev-uploads-1234567"}


def test_a_private_bucket_is_never_public() -> None:
    found = bucket(BucketModel(name="uploads"))
    (https,) = json.loads(found.inputs(POLICY)["policy"])["Statement"]
    arn = found.told["arn"]
    assert https == {
        "Sid": "HttpsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    assert found.told["url"] is None
    assert found.declared.names(DISTRIBUTION) == []


def test_what_is_overwritten_pending_or_unfinished_goes_after_its_days() -> None:
    found = bucket(BucketModel(name="uploads", pending_days=3), version_days=9)
    versions, pending = found.inputs(LIFECYCLE)["rules"]
    assert versions == {
        "id": "versions",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "noncurrentVersionExpiration": {"noncurrentDays": 9},
        "expiration": {"expiredObjectDeleteMarker": True},
        "abortIncompleteMultipartUpload": {"daysAfterInitiation": 1},
    }
    assert pending == {
        "id": "pending",
        "status": "Enabled",
        "filter": {"prefix": "pending/"},
        "expiration": {"days": 3},
        "noncurrentVersionExpiration": {"noncurrentDays": 1},
    }


def test_only_pages_of_the_shops_origins_upload_from_a_browser() -> None:
    origins = ("https://shop.example.com", "http://localhost:3000")
    (rule,) = bucket(BucketModel(name="uploads"), origins).inputs(CORS)["corsRules"]
    assert rule["allowedOrigins"] == list(origins)
    assert rule["allowedMethods"] == ["PUT", "GET", "HEAD"]
    assert bucket(BucketModel(name="uploads")).declared.names(CORS) == []


@pytest.mark.parametrize(
    ("replaceable", "deletion_protection", "emptied"),
    [(False, True, False), (False, False, True), (True, True, True), (True, False, True)],
)
def test_a_bucket_with_blobs_withstands_deletion_unless_it_may_be_replaced(
    *, replaceable: bool, deletion_protection: bool, emptied: bool
) -> None:
    found = bucket(
        BucketModel(name="uploads"),
        replaceable=replaceable,
        deletion_protection=deletion_protection,
    )
    assert found.inputs(BUCKET)["forceDestroy"] is emptied
    assert found.options[BUCKET].protect is not replaceable


def test_a_public_bucket_is_read_through_its_distribution_alone_and_not_what_is_pending() -> None:
    found = bucket(BucketModel(name="images", public=True))
    arn = found.told["arn"]
    _, readers, not_pending = json.loads(found.inputs(POLICY)["policy"])["Statement"]
    of_the_distribution = {
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Condition": {"StringEquals": {"AWS:SourceArn": CDN}},
    }
    assert readers == {
        "Sid": "Readers",
        "Effect": "Allow",
        "Resource": f"{arn}/*",
        **of_the_distribution,
    }
    assert not_pending == {
        "Sid": "NotPending",
        "Effect": "Deny",
        "Resource": f"{arn}/pending/*",
        **of_the_distribution,
    }
    assert found.told["url"] == "https://d123.cloudfront.net"


def test_a_distribution_signs_what_it_asks_of_its_bucket_and_answers_by_https() -> None:
    found = bucket(BucketModel(name="images", public=True))
    access = found.inputs(ACCESS)
    assert (access["originAccessControlOriginType"], access["signingBehavior"]) == ("s3", "always")
    inputs = found.inputs(DISTRIBUTION)
    (origin,) = inputs["origins"]
    assert origin["originAccessControlId"] == "it-cdn-id"
    assert origin["domainName"] == f"shop-dev-images-1234567.s3.{REGION}.amazonaws.com"
    assert inputs["defaultCacheBehavior"] == {
        "targetOriginId": origin["originId"],
        "viewerProtocolPolicy": "redirect-to-https",
        "allowedMethods": ["GET", "HEAD"],
        "cachedMethods": ["GET", "HEAD"],
        "compress": True,
        "cachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
        "responseHeadersPolicyId": "67f7725c-6f97-4210-82d7-5512b31e9d03",
    }
    assert (inputs["httpVersion"], inputs["priceClass"]) == ("http2and3", "PriceClass_100")
    assert inputs["viewerCertificate"] == {"cloudfrontDefaultCertificate": True}
    assert inputs["tags"] == TAGS


@pytest.mark.parametrize(("deletion_protection", "days"), [(True, 30), (False, 0)])
def test_a_secret_is_a_place_without_a_value(*, deletion_protection: bool, days: int) -> None:
    def build(shared: Shared, opts: pulumi.ResourceOptions) -> dict[str, pulumi.Input[Any]]:
        return {"arn": Secret("it", "token-key", shared, opts).arn}

    found = made(build, deletion_protection=deletion_protection)
    inputs = found.inputs(SECRET)
    assert (inputs["name"], inputs["recoveryWindowInDays"]) == ("shop/dev/token-key", days)
    assert inputs["description"] == "make secret STACK=dev NAME=token-key writes it"
    assert inputs["tags"] == TAGS
    kinds = {each.typ for each in found.declared.resources}
    assert kinds <= {SECRET, "shop:aws:Secret", "pulumi:pulumi:Stack"}


@cache
def watch(**stated: Any) -> Made:
    """The alarms of a sound shop; declared once for all tests, which only look at them."""

    def build(shared: Shared, opts: pulumi.ResourceOptions) -> dict[str, pulumi.Input[Any]]:
        alarms = Alarms("it", SHOP, shared, api_id=pulumi.Output.from_input("api1"), opts=opts)
        return {"topic": alarms.topic.arn}

    return made(build, **stated)


def test_every_alarm_tells_the_topic() -> None:
    found = watch()
    named = [each for each in found.declared.resources if each.typ == ALARM]
    assert len(named) == 18
    for each in named:
        assert each.inputs["alarmActions"] == [found.told["topic"]]
        assert each.inputs["name"] == f"shop-dev-{each.name}"
        assert " First: " in each.inputs["alarmDescription"]
        assert each.inputs["tags"] == TAGS


def test_an_alarm_of_one_metric_states_it_and_its_statistic() -> None:
    errors = watch().declared.inputs(ALARM, "function-orders-errors")
    assert (errors["namespace"], errors["metricName"]) == ("AWS/Lambda", "Errors")
    assert errors["dimensions"] == {"FunctionName": "shop-dev-orders"}
    assert (errors["statistic"], errors["period"], errors["evaluationPeriods"]) == ("Sum", 300, 1)
    assert (errors["comparisonOperator"], errors["threshold"]) == ("GreaterThanThreshold", 0)
    assert errors["treatMissingData"] == "notBreaching"
    slow = watch().declared.inputs(ALARM, "function-orders-slow")
    assert slow["extendedStatistic"] == "p99"
    assert "statistic" not in slow
    silent = watch().declared.inputs(ALARM, "schedule-sweep-not-run")
    assert (silent["comparisonOperator"], silent["threshold"]) == ("LessThanThreshold", 1)
    assert silent["treatMissingData"] == "breaching"


def test_an_alarm_of_several_metrics_states_what_it_makes_of_them() -> None:
    failing = watch().declared.inputs(ALARM, "api-5xx")
    assert "metricName" not in failing
    found, *metrics = failing["metricQueries"]
    assert found["expression"] == "IF(m1 >= 20, 100 * m0 / m1, 0)"
    assert found["returnData"] is True
    assert [(each["id"], each["metric"]["metricName"]) for each in metrics] == [
        ("m0", "5xx"),
        ("m1", "Count"),
    ]
    for each in metrics:
        assert each["metric"]["dimensions"] == {"ApiId": "api1"}
        assert (each["metric"]["period"], each["metric"]["stat"]) == (300, "Sum")


def test_only_cloudwatch_and_budgets_of_the_own_account_tell_the_topic_something() -> None:
    found = watch()
    topic = found.inputs(TOPIC)
    assert (topic["name"], topic["tags"]) == ("shop-dev-alarms", TAGS)
    assert "kmsMasterKeyId" not in topic
    own = {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    watcher = f"arn:aws:cloudwatch:{REGION}:123456789012:alarm:*"
    alarms, budgets = json.loads(found.inputs(TOPIC_POLICY)["policy"])["Statement"]
    for each in (alarms, budgets):
        assert (each["Effect"], each["Action"]) == ("Allow", "SNS:Publish")
        assert each["Resource"] == found.told["topic"]
    assert alarms["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert alarms["Condition"] == {**own, "ArnLike": {"aws:SourceArn": watcher}}
    assert budgets["Principal"] == {"Service": "budgets.amazonaws.com"}
    assert budgets["Condition"] == own


def test_alarms_are_mailed_to_the_address_that_is_stated() -> None:
    found = watch(alarm_email="ops@example.com")
    inputs = found.inputs(SUBSCRIPTION)
    assert (inputs["protocol"], inputs["endpoint"]) == ("email", "ops@example.com")
    assert inputs["topic"] == found.told["topic"]
    assert watch().declared.names(SUBSCRIPTION) == []


def test_the_dashboard_is_that_of_the_api() -> None:
    def build(shared: Shared, opts: pulumi.ResourceOptions) -> dict[str, pulumi.Input[Any]]:
        api_id = pulumi.Output.from_input("api1")
        return {
            "name": Dashboard("it", SHOP, shared, api_id=api_id, opts=opts).dashboard.dashboard_name
        }

    inputs = made(build).inputs("aws:cloudwatch/dashboard:Dashboard")
    assert inputs["dashboardName"] == "shop-dev-overview"
    first, *_ = json.loads(inputs["dashboardBody"])["widgets"]
    assert first["properties"]["metrics"] == [["AWS/ApiGateway", "Count", "ApiId", "api1"]]


def test_the_budget_tells_the_topic_before_the_months_money_is_spent() -> None:
    def build(shared: Shared, opts: pulumi.ResourceOptions) -> dict[str, pulumi.Input[Any]]:
        return {"name": Budget("it", shared, topic="arn:topic", opts=opts).budget.name}

    inputs = made(build, budget_usd=70).inputs("aws:budgets/budget:Budget")
    assert (inputs["name"], inputs["tags"]) == ("shop-dev-monthly", TAGS)
    assert (inputs["limitAmount"], inputs["limitUnit"]) == ("70", "USD")
    assert (inputs["budgetType"], inputs["timeUnit"]) == ("COST", "MONTHLY")
    assert "costFilters" not in inputs
    assert [
        (each["notificationType"], each["threshold"], each["subscriberSnsTopicArns"])
        for each in inputs["notifications"]
    ] == [("ACTUAL", 80, ["arn:topic"]), ("FORECASTED", 100, ["arn:topic"])]
