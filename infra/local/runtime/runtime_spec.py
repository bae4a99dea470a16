"""The supervisor's own settings: how functions scale, and how much log is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from infra.local.runtime.scaling.balancer import Balance
from infra.local.runtime.specs import Rule, Spec, one_of, whole

MODES = ("slo", "utilisation")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeSpec(Spec):
    """What holds for every function, and can change while they run.

    Mode `slo` follows the goal: at most `late_percent` of the calls wait longer than `wait_ms`, a
    late call being worth `price_s` seconds of an instance. Mode `utilisation` keeps instances busy
    for `used_percent` of the time. An instance is recycled at the age of `recycle_age_s` seconds,
    after `recycle_requests` calls, or at `recycle_memory_mb` megabytes; 0 sets no bound.
    """

    mode: str = "slo"
    balance: str = "recent"
    wait_ms: int = 100
    late_percent: int = 1
    price_s: int = 60
    used_percent: int = 70
    recycle_age_s: int = 7200
    recycle_requests: int = 0
    recycle_memory_mb: int = 1024
    log_max_mb: int = 16

    RULES: ClassVar[Mapping[str, Rule]] = {
        "mode": one_of(*MODES),
        "balance": one_of(*Balance),
        "wait_ms": whole(1, 60_000),
        "late_percent": whole(1, 50),
        "price_s": whole(1, 86_400),
        "used_percent": whole(10, 100),
        "recycle_age_s": whole(0, 604_800),
        "recycle_requests": whole(0, 1_000_000_000),
        "recycle_memory_mb": whole(0, 1_048_576),
        "log_max_mb": whole(1, 1024),
    }
