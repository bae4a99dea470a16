"""What a stack states of AWS besides the shop's own limits."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from infra.settings_hosts import Host
from infra.settings_part import Part
from infra.settings_report import refusal

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_CERTIFICATE = re.compile(r"arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[0-9a-f-]{36}")


def _email(text: str) -> str:
    if not _EMAIL.fullmatch(text):
        raise refusal("no alarm would reach anybody there", "write an address, as name@example.com")
    return text


def _certificate(text: str) -> str:
    if not _CERTIFICATE.fullmatch(text):
        raise refusal(
            "the domain would answer no https without a certificate of this account",
            "write the ARN that Certificate Manager shows: "
            "arn:aws:acm:<region>:<account>:certificate/<id>",
        )
    return text


class Domain(Part):
    """A domain of the shop's own; the address that AWS gives is closed then."""

    name: Host = Field(
        description="The domain, as shop.example.com; a DNS record of yours points it at the "
        "stack's output domain_target."
    )
    certificate_arn: Annotated[str, AfterValidator(_certificate)] = Field(
        description="The certificate of Certificate Manager for it, in the stack's own region."
    )


class Aws(Part):
    """The account, what is kept, what is watched, and what may be spent."""

    account_concurrency: int = Field(
        default=10,
        ge=10,
        le=1_000_000,
        description="Lambda's concurrent executions that the account allows in this region "
        "(Service Quotas). A new account has 10, of which nothing can be reserved.",
        json_schema_extra={"errorMessage": "no account has so few or so many"},
    )
    deletion_protection: bool = Field(
        default=True,
        description="Whether tables, buckets with blobs, and secrets withstand being deleted.",
    )
    point_in_time_recovery: bool = Field(
        default=True,
        description="Whether tables can be put back to any second of the last 35 days.",
    )
    version_days: int = Field(
        default=30,
        ge=1,
        le=3650,
        description="How long a bucket keeps what was overwritten or deleted, in days.",
        json_schema_extra={"errorMessage": "a bucket's rules count whole days, up to ten years"},
    )
    log_days: Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731] = Field(
        default=14,
        description="How long logs are kept, in days.",
        json_schema_extra={"errorMessage": "CloudWatch keeps logs for certain numbers of days"},
    )
    log_level: Literal["DEBUG", "INFO", "WARN", "ERROR"] = Field(
        default="INFO",
        description="The least grave lines of functions that are logged.",
        json_schema_extra={"errorMessage": "Lambda knows no such level"},
    )
    tracing: bool = Field(
        default=False, description="Whether X-Ray follows calls through the functions."
    )
    detailed_metrics: bool = Field(
        default=False, description="Whether the API counts each route by itself; it costs extra."
    )
    ready_utilisation_percent: int = Field(
        default=70,
        ge=10,
        le=90,
        description="How busy the instances that are kept ready may be, in percent, before more "
        "are made ready, up to max_instances (M = T/U).",
        json_schema_extra={"errorMessage": "target tracking takes 10 to 90 percent"},
    )
    alarm_email: Annotated[str, AfterValidator(_email)] | None = Field(
        default=None,
        description="Where alarms are sent; AWS asks there first. Without: to the topic alone.",
    )
    budget_usd: int = Field(
        default=50,
        ge=1,
        le=10_000_000,
        description="What the account may cost in a month, in US dollars, before an alarm.",
        json_schema_extra={"errorMessage": "a budget is a whole number of dollars"},
    )
    bytecode: Literal["none", "required"] = Field(
        default="none",
        description="Whether packages hold compiled code, which starts faster; required: a Python "
        "of the functions' own version compiles it, and without one nothing is built.",
        json_schema_extra={"errorMessage": "there is no such choice"},
    )
    domain: Domain | None = Field(
        default=None, description="A domain of your own in place of the one AWS gives."
    )
