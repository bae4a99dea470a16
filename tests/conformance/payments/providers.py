"""The providers of payments that the suite runs on, and what a customer does at each."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from app.adapters.common.tables import schema_of
from app.adapters.fake.desk import Desk
from app.adapters.fake.payments import FakePayments
from app.adapters.memory.clock import MemoryClock
from app.adapters.memory.payments import MemoryPayments
from app.adapters.memory.queue import MemoryQueue
from app.adapters.memory.secrets import MemorySecrets
from app.adapters.memory.tables import MemoryTable
from app.adapters.stripe.payments import StripePayments
from app.ports.payments import Payments, Wanted
from tests.support.stripe_server import SIGNING, asked_at, event, signed, stripe_server

NOW_MS = 1_764_000_000_000

Webhook = tuple[Mapping[str, str], bytes]


@dataclass(frozen=True)
class Provider:
    """One of them, with its clock.

    `confirm(order, how)` is what the customer does, and what then becomes of it: "good",
    "capture-declined", "timeout-before", "timeout-after" (of the capture), "refund-timeout" (done,
    without an answer), "refund-fails". `given_back(order)` is what the provider gave back.
    `lose_start`, where it can be, has the next start be done without an answer.
    """

    name: str
    payments: Payments
    clock: MemoryClock
    confirm: Callable[[str, str], object]
    given_back: Callable[[str], int]
    webhook: Callable[[str, int], Webhook]
    lose_start: Callable[[], object] | None = None


@contextmanager
def memory() -> Iterator[Provider]:
    clock = MemoryClock(NOW_MS)
    made = MemoryPayments(clock)

    def confirm(order: str, how: str) -> None:
        made.confirm(order)
        if how == "capture-declined":
            made.decline_capture(order)
        if how.startswith("timeout-"):
            made.breaks("capture", after=how == "timeout-after")
        if how == "refund-timeout":
            made.breaks("refund", after=True)
        if how == "refund-fails":
            made.refunds_are = "failed"

    yield Provider(
        "memory",
        made,
        clock,
        confirm,
        made.refunded,
        lambda order, at_ms: made.webhook(order, at_ms=at_ms),
        lambda: made.breaks("start", after=True),
    )


@contextmanager
def fake() -> Iterator[Provider]:
    clock = MemoryClock(NOW_MS)
    table = MemoryTable(schema_of({"partition": "payment"}), clock)
    secrets = MemorySecrets({"payments-webhook": "a secret of tests"})
    queue = MemoryQueue()
    desk = Desk(table, queue, secrets, clock)

    def given_back(order: str) -> int:
        row = table.get({"payment": f"fake-{order}"})
        refunds = json.loads(str((row or {"refunds": "{}"})["refunds"]))
        return sum(each["amount"] for each in refunds.values() if each["state"] != "failed")

    def webhook(order: str, at_ms: int) -> Webhook:
        now_ms = clock.now_ms()
        clock.advance(at_ms - now_ms)
        made.start(wanted(order))
        desk.pay(f"fake-{order}", "good")
        clock.advance(now_ms - at_ms)
        told: Any = json.loads(queue.messages[-1].body)
        return told["headers"], told["body"].encode()

    made = FakePayments(table, secrets, clock)
    yield Provider(
        "fake",
        made,
        clock,
        lambda order, how: desk.pay(f"fake-{order}", how),
        given_back,
        webhook,
    )


@contextmanager
def stripe() -> Iterator[Provider]:
    clock = MemoryClock(NOW_MS)
    with stripe_server() as server, asked_at(server.url) as api:

        def confirm(order: str, how: str) -> None:
            server.confirm(order)
            if how == "capture-declined":
                server.declining.add(order)
            if how.startswith("timeout-"):
                server.fails("/capture", after=how == "timeout-after")
            if how == "refund-timeout":
                server.fails("POST /v1/refunds", after=True)
            if how == "refund-fails":
                server.refunds_are = "failed"

        secrets = MemorySecrets({"stripe-webhook": SIGNING})
        yield Provider(
            "stripe",
            StripePayments(api, secrets, clock),
            clock,
            confirm,
            server.given_back,
            lambda order, at_ms: (signed(event(order), at_ms // 1000), event(order)),
            lambda: server.fails("POST /v1/payment_intents", after=True),
        )


def wanted(order: str) -> Wanted:
    """What the suite's orders are to be paid with."""
    return Wanted(order, 2000, "EUR")


PROVIDERS = {"memory": memory, "fake": fake, "stripe": stripe}
