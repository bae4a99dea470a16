"""How much of a CPU a function gets for its memory: Function Compute has both chosen; pure."""

from decimal import ROUND_CEILING, Decimal
from typing import Final

from infra.measured import Cost

STEP: Final = Decimal("0.05")
"""What vCPUs are counted in."""

_MB_IN_GB: Final = 1024
_LEAST: Final = Decimal(4)  # GB for each vCPU, at most
_USUAL: Final = Decimal(2)
_MOST: Final = Decimal(16)  # vCPUs of one instance, however large


def cpu(memory_mb: int) -> float:
    """The vCPUs of a function that states none: half a one for each GB, rounded up."""
    wanted = Decimal(memory_mb) / _MB_IN_GB / _USUAL
    return float((wanted / STEP).to_integral_value(ROUND_CEILING) * STEP)


def range_of(memory_mb: int) -> tuple[Decimal, Decimal]:
    """The fewest and the most vCPUs that Function Compute gives to so much memory."""
    memory = Decimal(memory_mb) / _MB_IN_GB
    least = (memory / _LEAST / STEP).to_integral_value(ROUND_CEILING) * STEP
    return least, min((memory // STEP) * STEP, _MOST)


def fits(vcpus: float, memory_mb: int) -> bool:
    """Whether Function Compute takes these two together."""
    stated = Decimal(str(vcpus))
    least, most = range_of(memory_mb)
    return stated.is_finite() and least <= stated <= most and stated % STEP == 0


def seconds(vcpus: float, cost: Cost, store_ms: float) -> float:
    """The service time of a call, in seconds, where one call of a store takes `store_ms`.

    What computes takes longer with less than a vCPU, and not shorter with more: it has one thread.
    """
    return (cost.compute_ms * max(1.0, 1 / vcpus) + cost.calls * store_ms) / 1000
