"""Who reaches a bucket in OSS: whom it is granted to, by https; everyone, where it is public."""

from typing import Any, Final

import pulumi
from pulumi_alicloud import oss

from infra import granted
from infra.alicloud.places import bucket_arn

KEPT: Final = "kept/"
"""Where blobs are once they were looked at; what was only uploaded lies elsewhere."""


class Access(pulumi.ComponentResource):
    """What keeps a bucket closed: no public access, nothing in plain http.

    What is kept in a `public` one anyone may fetch who knows its key, and nobody may list.
    """

    def __init__(
        self,
        name: str,
        bucket: pulumi.Output[str],
        *,
        public: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("shop:alicloud:Access", name, None, opts)
        self.block = oss.BucketPublicAccessBlock(
            f"{name}-access",
            bucket=bucket,
            block_public_access=not public,
            opts=pulumi.ResourceOptions(parent=self),
        )
        # OSS takes one change of who may reach a bucket at a time
        self.acl = oss.BucketAcl(
            f"{name}-acl",
            bucket=bucket,
            acl="private",  # public-read would let everyone list it, too
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.block]),
        )
        self.policy = oss.BucketPolicy(
            f"{name}-policy",
            bucket=bucket,
            policy=bucket.apply(lambda called: granted.compact(policy(called, public=public))),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.acl]),
        )
        self.register_outputs({})


def policy(called: str, *, public: bool) -> dict[str, Any]:
    """Nobody reaches the bucket of this name by plain http; anyone what a `public` one has kept."""
    statements: list[dict[str, Any]] = [
        {
            "Effect": "Deny",
            "Principal": ["*"],
            "Action": ["oss:*"],
            "Resource": [bucket_arn(called), f"{bucket_arn(called)}/*"],
            "Condition": {"Bool": {"acs:SecureTransport": ["false"]}},
        }
    ]
    if public:
        statements.append(
            {
                "Effect": "Allow",
                "Principal": ["*"],
                "Action": ["oss:GetObject"],
                "Resource": [f"{bucket_arn(called)}/{KEPT}*"],
            }
        )
    return {"Version": "1", "Statement": statements}
