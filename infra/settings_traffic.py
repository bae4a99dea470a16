"""What a stack states of its traffic: whom it is to carry, and how well."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from infra.settings_part import Part
from infra.settings_report import refusal

_BUSIEST = 100_000.0  # requests/s
_LONGEST_RISE_S = 86_400.0

_Share = Annotated[
    float,
    Field(
        ge=0,
        le=1_000_000,
        allow_inf_nan=False,
        description="This route's share of the requests; 0: its limits stay as declared.",
        json_schema_extra={"errorMessage": "no share is less than nothing, or without an end"},
    ),
]


class Goal(Part):
    """How well the traffic is to be carried at its peak."""

    refused: float = Field(
        default=0.001,
        ge=0.000_001,
        le=0.5,
        allow_inf_nan=False,
        description="The share of requests that may be refused because every instance is busy.",
        json_schema_extra={"errorMessage": "no number of instances gets there, or none is needed"},
    )
    late: float = Field(
        default=0.01,
        ge=0.000_001,
        le=0.5,
        allow_inf_nan=False,
        description="The share of a queue's messages that may wait longer than wait_ms.",
        json_schema_extra={"errorMessage": "no number of consumers gets there, or none is needed"},
    )
    wait_ms: float = Field(
        default=1000,
        ge=0,
        le=3_600_000,
        allow_inf_nan=False,
        description="How long a queue's message may wait for its consumer, in ms.",
        json_schema_extra={"errorMessage": "a wait is 0 or more, and at most an hour"},
    )
    used: float = Field(
        default=0.7,
        ge=0.05,
        le=1,
        allow_inf_nan=False,
        description="How far throttles, tables and what is kept ready are used (M = T/U).",
        json_schema_extra={
            "errorMessage": "it is a share: next to nothing of it, or more than all"
        },
    )


class Traffic(Part):
    """The requests that a stack is to carry; limits that it does not state come from them."""

    peak: float = Field(
        ge=0.001,
        le=_BUSIEST,
        allow_inf_nan=False,
        description="Requests a second at the peak, of all routes together.",
        json_schema_extra={"errorMessage": "no limit follows from no request, or from so many"},
    )
    quiet: float = Field(
        default=0,
        ge=0,
        le=_BUSIEST,
        allow_inf_nan=False,
        description="Requests a second in quiet times: for so many instances are kept ready.",
        json_schema_extra={"errorMessage": "there are none or more, and no more than at the peak"},
    )
    rise_s: float = Field(
        default=60,
        ge=0,
        le=_LONGEST_RISE_S,
        allow_inf_nan=False,
        description="Seconds in which it rises to the peak: what the provider cannot start "
        "meanwhile is kept ready.",
        json_schema_extra={"errorMessage": "no traffic rises in less than nothing, or for days"},
    )
    peakedness: float = Field(
        default=2,
        ge=1,
        le=100,
        allow_inf_nan=False,
        description="How bursty it is: the variance of the work in flight over its mean. 1 is "
        "chance alone.",
        json_schema_extra={"errorMessage": "what comes by chance has 1, and nobody plans for more"},
    )
    mix: Mapping[str, _Share] = Field(
        default_factory=dict,
        description='Shares of single routes, by method and path: "GET /products". Of those not '
        "named here infra/shop_traffic.py has them. They need not add up to anything.",
    )
    store_ms: float = Field(
        default=5,
        ge=0,
        le=10_000,
        allow_inf_nan=False,
        description="What one call of a store takes on the cloud, in ms; this machine's are "
        "measured.",
        json_schema_extra={"errorMessage": "no call takes less than nothing, or this long"},
    )
    payment_ms: float = Field(
        default=500,
        ge=0,
        le=60_000,
        allow_inf_nan=False,
        description="What one call of Stripe takes, in ms; where payments are fake they were "
        "measured.",
        json_schema_extra={"errorMessage": "no call takes less than nothing, or this long"},
    )
    measured: str = Field(
        default="measured.yaml",
        min_length=1,
        description="The file that make measure wrote, beside this one.",
        json_schema_extra={"errorMessage": "no file has an empty name"},
    )
    goal: Goal = Field(default_factory=Goal, description="How well the peak is to be carried.")

    @field_validator("quiet")
    @classmethod
    def _below_the_peak(cls, quiet: float, info: ValidationInfo) -> float:
        peak = info.data.get("peak")
        if peak is not None and quiet > peak:
            raise refusal(
                f"the peak is {peak:g} requests/s, and quiet times have no more",
                f"write {peak:g} or less, or raise peak",
            )
        return quiet
