"""What a call takes on this machine: what it took when it was measured here; pure."""

from infra.measured import Cost


def seconds(cost: Cost) -> float:
    """The service time of a call, in seconds."""
    return (cost.compute_ms + cost.store_ms) / 1000
