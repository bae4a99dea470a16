"""Who reaches a bucket in OSS: whom it is granted to, by https; everyone, where it is public."""

from typing import Any

import pulumi
from pulumi_alicloud import oss

from infra import granted
from infra.alicloud.places import bucket_arn


class Access(pulumi.ComponentResource):
    """What keeps a bucket closed: no public access, nothing in plain http.

    What lies in a `public` one anyone may fetch who knows its key, and nobody may list.
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
    """Nobody reaches the bucket of this name by plain http; of a `public` one everyone gets blobs.

    What is pending is among them: a policy of OSS tells the unsigned requests from the owner's own
    in no documented way, so there is no refusing them alone.
    """
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
                "Resource": [f"{bucket_arn(called)}/*"],
            }
        )
    return {"Version": "1", "Statement": statements}
