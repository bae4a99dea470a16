"""What a stack states of how the local cloud scales functions, balances calls, recycles instances.

The defaults are the supervisor's own (`RuntimeSpec`), which says the same for every function.
"""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, field_validator

from infra.local.runtime.runtime_spec import RuntimeSpec
from infra.settings_part import Part
from infra.settings_report import refusal

_USUAL = RuntimeSpec()
# A fresh instance's resident set (`infra/local/runtime/memory.py`) is 14 MB before its handler is
# loaded and 22 to 24 MB with one of the shop's; while it hashes a password, 19 MB more.
_LEAST_MB = 64


class Goal(Part):
    """What mode slo is to reach, and what it may cost."""

    wait_ms: int = Field(
        default=_USUAL.wait_ms,
        ge=1,
        le=60_000,
        description="How long a call may wait for an instance, a start included, in ms; one that "
        "waits longer is late.",
        json_schema_extra={"errorMessage": "no call waits for nothing, and no caller this long"},
    )
    late_percent: int = Field(
        default=_USUAL.late_percent,
        ge=1,
        le=50,
        description="How many of a hundred calls may be late while the load is steady.",
        json_schema_extra={"errorMessage": "to have none late takes instances without end"},
    )
    price_s: int = Field(
        default=_USUAL.price_s,
        ge=1,
        le=86_400,
        description="What a late call is worth, in seconds of an instance: more keeps idle "
        "instances longer.",
        json_schema_extra={"errorMessage": "a late call costs something, and a day at most"},
    )


class Recycle(Part):
    """When an instance is replaced by a new one, between two calls; 0 sets no bound.

    A day's work shows what a handler cannot keep for ever: two hours are about what instances of
    the clouds live. A gigabyte is far above what a handler holds that leaks nothing. A number of
    calls says nothing of wear, so none is set.
    """

    age_s: int = Field(
        default=_USUAL.recycle_age_s,
        ge=0,
        le=604_800,
        description="Its age in seconds.",
        json_schema_extra={"errorMessage": "an age is 0 or more, and a week at most"},
    )
    requests: int = Field(
        default=_USUAL.recycle_requests,
        ge=0,
        le=1_000_000_000,
        description="The calls it has served.",
        json_schema_extra={"errorMessage": "no instance serves so many, or less than none"},
    )
    memory_mb: int = Field(
        default=_USUAL.recycle_memory_mb,
        ge=0,
        le=1_048_576,
        description=f"The memory it holds, in MB, where the system tells: on Linux; "
        f"{_LEAST_MB} or more, since a fresh one holds 15 to 25.",
        json_schema_extra={
            "errorMessage": "no machine has so much memory, or less than none",
            "not": {"exclusiveMinimum": 0, "exclusiveMaximum": _LEAST_MB},
        },
    )

    @field_validator("memory_mb")
    @classmethod
    def _above_a_fresh_one(cls, memory_mb: int) -> int:
        if 0 < memory_mb < _LEAST_MB:
            raise refusal(
                "an instance that has just started may hold as much, so that each would be "
                "replaced again and again",
                f"write {_LEAST_MB} or more, or 0 for no bound",
            )
        return memory_mb


class Scaling(Part):
    """How many instances there are, which of them takes a call, and how long it lives."""

    mode: Literal["slo", "utilisation"] = Field(
        default=_USUAL.mode,  # type: ignore[arg-type]
        description="slo: as few instances as keep calls from waiting longer than the goal; "
        "utilisation: as many as are busy for used_percent of the time (M = T/U).",
        json_schema_extra={"errorMessage": "there is no such controller"},
    )
    balance: Literal["recent", "balanced"] = Field(
        default=_USUAL.balance,  # type: ignore[arg-type]
        description="recent: the instance that worked last takes the next call, so that surplus "
        "ones age and go; balanced: each takes the same share (S = T/N).",
        json_schema_extra={"errorMessage": "there is no such balancer"},
    )
    goal: Goal = Field(default_factory=Goal, description="What mode slo is to reach.")
    used_percent: int = Field(
        default=_USUAL.used_percent,
        ge=10,
        le=100,
        description="How busy instances are in mode utilisation, in percent of the time.",
        json_schema_extra={"errorMessage": "instances are busy for 10 to 100 percent of the time"},
    )
    recycle: Recycle = Field(
        default_factory=Recycle,
        description="When an instance is replaced by a new one, which starts first; where "
        "max_instances are there, one of them at a time goes first.",
    )

    @property
    def told(self) -> Mapping[str, Any]:
        """As the supervisor is told."""
        return {
            "mode": self.mode,
            "balance": self.balance,
            **self.goal.model_dump(),
            "used_percent": self.used_percent,
            **{f"recycle_{name}": value for name, value in self.recycle.model_dump().items()},
        }
