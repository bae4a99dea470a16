"""What checkout, cancelling and the sweep work with, all of it, since each may go on for another.

Single-row conditional writes are all that the stores have in common, so there is no transaction:
whoever works on an order reads, decides, makes one conditional write, forgets, and reads again.
What anybody leaves undone, anybody else can finish, as often as they like.
"""

from dataclasses import dataclass, field

from app.domain.order import Rules
from app.domain.slots import Accept, Free, Line, Slot, raised, settled
from app.ports.clock import Clock
from app.ports.payments import Payments
from app.ports.queue import Queue
from app.ports.tables import Table


class Protocol(Rules):
    """The decisions that everything hangs on, in one place: tests break them one by one."""

    def settled(self, slot: Slot, line: Line | None) -> Accept | Free:
        """As `slots.settled`."""
        return settled(slot, line)

    def raised(self, version: int) -> int:
        """As `slots.raised`."""
        return raised(version)


@dataclass(frozen=True, slots=True)
class Saga:
    """The tables, the provider of payments, the queue of events, and the time."""

    orders: Table
    stock: Table
    promotions: Table
    adjustments: Table
    due: Table
    payments: Payments
    events: Queue
    clock: Clock
    rules: Protocol = field(default_factory=Protocol)
