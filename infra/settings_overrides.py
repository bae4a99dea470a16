"""What a stack changes of the shop: sizes and limits of what `infra/shop.py` declares."""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from infra import limits
from infra.settings_part import Part
from infra.settings_report import refusal

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]+")  # Lambda takes none of a single letter
_SECRET_ENDINGS = ("PASSWORD", "SECRET", "TOKEN", "_KEY")


def _variable(name: str) -> str:
    if not _VARIABLE.fullmatch(name):
        raise refusal(
            "not every cloud takes this name for a variable",
            "use two or more capital letters, digits and underscores, and a letter first",
        )
    if name.endswith(_SECRET_ENDINGS):
        raise refusal(
            "values here land in the state, where whoever reads the stack reads them",
            "remove it: make secret NAME=… keeps it, a grant in infra/shop.py lets it be read",
        )
    if name.startswith("SHOP_"):
        raise refusal("the platform sets the SHOP_ variables itself", "choose another name")
    return name


def _value(text: str) -> str:
    if "\0" in text:
        raise refusal("no environment can hold a NUL character", "remove it")
    return text


_VariableName = Annotated[str, AfterValidator(_variable)]
_VariableValue = Annotated[str, AfterValidator(_value)]


class KeptReadyOverrides(Part):
    """How many instances are kept ready from a time on, until the next of these comes."""

    cron: str = Field(
        description="When it begins: minute, hour, day of the month, month, day of the week (0 is "
        "Sunday), as 0 7 * * 1-5."
    )
    time_zone: str | None = Field(
        default=None,
        description="Whose clock that is, as Asia/Shanghai or Europe/Berlin; UTC where none is "
        "stated.",
    )
    min_instances: int = Field(
        ge=1,
        le=limits.INSTANCES[-1],
        description="Instances that are kept ready from then on.",
        json_schema_extra={"errorMessage": "an account keeps 1 to 1000 instances ready"},
    )


class FunctionOverrides(Part):
    """What this stack changes about one function; all else stays as `infra/shop.py` has it."""

    memory_mb: int | None = Field(
        default=None,
        ge=1,
        le=32_768,
        description="Memory of one instance in MB; each cloud offers its own sizes.",
        json_schema_extra={"errorMessage": "no cloud offers an instance of this size"},
    )
    timeout_s: int | None = Field(
        default=None,
        ge=1,
        le=86_400,
        description="How long one call may take, in seconds; at most 29 behind a route.",
        json_schema_extra={
            "errorMessage": "no call is this short, or no cloud lets it take this long"
        },
    )
    min_instances: int | None = Field(
        default=None,
        ge=limits.INSTANCES.start,
        le=limits.INSTANCES[-1],
        description="Instances that are kept ready.",
        json_schema_extra={"errorMessage": "an account keeps 0 to 1000 instances ready"},
    )
    max_instances: int | None = Field(
        default=None,
        ge=1,
        le=limits.INSTANCES[-1],
        description="Instances beyond which a call is refused.",
        json_schema_extra={
            "errorMessage": "with none no call is served, and over 1000 no account runs them"
        },
    )
    queue_ms: int | None = Field(
        default=None,
        ge=limits.QUEUE_MS.start,
        le=limits.QUEUE_MS[-1],
        description="How long a call may wait for a free instance, in ms; 0: not at all.",
        json_schema_extra={
            "errorMessage": "a wait is 0 or more, and no caller waits longer than 29 s"
        },
    )
    snap_start: bool | None = Field(
        default=None,
        description="Whether instances start from a snapshot of one that has started (AWS only). "
        "Not together with min_instances.",
    )
    scheduled: Mapping[str, KeptReadyOverrides] | None = Field(
        default=None,
        description="Instances that are kept ready by the clock, over min_instances, each under a "
        "name of your own. Not on the local target.",
    )
    environment: Mapping[_VariableName, _VariableValue] = Field(
        default_factory=dict,
        description="Variables for the function, added to its own. No secrets: use a granted one.",
        json_schema_extra={
            "propertyNames": {
                "pattern": f"^{_VARIABLE.pattern}$",
                "not": {"pattern": f"^SHOP_|({'|'.join(_SECRET_ENDINGS)})$"},
            }
        },
    )

    @field_validator("max_instances")
    @classmethod
    def _room_for_the_ready(cls, most: int | None, info: ValidationInfo) -> int | None:
        least = info.data.get("min_instances")
        if most is not None and least is not None and least > most:
            raise refusal(
                f"{least} instances are to be kept ready, and fewer may run",
                f"write {least} or more, or lower min_instances",
            )
        return most


