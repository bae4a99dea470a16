"""The errors that a user of the platform can mend.

PlatformError
└── Refused     one report of every problem found, nothing was changed
"""

from collections.abc import Iterable
from dataclasses import dataclass


class PlatformError(Exception):
    """What went wrong and what to do about it, in words for whoever ran the command."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One value that cannot be used.

    `path` says where it stands (`functions.health.memory_mb`), `value` what stands there,
    `consequence` what would come of it, `remedy` what to write instead.
    """

    path: str
    value: str
    consequence: str
    remedy: str

    def __str__(self) -> str:
        """Three lines: what stands where, what would come of it, and the way out."""
        found = f"{self.path}: {self.value}" if self.value else self.path
        return f"  {found}\n    {self.consequence}\n    → {self.remedy}"


class Refused(PlatformError):  # noqa: N818 - a refusal is what it is
    """Every problem of one source, in one report, before anything was changed."""

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        self.source = source
        self.problems = tuple(sorted(problems))
        count = len(self.problems)
        title = f"{source}: {count} problem{'s' if count > 1 else ''}, nothing was changed"
        super().__init__("\n".join([title, *map(str, self.problems)]))
