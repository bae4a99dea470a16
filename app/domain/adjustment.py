"""A stock adjustment: so many pieces more or fewer of a product, for a reason, once.

giving or taking → done; taking → refused when there are too few. `marker` is its register.
"""

from dataclasses import dataclass, field
from typing import Literal

from app.domain.slots import RELEASE, RESERVE, Kind, Line

State = Literal["giving", "taking", "done", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """An adjustment as its row has it; `by` is a user's id, `at` in UTC epoch milliseconds."""

    product: str
    adjustment: str
    delta: int
    reason: str = field(repr=False)
    by: str
    at: int
    body: str
    state: State
    marker: str = ""

    @property
    def owner(self) -> str:
        """The text by which markers know it."""
        return owner(self.product, self.adjustment)

    @property
    def kind(self) -> Kind:
        """What marker it leaves: more pieces are given as a release is, fewer are reserved."""
        return RELEASE if self.delta > 0 else RESERVE

    @property
    def quantity(self) -> int:
        """How many pieces it moves."""
        return abs(self.delta)

    @property
    def is_open(self) -> bool:
        """Whether it is on its way still."""
        return self.state in ("giving", "taking")

    def line(self) -> Line:
        """What it says of its one line."""
        return Line(
            quantity=self.quantity,
            hold=self.marker if self.delta < 0 else "",
            release=self.marker if self.delta > 0 else "",
            may_hold=self.state == "taking",
            may_release=self.state == "giving",
        )


def owner(product: str, adjustment: str) -> str:
    """The text by which markers know an adjustment."""
    return f"adjust:{product}/{adjustment}"
