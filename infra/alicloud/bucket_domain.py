"""A domain that is bound to a bucket in OSS, and the proof of whose it is."""

from typing import Final

import pulumi
from pulumi_alicloud import oss

from infra.settings_alicloud import BucketDomain

WAITED_MINUTES: Final = 20
"""How long an `up` waits for the proof: as long as a new DNS record may take."""


class Bound(pulumi.ComponentResource):
    """Browsers reach the bucket at this domain, by https, once OSS knows whose it is.

    OSS refuses a domain that it does not know (NeedVerifyDomainOwnership) until a TXT record of it
    holds a token, which `proof` tells; the token is good for 72 hours, the record can go
    afterwards. It owns no DNS record, neither that one nor the CNAME that leads to the bucket, and
    no certificate.
    """

    def __init__(
        self,
        name: str,
        bucket: pulumi.Output[str],
        domain: BucketDomain,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("shop:alicloud:Bound", name, None, opts)
        self.token = oss.BucketCnameToken(
            f"{name}-token",
            bucket=bucket,
            domain=domain.name,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.proof = self.token.token.apply(lambda token: f"TXT {record(domain.name)} {token}")
        # the stack has no outputs yet while it waits for the record
        self.proof.apply(lambda proof: pulumi.log.info(asked(domain.name, proof), self.token))
        self.cname = oss.BucketCname(
            name,
            bucket=bucket,
            domain=domain.name,
            certificate=oss.BucketCnameCertificateArgs(cert_id=domain.certificate),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[self.token],
                custom_timeouts=pulumi.CustomTimeouts(create=f"{WAITED_MINUTES}m"),
            ),
        )
        self.register_outputs({"proof": self.proof})


def record(domain: str) -> str:
    """The name of the TXT record that proves whose a domain is."""
    return f"_dnsauth.{domain}"


def asked(domain: str, proof: str) -> str:
    """What tells of a proof, as `TXT _dnsauth.files.example.com <token>`."""
    return (
        f"OSS binds {domain} to its bucket once its DNS has this record, and needs it that once "
        f"alone; until then make up waits {WAITED_MINUTES} minutes for it:\n{proof}"
    )
