"""What a stack states of the local cloud."""

from typing import Annotated, Literal

from pydantic import Field

from infra.settings_part import Part


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
    keep_alive_s: int = Field(
        default=60,
        ge=1,
        le=3600,
        description="How long an idle instance is kept before it is stopped, in seconds.",
        json_schema_extra={
            "errorMessage": "no instance would ever be warm, or idle ones would hold their memory"
        },
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
