"""The stack's settings: the only place that reads `pulumi.Config`.

Stack YAML → `shop:settings`, one structured value → `parse` → a frozen `Settings`, or one report
of everything that is wrong with it. One key holds all of ours because Pulumi cannot tell a
misspelt key of its own from an unused one, and a mapping under one key can be read whole.
"""

import re
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal

import pulumi
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from infra import limits
from infra.errors import Refused
from infra.settings_report import nulls, problems_of, refusal, stray, unknown

Names = Mapping[str, Collection[str]]
"""What settings may name, by kind: `functions` and `tables`."""

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]+")  # Lambda takes none of a single letter
_SECRET_ENDINGS = ("PASSWORD", "SECRET", "TOKEN", "_KEY")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


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


class Local(_Part):
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


class TableOverrides(_Part):
    """What this stack allows with one table."""

    allow_replace: bool = Field(
        default=False,
        description="Whether an update may delete the table's rows to give it another key.",
    )


class FunctionOverrides(_Part):
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


class Settings(_Part):
    """Everything a stack states about the shop."""

    target: Literal["local"] = Field(
        description="Where the shop runs: local is this machine.",
        json_schema_extra={"errorMessage": "there is no such place to run the shop"},
    )
    local: Local = Field(default_factory=Local, description="The local cloud.")
    functions: Mapping[str, FunctionOverrides] = Field(
        default_factory=dict, description="Changes to single functions, by the function's name."
    )
    tables: Mapping[str, TableOverrides] = Field(
        default_factory=dict, description="What may be done with single tables, by their names."
    )


def parse(raw: object, source: str, names: Names) -> Settings:
    """The settings that `raw`, JSON as Python has it, states; None states nothing.

    `source` names the file in the report. Raises Refused with every problem found.
    """
    cleaned, found = nulls({} if raw is None else raw)
    if isinstance(cleaned, Mapping):
        found += unknown(cleaned, names)
    try:
        settings = Settings.model_validate(cleaned)
    except ValidationError as error:
        found += problems_of(error, Settings)
    if found:
        # the first problem of a path is the most telling one
        raise Refused(source, {p.path: p for p in reversed(found)}.values())
    return settings


def read(names: Names) -> Settings:
    """The settings of the stack that Pulumi runs. Raises Refused with every problem found."""
    source = f"stacks/Pulumi.{pulumi.get_stack()}.yaml"
    strays = list(stray(pulumi.runtime.get_config_env(), Settings.model_fields))
    try:
        raw: Any = pulumi.Config("shop").get_object("settings")
    except pulumi.ConfigTypeError as error:
        # Pulumi hands over a lone text as it stands, and a key without a value as an empty one
        raw = error.value or None
    try:
        settings = parse(raw, source, names)
    except Refused as refused:
        raise Refused(source, [*strays, *refused.problems]) from None
    if strays:
        raise Refused(source, strays)
    return settings
