"""What keeps the shop's data on AWS is declared as the settings say."""

import json
from dataclasses import replace
from typing import Any

import pulumi
import pytest

from infra.aws.bucket import Bucket
from infra.aws.secret import Secret
from infra.aws.shared import Shared
from infra.aws.table import Table
from infra.model import Bucket as BucketModel
from infra.model import Index
from infra.model import Table as TableModel
from tests.support.component import CDN, REGION, TAGS, Made, made

TABLE = "aws:dynamodb/table:Table"
BUCKET = "aws:s3/bucket:Bucket"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
CORS = "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration"
DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
ACCESS = "aws:cloudfront/originAccessControl:OriginAccessControl"
SECRET = "aws:secretsmanager/secret:Secret"


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
