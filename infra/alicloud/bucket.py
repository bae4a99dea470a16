"""Buckets in OSS: those of the shop, and the one that the functions' packages lie in."""

from collections.abc import Sequence
from typing import Any, Final

import pulumi
from pulumi_alicloud import oss

from infra import granted, model
from infra.alicloud.names import CODE
from infra.alicloud.places import bucket_arn
from infra.alicloud.shared import Shared
from infra.settings_alicloud import Domain

PENDING: Final = "pending/"
"""Where uploads lie that nothing refers to yet."""
KEPT: Final = "kept/"
"""Where a public bucket has what anyone may fetch; to except what is pending, OSS has no way."""

_UNFINISHED_DAYS: Final = 1
_CORS_SECONDS: Final = 3600


class Bucket(pulumi.ComponentResource):
    """Blobs in OSS: encrypted, in versions, reached by https and by who is granted it.

    What is kept in a `public` one anyone may fetch. Browsers reach it at the `domain` that is
    bound to it, which accounts of the mainland need, or at OSS's own address. It is `replaceable`
    only where the settings say so. It owns no blobs, no key (OSS encrypts with one of its own), no
    CDN (which takes a domain that is filed by hand), no certificate and no DNS record.
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
            cors_rules=_cors(origins) if origins else None,
            force_destroy=replaceable or not shared.settings.deletion_protection,
            tags=shared.tags,
            opts=pulumi.ResourceOptions(parent=self, protect=not replaceable),
        )
        self.bucket_name = self.bucket.bucket.apply(str)
        self.closed = Closed(f"{name}-closed", self.bucket_name, own, public=bucket.public)
        domain = shared.settings.bucket_domains.get(bucket.name)
        self.domain = _bound(name, self.bucket_name, domain, own) if domain else None
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
        self.closed = Closed(f"{name}-closed", self.bucket_name, own)
        self.register_outputs({"name": self.bucket_name})


class Closed(pulumi.ComponentResource):
    """What keeps a bucket closed: nothing in plain http, and of a `public` one all but the kept."""

    def __init__(
        self,
        name: str,
        bucket: pulumi.Output[str],
        opts: pulumi.ResourceOptions | None = None,
        *,
        public: bool = False,
    ) -> None:
        super().__init__("shop:alicloud:Closed", name, None, opts)
        self.access = oss.BucketPublicAccessBlock(
            f"{name}-access",
            bucket=bucket,
            block_public_access=not public,
            opts=pulumi.ResourceOptions(parent=self),
        )
        # OSS takes one change of who may reach a bucket at a time
        self.acl = oss.BucketAcl(
            f"{name}-acl",
            bucket=bucket,
            acl="private",
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.access]),
        )
        self.policy = oss.BucketPolicy(
            f"{name}-policy",
            bucket=bucket,
            policy=bucket.apply(lambda called: granted.compact(policy(called, public=public))),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.acl]),
        )
        self.register_outputs({})


def policy(called: str, *, public: bool) -> dict[str, Any]:
    """Nobody reaches the bucket of this name by plain http; anyone what a public one has kept."""
    everyone = {"Principal": ["*"]}
    statements: list[dict[str, Any]] = [
        {
            "Effect": "Deny",
            **everyone,
            "Action": ["oss:*"],
            "Resource": [bucket_arn(called), f"{bucket_arn(called)}/*"],
            "Condition": {"Bool": {"acs:SecureTransport": ["false"]}},
        }
    ]
    if public:
        kept = [f"{bucket_arn(called)}/{KEPT}*"]
        reads = {"Action": ["oss:GetObject"], "Resource": kept}
        statements.append({"Effect": "Allow", **everyone, **reads})
    return {"Version": "1", "Statement": statements}


def url(domain: Domain) -> str:
    """Where browsers reach what is bound to this domain."""
    return f"{'https' if domain.certificate else 'http'}://{domain.name}"


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


def _bound(
    name: str, bucket: pulumi.Output[str], domain: Domain, opts: pulumi.ResourceOptions
) -> oss.BucketCname:
    return oss.BucketCname(
        f"{name}-domain",
        bucket=bucket,
        domain=domain.name,
        certificate=(
            oss.BucketCnameCertificateArgs(cert_id=domain.certificate)
            if domain.certificate
            else None
        ),
        opts=opts,
    )
