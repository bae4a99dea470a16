"""How much of a CPU a function gets for its memory, and what a call takes there; pure."""

from typing import Final

from infra.measured import Cost

MB_PER_VCPU: Final = 1769
"""docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html: at 1,769 MB one vCPU."""


def seconds(memory_mb: int, cost: Cost, store_ms: float) -> float:
    """The service time of a call, in seconds, where one call of a store takes `store_ms`.

    What computes takes longer with less than a vCPU, and not shorter with more: it has one thread.
    """
    slower = max(1.0, MB_PER_VCPU / memory_mb)
    return (cost.compute_ms * slower + cost.calls * store_ms) / 1000
