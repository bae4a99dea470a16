"""What a stack states of Alibaba Cloud besides the shop's own limits."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from infra.settings_hosts import Host
from infra.settings_part import Part
from infra.settings_report import refusal

_CERTIFICATE = re.compile(r"[0-9]+(-[a-z0-9-]+)?")
_INSTANCE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_FORBIDDEN = ("ali", "ay", "ots", "taobao", "admin")
_LONGEST = 16
_SHORTEST = 3


def _certificate(text: str) -> str:
    if not _CERTIFICATE.fullmatch(text):
        raise refusal(
            "the domain would answer no https without a certificate of this account",
            "write the id that Certificate Management Service shows, as 12345678-cn-hangzhou",
        )
    return text


def _instance(text: str) -> str:
    if not (_SHORTEST <= len(text) <= _LONGEST and _INSTANCE.fullmatch(text)):
        raise refusal(
            "TableStore and OSS do not both take this name",
            f"use {_SHORTEST} to {_LONGEST} lower-case letters and digits, a letter first, words "
            "joined by hyphens",
        )
    for word in _FORBIDDEN:
        if word in text:
            raise refusal(
                f'TableStore takes no name with "{word}" in it, and would say so only when the '
                "stack is brought up",
                f"choose one without {', '.join(_FORBIDDEN)}, as shop-dev-1",
            )
    return text


def _told(text: str) -> str:
    if not text.strip():
        raise refusal(
            "nothing has an empty name, so nobody would be told",
            "write the name that its console shows, or remove this key",
        )
    return text


class Domain(Part):
    """A domain of your own; in the mainland it takes an ICP filing."""

    name: Host = Field(description="The domain, as shop.example.com.")
    certificate: Annotated[str, AfterValidator(_certificate)] | None = Field(
        default=None,
        description="The id of its certificate in Certificate Management Service. Without one it "
        "answers by plain http, where passwords can be read on the way.",
    )


class BucketDomain(Part):
    """A domain of your own for one bucket, which is reached by https alone."""

    name: Host = Field(description="The domain, as files.example.com.")
    certificate: Annotated[str, AfterValidator(_certificate)] = Field(
        description="The id of its certificate in Certificate Management Service; without one OSS "
        "would answer by plain http, which the bucket refuses.",
    )


class Alicloud(Part):
    """The account, what is kept, and what is watched."""

    instance: Annotated[str, AfterValidator(_instance)] | None = Field(
        default=None,
        description="TableStore's instance, which no one else in the region may have, as "
        "shop-dev-1; names of buckets and of the log project begin with it. A stack keeps it.",
    )
    instance_type: Literal["HighPerformance", "Capacity"] = Field(
        default="HighPerformance",
        description="TableStore's kind of instance; a region may have one of them only.",
        json_schema_extra={"errorMessage": "TableStore has no such kind"},
    )
    account_instances: int = Field(
        default=300,
        ge=1,
        le=1_000_000,
        description="Instances that the account may run in this region (Quota Center); "
        "max_instances of all functions together take no more.",
        json_schema_extra={"errorMessage": "no account has so few or so many"},
    )
    cpu: Mapping[str, float] = Field(
        default_factory=dict,
        description="vCPUs of single functions, by their names; a multiple of 0.05, from a quarter "
        "of a vCPU to one for each GB. Without: half a one for each GB.",
    )
    deletion_protection: bool = Field(
        default=True,
        description="Whether buckets with blobs withstand being deleted; TableStore has no such "
        "lock.",
    )
    encrypt_tables: bool = Field(
        default=True,
        description="Whether TableStore encrypts with a key of KMS's own, which the account has "
        "to have opened. A table's rows are lost when this changes.",
    )
    expired_days: int = Field(
        default=7,
        ge=7,  # as long as a letter that is written down lives
        le=3650,
        description="Days after which TableStore removes a row of a table whose rows expire, "
        "counted from when it was written: at least as long as a row lives.",
        json_schema_extra={"errorMessage": "some rows live for seven days, and go by whole days"},
    )
    version_days: int = Field(
        default=30,
        ge=1,
        le=3650,
        description="How long a bucket keeps what was overwritten or deleted, in days.",
        json_schema_extra={"errorMessage": "a bucket's rules count whole days, up to ten years"},
    )
    log_days: int = Field(
        default=14,
        ge=1,
        le=3000,
        description="How long logs are kept, in days.",
        json_schema_extra={"errorMessage": "Simple Log Service keeps logs for 1 to 3000 days"},
    )
    ready_utilisation_percent: int = Field(
        default=70,
        ge=10,
        le=90,
        description="How busy the instances that are kept ready may be, in percent, before more "
        "are made ready, up to max_instances (M = T/U).",
        json_schema_extra={"errorMessage": "target tracking takes 10 to 90 percent"},
    )
    contact_group: Annotated[str, AfterValidator(_told)] | None = Field(
        default=None,
        description="CloudMonitor's group of contacts that alarms tell. Without: an own group "
        "that nobody is in yet.",
        json_schema_extra={"pattern": r"\S"},
    )
    action_policy: Annotated[str, AfterValidator(_told)] | None = Field(
        default=None,
        description="Simple Log Service's action policy, which names whom to tell that a schedule "
        "does not run; CloudMonitor cannot see that. Without: its console alone shows it.",
        json_schema_extra={"pattern": r"\S"},
    )
    bytecode: Literal["none", "required"] = Field(
        default="none",
        description="Whether packages hold compiled code, which starts faster; required: a Python "
        "of the functions' own version compiles it, and without one nothing is built.",
        json_schema_extra={"errorMessage": "there is no such choice"},
    )
    domain: Domain | None = Field(
        default=None,
        description="A domain of your own for the shop. Before the first make up a DNS record of "
        "yours (CNAME) points it at <account's id>.<region>.fc.aliyuncs.com, which the stack's "
        "output domain_target tells too. Without: API Gateway's address, for trials only.",
    )
    bucket_domains: Mapping[str, BucketDomain] = Field(
        default_factory=dict,
        description="Domains at which browsers reach single buckets, by the bucket's name; "
        "accounts of the mainland need them. OSS binds one once a TXT record of yours proves whose "
        "it is: make up tells the record, as does the output <bucket>_domain_proof.",
    )
