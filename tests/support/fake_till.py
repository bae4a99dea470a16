"""The fake provider on a test's own tables, with what its customers do there."""

import json
from typing import Any

from app.adapters.common.tables import schema_of
from app.adapters.fake.desk import Desk
from app.adapters.fake.payments import SECRET, FakePayments, reference_of
from app.adapters.memory.clock import MemoryClock
from app.adapters.memory.cloud import MemoryCloud
from app.adapters.memory.payments import MemoryPayments
from app.adapters.memory.queue import MemoryQueue
from app.adapters.memory.secrets import MemorySecrets
from app.ports.adapters import Stated
from app.ports.clock import Clock
from app.ports.payments import Payment, Payments, State
from app.ports.tables import Schema, Table
from tests.support.tables_stores import Store, stated_of

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


class CloudOn(MemoryCloud):
    """Everything in memory but the tables, which a store makes, if there is one.

    With a `card` payments are of the fake provider, on a table of the same kind, by this card.
    """

    def __init__(self, clock: MemoryClock, store: Store | None, lag_ms: int, card: str) -> None:
        super().__init__(clock, {"token-key": "k" * 43}, lag_ms=lag_ms)
        self._store = store
        self._made: dict[str, Table] = {}
        self.till: MemoryPayments | FakeTill = self.pay
        if card:
            self.till = FakeTill(self._table("fake_payments", SCHEMA), clock, card)

    def table(self, name: str, stated: Stated) -> Table:
        return self._table(name, schema_of(stated))

    def payments(self, services: Any) -> Payments:  # noqa: ARG002 - the same for all of them
        return self.till

    def _table(self, name: str, schema: Schema) -> Table:
        if self._store is None:
            return super().table(name, stated_of(schema))
        if name not in self._made:
            self._made[name] = self._store.bare(name, schema)
        return self._made[name]
