"""Buckets in OSS: those of the shop, and the one that the functions' packages lie in."""

from collections.abc import Sequence
from typing import Final

import pulumi
from pulumi_alicloud import oss

from infra import model
from infra.alicloud.bucket_access import Access
from infra.alicloud.bucket_domain import Bound
from infra.alicloud.names import CODE
from infra.alicloud.shared import Shared
from infra.settings_alicloud import BucketDomain

PENDING: Final = "pending/"
"""Where uploads lie that nothing refers to yet."""

_UNFINISHED_DAYS: Final = 1
_CORS_SECONDS: Final = 3600


class Bucket(pulumi.ComponentResource):
    """Blobs in OSS: encrypted, in versions, reached by https and by those who are granted it.

    What is kept in a `public` one anyone may fetch who knows its key; no CDN is before it. Browsers
    reach a bucket at the `domain` that is bound to it, which accounts of the mainland need, or at
    OSS's own. It is `replaceable` only where the settings say so. It owns no blobs, no key (OSS
    encrypts with one of its own), no certificate and no DNS record.
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
        super().__init__("shop:alicloud:Bucket", name, None, opts)
        own = pulumi.ResourceOptions(parent=self)
        self.bucket = oss.Bucket(
            name,
            bucket=shared.names.bucket(bucket.name),
            server_side_encryption_rule=_encrypted(),
            versioning=oss.BucketVersioningArgs(status="Enabled"),
            lifecycle_rules=_rules(bucket.pending_days, shared.settings.version_days),
            # else OSS refuses them: what is pending is in the whole bucket, too
            lifecycle_rule_allow_same_action_overlap=True,
            cors_rules=_cors(origins) if origins else None,
            force_destroy=replaceable or not shared.settings.deletion_protection,
            tags=shared.tags,
            opts=pulumi.ResourceOptions(parent=self, protect=not replaceable),
        )
        self.bucket_name = self.bucket.bucket.apply(str)
        self.access = Access(f"{name}-closed", self.bucket_name, public=bucket.public, opts=own)
        domain = shared.settings.bucket_domains.get(bucket.name)
        self.domain = Bound(f"{name}-domain", self.bucket_name, domain, own) if domain else None
        self.register_outputs({"name": self.bucket_name})


class Packages(pulumi.ComponentResource):
    """The bucket that the functions' packages are uploaded to, and read from when one changes.

    It holds nothing that cannot be made again, so it goes with all that is in it.
    """

    def __init__(
        self, name: str, shared: Shared, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("shop:alicloud:Packages", name, None, opts)
        own = pulumi.ResourceOptions(parent=self)
        self.bucket = oss.Bucket(
            name,
            bucket=shared.names.bucket(CODE),
            server_side_encryption_rule=_encrypted(),
            force_destroy=True,
            tags=shared.tags,
            opts=own,
        )
        self.bucket_name = self.bucket.bucket.apply(str)
        self.access = Access(f"{name}-closed", self.bucket_name, opts=own)
        self.register_outputs({"name": self.bucket_name})


def url(domain: BucketDomain) -> str:
    """Where browsers reach the bucket that is bound to this domain."""
    return f"https://{domain.name}"


def _encrypted() -> oss.BucketServerSideEncryptionRuleArgs:
    return oss.BucketServerSideEncryptionRuleArgs(sse_algorithm="AES256")


def _rules(pending_days: int, version_days: int) -> list[oss.BucketLifecycleRuleArgs]:
    return [
        oss.BucketLifecycleRuleArgs(
            id="versions",
            enabled=True,
            prefix="",
            noncurrent_version_expirations=[
                oss.BucketLifecycleRuleNoncurrentVersionExpirationArgs(days=version_days)
            ],
            # a deleted blob's mark goes with its last version
            expirations=[oss.BucketLifecycleRuleExpirationArgs(expired_object_delete_marker=True)],
            abort_multipart_uploads=[
                oss.BucketLifecycleRuleAbortMultipartUploadArgs(days=_UNFINISHED_DAYS)
            ],
        ),
        oss.BucketLifecycleRuleArgs(
            id="pending",
            enabled=True,
            prefix=PENDING,
            expirations=[oss.BucketLifecycleRuleExpirationArgs(days=pending_days)],
            # to bring back what nothing referred to would help nobody
            noncurrent_version_expirations=[
                oss.BucketLifecycleRuleNoncurrentVersionExpirationArgs(days=1)
            ],
        ),
    ]


def _cors(origins: Sequence[str]) -> list[oss.BucketCorsRuleArgs]:
    return [
        oss.BucketCorsRuleArgs(
            allowed_origins=origins,
            allowed_methods=["PUT", "GET", "HEAD"],
            allowed_headers=["*"],  # what is signed says which must be there
            expose_headers=["ETag"],
            max_age_seconds=_CORS_SECONDS,
        )
    ]
