"""The customer's side of the fake provider: a payment to look at, and cards to pay it by.

What the customer does is told by webhooks, signed, over the queue `fake-webhooks`.
"""

import json
from collections.abc import Iterator

from app.adapters.common import webhook_signing
from app.adapters.fake.cards import CARDS, LATE_MS
from app.adapters.fake.payments import HEADER, SECRET, Change, card_of, changed, seen
from app.domain.ids import new_id
from app.ports.clock import Clock
from app.ports.payments import Payment, State
from app.ports.queue import Queue
from app.ports.secrets import Secrets
from app.ports.tables import Row, Table


class Desk:
    """Where customers pay."""

    def __init__(self, payments: Table, webhooks: Queue, secrets: Secrets, clock: Clock) -> None:
        """`payments` is the table fake_payments; `secrets` must hold `payments-webhook`."""
        self._payments = payments
        self._webhooks = webhooks
        self._secrets = secrets
        self._clock = clock

    def see(self, reference: str) -> Payment | None:
        """The payment of this name, or None. Raises PortError."""
        row = self._payments.get({"payment": reference})
        return None if row is None else seen(row, self._clock.now_ms())

    def pay(self, reference: str, card: str) -> Payment | None:
        """Pay by one of CARDS; as it is then, or None where there is no such payment.

        A payment that was paid stays as it is, and is told of again: a webhook may have been lost.
        Raises PortError.
        """
        if self._payments.get({"payment": reference}) is None:
            return None

        def pick(row: Row, now_ms: int) -> Change:
            if row["state"] != "pending":
                return {}
            picked = CARDS[card]
            return {
                "card": card,
                "state": "declined" if picked.declined else "authorised",
                "state_at": now_ms + LATE_MS if picked.late else 0,
            }

        row = changed(self._payments, reference, pick, self._clock)
        payment = seen(row, self._clock.now_ms())
        for body in self._bodies(row, payment):
            self._webhooks.send(self._signed(body))
        return payment

    def _bodies(self, row: Row, payment: Payment) -> Iterator[str]:
        """What webhooks tell of the payment, in the order in which they go out."""
        newest = self._body(payment, payment.state)
        match card_of(row).webhooks:
            case "once":
                yield newest
            case "twice":
                yield from (newest, newest)
            case "reordered":
                yield from (newest, self._body(payment, "pending"))

    def _body(self, payment: Payment, state: State) -> str:
        told = {"order": payment.order, "reference": payment.reference, "state": state}
        return json.dumps({"id": new_id(self._clock.now_ms()), "payment": told})

    def _signed(self, body: str) -> str:
        """A webhook as the queue carries it: its headers, and the body as text."""
        key = webhook_signing.keys(self._secrets.get(SECRET))[0]
        at_s = self._clock.now_ms() // 1000
        signed = {HEADER: webhook_signing.header(key, body.encode(), at_s)}
        return json.dumps({"headers": signed, "body": body})
