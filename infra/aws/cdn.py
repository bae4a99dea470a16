"""What lets everyone fetch a public bucket's blobs: CloudFront."""

from typing import Final

import pulumi
from pulumi_aws import cloudfront, s3

from infra.aws.shared import Shared

# Policies that AWS keeps; their ids are the same in every account.
CACHING_OPTIMIZED: Final = "658327ea-f89d-4fab-a63d-7e88639e58f6"
SECURITY_HEADERS: Final = "67f7725c-6f97-4210-82d7-5512b31e9d03"

_ORIGIN: Final = "bucket"


class Cdn(pulumi.ComponentResource):
    """A CloudFront distribution in front of one bucket, at an address of CloudFront's.

    It owns neither the bucket's policy, which has to name it, nor a domain or certificate: on
    CloudFront's own address browsers may use TLS versions from before 1.2, which only a
    certificate of yours can rule out.
    """

    def __init__(
        self,
        name: str,
        title: str,
        bucket: s3.Bucket,
        shared: Shared,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("shop:aws:Cdn", name, None, opts)
        own = pulumi.ResourceOptions(parent=self)
        self.access = cloudfront.OriginAccessControl(
            name,
            name=title,
            description=f"CloudFront reads {title}",
            origin_access_control_origin_type="s3",
            signing_behavior="always",
            signing_protocol="sigv4",
            opts=own,
        )
        self.distribution = cloudfront.Distribution(
            name,
            comment=title,
            enabled=True,
            is_ipv6_enabled=True,
            http_version="http2and3",
            price_class="PriceClass_100",  # Europe and North America, where it costs least
            origins=[
                cloudfront.DistributionOriginArgs(
                    origin_id=_ORIGIN,
                    domain_name=bucket.bucket_regional_domain_name,
                    origin_access_control_id=self.access.id,
                )
            ],
            default_cache_behavior=cloudfront.DistributionDefaultCacheBehaviorArgs(
                target_origin_id=_ORIGIN,
                viewer_protocol_policy="redirect-to-https",
                allowed_methods=["GET", "HEAD"],
                cached_methods=["GET", "HEAD"],
                compress=True,
                cache_policy_id=CACHING_OPTIMIZED,
                response_headers_policy_id=SECURITY_HEADERS,
            ),
            restrictions=cloudfront.DistributionRestrictionsArgs(
                geo_restriction=cloudfront.DistributionRestrictionsGeoRestrictionArgs(
                    restriction_type="none"
                )
            ),
            viewer_certificate=cloudfront.DistributionViewerCertificateArgs(
                cloudfront_default_certificate=True
            ),
            tags=shared.tags,
            opts=own,
        )
        self.url = pulumi.Output.concat("https://", self.distribution.domain_name)
        self.register_outputs({"url": self.url})