class ThrottleOverrides(Part):
    """How many requests a route lets through; those beyond get 429."""

    rate: int = Field(
        ge=limits.RATE.start,
        le=limits.RATE[-1],
        description="Requests a second in the long run.",
        json_schema_extra={"errorMessage": "no request would pass, or more than a region takes"},
    )
    burst: int = Field(
        ge=limits.BURST.start,
        le=limits.BURST[-1],
        description="Requests at once.",
        json_schema_extra={"errorMessage": "no request would pass, or more than a region takes"},
    )


class TableOverrides(Part):
    """What this stack changes about one table, and what it allows."""

    allow_replace: bool = Field(
        default=False,
        description="Whether an update may delete the table's rows: to give it another key or "
        "name, or to remove it. In the cloud run it once with this before you change the table.",
    )
    max_reads: int | None = Field(
        default=None,
        ge=limits.TABLE_UNITS.start,
        le=limits.TABLE_UNITS[-1],
        description="Read units a second beyond which reads are refused. A cap that was once "
        "stated is not lifted on AWS by removing this: write 40000.",
        json_schema_extra={"errorMessage": "nothing could be read, or no account reads as much"},
    )
    max_writes: int | None = Field(
        default=None,
        ge=limits.TABLE_UNITS.start,
        le=limits.TABLE_UNITS[-1],
        description="Write units a second beyond which writes are refused. A cap that was "
        "once stated is not lifted on AWS by removing this: write 40000.",
        json_schema_extra={"errorMessage": "nothing could be written, or no account does as much"},
    )


class BucketOverrides(Part):
    """What this stack changes about one bucket, and what it allows."""

    allow_replace: bool = Field(
        default=False,
        description="Whether an update may delete the bucket with all of its blobs.",
    )
    pending_days: int | None = Field(
        default=None,
        ge=limits.PENDING_DAYS.start,
        le=limits.PENDING_DAYS[-1],
        description="Days after which an upload that nothing refers to is removed.",
        json_schema_extra={"errorMessage": "a bucket's rules count whole days, up to a year"},
    )


class QueueOverrides(Part):
    """What this stack changes about one queue."""

    batch_size: int | None = Field(
        default=None,
        ge=limits.BATCH.start,
        le=limits.BATCH[-1],
        description="Messages that the consumer gets at once, at most.",
        json_schema_extra={"errorMessage": "not every cloud's queue hands out so many"},
    )
    visibility_s: int | None = Field(
        default=None,
        ge=limits.VISIBILITY_S.start,
        le=limits.VISIBILITY_S[-1],
        description="Seconds after which a message that was not dealt with comes back; at least "
        "six times the consumer's time-out.",
        json_schema_extra={"errorMessage": "not every cloud's queue hides a message this long"},
    )
    max_attempts: int | None = Field(
        default=None,
        ge=limits.ATTEMPTS.start,
        le=limits.ATTEMPTS[-1],
        description="Deliveries after which a message is set aside; on Alibaba Cloud each of them "
        "is many calls (docs/targets.md).",
        json_schema_extra={"errorMessage": "not every cloud's queue counts so far"},
    )
    max_concurrency: int | None = Field(
        default=None,
        ge=limits.CONSUMERS.start,
        le=limits.CONSUMERS[-1],
        description="Consumers at work at once.",
        json_schema_extra={"errorMessage": "not every cloud runs so few, or so many, consumers"},
    )
