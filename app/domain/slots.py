"""Stock that many take from at once, and give back to, each exactly once.

A row has a counter, `available`, and eight slots. Who takes leaves a marker in a slot in the write
that lowers the counter; who gives back leaves one before the counter is raised. A marker stands for
its owner's line until the owner's row names it in a register, which is written once. Then the slot
is freed. Every write of a slot raises its version, so no write happens twice, however late it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

SLOTS = 8  # they bound the row, and how many may change it at the same time

Kind = Literal["", "reserve", "release"]
FREE: Kind = ""
RESERVE: Kind = "reserve"
RELEASE: Kind = "release"

Wanted = tuple[str, Literal["=", ">="], int | str]
"""A column, how it compares, and to what."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot as it was read. `owner` is "" when it is free."""

    number: int
    version: int
    kind: Kind = FREE
    owner: str = ""

    @property
    def marker(self) -> str:
        """What a register holds that names this marker: "<slot>:<version>"."""
        return f"{self.number}:{self.version}"


@dataclass(frozen=True, slots=True)
class Stock:
    """A row's counter and slots, as they were read together."""

    available: int
    slots: tuple[Slot, ...]

    @property
    def free(self) -> list[Slot]:
        """The slots that hold no marker."""
        return [each for each in self.slots if each.kind == FREE]

    @property
    def taken(self) -> list[Slot]:
        """Those that do."""
        return [each for each in self.slots if each.kind != FREE]

    def of(self, owner: str, kind: Kind | None = None) -> list[Slot]:
        """This owner's markers, of one kind or of both."""
        return [each for each in self.taken if each.owner == owner and kind in (None, each.kind)]


@dataclass(frozen=True, slots=True)
class Change:
    """One conditional write of the row: columns to set and to add to, and what must be so."""

    set: Mapping[str, int | str]
    add: Mapping[str, int]
    when: tuple[Wanted, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """What an owner says of the line that a marker is for.

    `hold` and `release` are its registers, "" while they are not written. `may_hold` and
    `may_release` tell whether its owner's state still lets it write them. Both go from yes to no,
    or stay, as long as the marker is there.
    """

    quantity: int
    hold: str
    release: str
    may_hold: bool
    may_release: bool


@dataclass(frozen=True, slots=True)
class Accept:
    """The owner's row is to name the marker."""


@dataclass(frozen=True, slots=True)
class Free:
    """The slot is to be freed, with so many pieces added back in the same write."""

    give: int


def fresh(available: int) -> dict[str, int | str]:
    """The columns of a row that nobody has taken from yet."""
    found: dict[str, int | str] = {"available": available}
    for number in range(SLOTS):
        found |= _written(Slot(number, 0))
    return found


def raised(version: int) -> int:
    """The version of a slot after a write."""
    return version + 1


def place(slot: Slot, marked: Slot, quantity: int) -> Change:
    """Put the marker in the free slot; one that reserves takes its pieces in the same write."""
    when: tuple[Wanted, ...] = ((f"v{slot.number}", "=", slot.version),)
    if marked.kind != RESERVE:
        return Change(_written(marked), {}, when)
    enough: Wanted = ("available", ">=", quantity)
    return Change(_written(marked), {"available": -quantity}, (*when, enough))


def free(slot: Slot, version: int, give: int) -> Change:
    """Take the marker out of the slot, and add its pieces back where that is due."""
    empty = Slot(slot.number, version)
    add = {"available": give} if give else {}
    return Change(_written(empty), add, ((f"v{slot.number}", "=", slot.version),))


def settled(slot: Slot, line: Line | None) -> Accept | Free:
    """The one write that brings a marker nearer to its end.

    `line` was read after the slot. None says that the owner has no such line: nothing is known of
    it, and nothing moves.
    """
    if line is None:
        return Free(0)
    reserves = slot.kind == RESERVE
    register = line.hold if reserves else line.release
    if not register and (line.may_hold if reserves else line.may_release):
        return Accept()
    # pieces come back once: when a hold can never be accepted any more, or when a release was
    given = (register == slot.marker) != reserves
    return Free(line.quantity if given else 0)


def _written(slot: Slot) -> dict[str, int | str]:
    number = slot.number
    return {f"v{number}": slot.version, f"k{number}": slot.kind, f"o{number}": slot.owner}
