"""A bucket of the shop in S3."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi
from pulumi_aws import s3

from infra import model
from infra.aws.cdn import Cdn
from infra.aws.shared import Shared

PENDING: Final = "pending/"
"""Where uploads lie that nothing refers to yet."""

_UNFINISHED_DAYS: Final = 1
_CORS_SECONDS: Final = 3600


class Bucket(pulumi.ComponentResource):
    """Blobs in S3: encrypted, in versions, reached by https and by those who are granted it.

    What lies in a `public` one anyone may fetch at `url`, through CloudFront and in no other way;
    what is pending there nobody may. It is `replaceable` only where the settings say so. It owns
    no blobs and no key: S3 encrypts with one of its own.
    """

    def __init__(
        self,
        name: str,
        bucket: model.Bucket,
        shared: Shared,
        *,
        origins: Sequence[str],
        replaceable: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("shop:aws:Bucket", name, None, opts)
        own = pulumi.ResourceOptions(parent=self)
        self.bucket = s3.Bucket(
            # Pulumi puts letters behind it: all accounts share the names of buckets
            shared.names.of(bucket.name),
            force_destroy=replaceable or not shared.settings.deletion_protection,
            tags=shared.tags,
            opts=pulumi.ResourceOptions(parent=self, protect=not replaceable),
        )
        self.arn = self.bucket.arn
        self.bucket_name = self.bucket.bucket
        self.public_access_block = s3.BucketPublicAccessBlock(
            f"{name}-access",
            bucket=self.bucket_name,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=own,
        )
        self.ownership = s3.BucketOwnershipControls(
            f"{name}-ownership",
            bucket=self.bucket_name,
            rule=s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            opts=own,
        )
        self.encryption = s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            bucket=self.bucket_name,
            rules=[
                s3.BucketServerSideEncryptionConfigurationRuleArgs(
                    apply_server_side_encryption_by_default=s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
                        sse_algorithm="AES256"
                    ),
                    bucket_key_enabled=True,
                )
            ],
            opts=own,
        )
        self.versioning = s3.BucketVersioning(
            f"{name}-versioning",
            bucket=self.bucket_name,
            versioning_configuration=s3.BucketVersioningVersioningConfigurationArgs(
                status="Enabled"
            ),
            opts=own,
        )
        self.lifecycle = s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            bucket=self.bucket_name,
            rules=_rules(bucket.pending_days, shared.settings.version_days),
            # S3 refuses rules about versions where there are none yet
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.versioning]),
        )
        self.cors = _cors(name, self.bucket_name, origins, own) if origins else None
        self.cdn = (
            Cdn(f"{name}-cdn", shared.names.of(bucket.name), self.bucket, shared, own)
            if bucket.public
            else None
        )
        self.url = self.cdn.url if self.cdn else None
        distribution = self.cdn.distribution.arn if self.cdn else None
        self.policy = s3.BucketPolicy(
            f"{name}-policy",
            bucket=self.bucket_name,
            policy=pulumi.Output.json_dumps(
                pulumi.Output.all(self.arn, distribution).apply(lambda each: policy(*each))
            ),
            # S3 takes one change of who may reach a bucket at a time
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[self.public_access_block, self.ownership]
            ),
        )
        self.register_outputs({"arn": self.arn, "bucket_name": self.bucket_name})


def policy(arn: str, distribution: str | None) -> Mapping[str, Any]:
    """Nobody reaches the bucket of this ARN by plain http.

    Where there is a distribution, by its ARN, its readers get every blob but those pending.
    """
    statements: list[Mapping[str, Any]] = [
        {
            "Sid": "HttpsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]
    if distribution:
        readers = {
            "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Action": "s3:GetObject",
            "Condition": {"StringEquals": {"AWS:SourceArn": distribution}},
        }
        statements += [
            {"Sid": "Readers", "Effect": "Allow", "Resource": f"{arn}/*", **readers},
            {"Sid": "NotPending", "Effect": "Deny", "Resource": f"{arn}/{PENDING}*", **readers},
        ]
    return {"Version": "2012-10-17", "Statement": statements}


def _rules(pending_days: int, version_days: int) -> list[s3.BucketLifecycleConfigurationRuleArgs]:
    """Where two rules name a blob, S3 follows the shorter time."""
    return [
        s3.BucketLifecycleConfigurationRuleArgs(
            id="versions",
            status="Enabled",
            filter=s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
            noncurrent_version_expiration=s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                noncurrent_days=version_days
            ),
            # a deleted blob's mark goes with its last version
            expiration=s3.BucketLifecycleConfigurationRuleExpirationArgs(
                expired_object_delete_marker=True
            ),
            abort_incomplete_multipart_upload=s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                days_after_initiation=_UNFINISHED_DAYS
            ),
        ),
        s3.BucketLifecycleConfigurationRuleArgs(
            id="pending",
            status="Enabled",
            filter=s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=PENDING),
            expiration=s3.BucketLifecycleConfigurationRuleExpirationArgs(days=pending_days),
            # to bring back what nothing referred to would help nobody
            noncurrent_version_expiration=s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                noncurrent_days=1
            ),
        ),
    ]


def _cors(
    name: str, bucket: pulumi.Output[str], origins: Sequence[str], opts: pulumi.ResourceOptions
) -> s3.BucketCorsConfiguration:
    return s3.BucketCorsConfiguration(
        f"{name}-cors",
        bucket=bucket,
        cors_rules=[
            s3.BucketCorsConfigurationCorsRuleArgs(
                allowed_origins=origins,
                allowed_methods=["PUT", "GET", "HEAD"],
                allowed_headers=["*"],  # what is signed says which must be there
                expose_headers=["ETag"],
                max_age_seconds=_CORS_SECONDS,
            )
        ],
        opts=opts,
    )
