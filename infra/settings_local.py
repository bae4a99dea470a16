"""What a stack states of the local cloud."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from infra.errors import Problem
from infra.settings_part import Part
from infra.settings_report import shown
from infra.settings_scaling import Scaling


def gone(given: Mapping[Any, object]) -> Iterator[Problem]:
    """What a stack could state once and cannot any more."""
    local = given.get("local")
    if isinstance(local, Mapping) and "keep_alive_s" in local:
        yield Problem(
            "local.keep_alive_s",
            shown(local["keep_alive_s"]),
            "how long an idle instance is kept is learnt from the calls of each function, so this "
            "would have no effect",
            "remove it; local.scaling.goal.price_s says what a late call is worth",
        )


class Local(Part):
    """The local cloud of a stack whose target is this machine."""

    emulate: Literal["aws", "alicloud"] = Field(
        default="aws",
        description="The cloud whose events, answers and limits functions meet on this machine.",
        json_schema_extra={"errorMessage": "there is no such cloud to emulate"},
    )
    port: Literal["auto"] | Annotated[int, Field(ge=1024, le=65_535)] = Field(
        default="auto",
        description="The port on 127.0.0.1 that answers; auto: one of this checkout's own.",
        json_schema_extra={
            "errorMessage": "it is no port that can be opened without an administrator"
        },
    )
    log_max_mb: int = Field(
        default=16,
        ge=1,
        le=1024,
        description="How large the log grows before it is rotated, in MB.",
        json_schema_extra={"errorMessage": "the log would hold nothing, or fill the disk"},
    )
    scaling: Scaling = Field(
        default_factory=Scaling,
        description="How functions scale on this machine. What is changed here takes effect on "
        "what runs, and no call is lost by it.",
    )

    storage_port: Literal["auto"] | Annotated[int, Field(ge=1024, le=65_535)] = Field(
        default="auto",
        description="The port on 127.0.0.1 of the buckets' signed addresses; auto: one of this "
        "checkout's own.",
        json_schema_extra={
            "errorMessage": "it is no port that can be opened without an administrator"
        },
    )
    durability: Literal["normal", "full"] = Field(
        default="full",
        description="What a written row or blob survives. normal: the death of every process; "
        "full: the machine's too, at one disk sync per write.",
        json_schema_extra={"errorMessage": "there is no such promise"},
    )
    index_lag_ms: int = Field(
        default=0,
        ge=0,
        le=10_000,
        description="How long an index of a table shows rows as they were, in ms: clouds' do for "
        "a moment, and what relies on less shows here.",
        json_schema_extra={"errorMessage": "no index lags for less than nothing, or this long"},
    )
