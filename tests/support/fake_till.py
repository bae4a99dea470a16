"""The fake provider on a test's own tables, with what its customers do there."""

import json

from app.adapters.fake.desk import Desk
from app.adapters.fake.payments import SECRET, FakePayments, reference_of
from app.adapters.memory.queue import MemoryQueue
from app.adapters.memory.secrets import MemorySecrets
from app.ports.clock import Clock
from app.ports.payments import Payment, State
from app.ports.tables import Schema, Table

SCHEMA = Schema(partition="payment")


class FakeTill(FakePayments):
    """As `MemoryPayments`, of which it has what tests ask: state, confirm and refunded."""

    def __init__(self, payments: Table, clock: Clock, card: str = "good") -> None:
        """`card` is the one that customers pay by."""
        secrets = MemorySecrets({SECRET: "k" * 43})
        super().__init__(payments, secrets, clock)
        self._rows = payments
        self._desk = Desk(payments, MemoryQueue(), secrets, clock)
        self._card = card

    def state(self, order: str) -> State | None:
        """The state of the order's payment now; None where there is none."""
        found = self._desk.see(reference_of(order))
        return None if found is None else found.state

    def confirm(self, order: str, state: State = "authorised") -> None:
        """What the customer does at the provider's page; or all of it, money taken and all."""
        paid = self._desk.pay(reference_of(order), self._card)
        assert isinstance(paid, Payment)
        if state == "captured":
            self.capture(paid)

    def refunded(self, order: str) -> int:
        """How much was given back, or is on its way."""
        row = self._rows.get({"payment": reference_of(order)})
        found = {} if row is None else json.loads(str(row["refunds"]))
        return sum(each["amount"] for each in found.values() if each["state"] != "failed")
