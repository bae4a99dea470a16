"""One queue, as the supervisor is told of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from infra import limits
from infra.local.runtime.specs import Rule, Spec, one_of, text, whole


@dataclass(frozen=True, slots=True)
class QueueSpec(Spec):
    """A queue and the function that consumes it; `file` is its database, which is made if need be.

    `durability` is what a sender waits for: `full` survives the machine's death, `normal` that of
    every process.
    """

    name: str
    consumer: str
    batch_size: int
    visibility_s: int
    max_attempts: int
    max_concurrency: int
    durability: str
    file: str

    RULES: ClassVar[Mapping[str, Rule]] = {
        "name": text,
        "consumer": text,
        # narrower ones are the platform's check to know
        "batch_size": whole(1, limits.BATCH[-1]),
        "visibility_s": whole(1, limits.VISIBILITY_S[-1]),
        "max_attempts": whole(1, limits.ATTEMPTS[-1]),
        "max_concurrency": whole(1, limits.CONSUMERS[-1]),
        "durability": one_of("normal", "full"),
        "file": text,
    }
