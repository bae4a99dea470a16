"""What `make doctor` says of each thing that it looks at, and what it looks with."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from infra.cli.machine import Machine
from infra.local.places import Places

GOOD, LACKING, WRONG, NOTE = "ok", "MISSING", "WRONG", "-"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. One that lacks or is wrong names what mends it."""

    name: str
    state: str
    text: str
    remedy: str = ""
    runs: bool = False

    @property
    def bad(self) -> bool:
        """Whether something has to be done about it."""
        return self.state in {LACKING, WRONG}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What cannot be told from the checkout itself; tests make one up."""

    machine: Machine
    python_version: tuple[int, ...]
    free_gb: Callable[[Path], float]
    answers: Callable[[Places], bool]
    in_use: Callable[[int], bool]
    writable: Callable[[Path], bool]
