"""The books of a running shop, read from its stores as an operator has them.

They are right or wrong at rest: once everybody who asked has an answer, or was killed.
"""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from app.adapters.common.clock import SystemClock
from app.adapters.fake.payments import FakePayments, reference_of
from app.adapters.memory.queue import MemoryQueue
from app.adapters.memory.secrets import MemorySecrets
from app.domain.ids import first_id
from app.domain.order import OPEN
from app.ports.errors import ConditionFailedError
from app.ports.tables import Condition
from app.services.saga import Saga
from tests.support.project import Project
from tests.support.project_processes import wait_for
from tests.support.shop_invariants import Books
from tests.support.shop_operator import minutes_pass_for_all, rows, run, table

_TABLES = ("orders", "stock", "promotions", "adjustments", "due", "fake_payments")
_ADJUSTED = "stock adjusted"
_RUNS = 8  # of the sweep; the provider may not answer the first ones
# the tables of which something is told, and their keys
_KEYS = {
    "orders": ("order",),
    "adjustments": ("product", "adjustment"),
    "products": ("product",),
    "promotions": ("code",),
}


@dataclass(frozen=True, slots=True)
class LiveBooks:
    """A shop at rest: all that was ever ordered, adjusted, paid and told there."""

    books: Books
    saga: Saga
    payments: dict[str, dict[str, Any]]
    told: list[str]

    def state(self, order: str) -> str | None:
        """The state of an order's payment; None where it has none."""
        row = self.payments.get(reference_of(order))
        return None if row is None else str(row["state"])

    def given_back(self, order: str) -> int:
        """What the provider gave back, or will, of an order's payment."""
        row = self.payments.get(reference_of(order))
        found = {} if row is None else json.loads(row["refunds"])
        return sum(each["amount"] for each in found.values() if each["state"] != "failed")

    def violations(self) -> list[str]:
        """What is never to be so, and is."""
        return self.books.violations(self.saga, self.state, self.given_back)

    def unrest(self) -> list[str]:
        """What is not to be so when the sweep has run alone, and is."""
        return self.violations() + self.books.unrest(
            self.saga, self.state, self.given_back, self.told
        )


@contextmanager
def books_of(shop: Project, at_first: int = 0) -> Iterator[LiveBooks]:
    """The books of all that there is in the shop.

    So many pieces of each product were in stock before any of it was adjusted, ordered or returned.
    """
    with ExitStack() as opened:
        tables = {name: opened.enter_context(closing(table(shop, name))) for name in _TABLES}
        fake = FakePayments(tables.pop("fake_payments"), MemorySecrets({}), SystemClock())
        queue = MemoryQueue()  # nothing is sent
        saga = Saga(**tables, payments=fake, events=queue, clock=SystemClock())  # type: ignore[arg-type]
        yield LiveBooks(
            Books(
                stock={row["product"]: at_first for row in rows(shop, "stock")},
                uses={row["code"]: row["uses"] for row in rows(shop, "promotions")},
                orders=[row["order"] for row in rows(shop, "orders")],
                adjustments=[
                    (row["product"], row["adjustment"]) for row in rows(shop, "adjustments")
                ],
            ),
            saga,
            {row["payment"]: row for row in rows(shop, "fake_payments")},
            list(_told(shop)),
        )


def violations(shop: Project, at_first: int = 0) -> list[str]:
    """What is never to be so, and is, now that nobody asks."""
    with books_of(shop, at_first) as found:
        return found.violations()


def unrest(shop: Project, patience_s: float = 60) -> list[str]:
    """What is wrong when nobody but the sweep was there for an hour, and all events arrived."""
    for _ in range(_RUNS):
        _expire(shop)
        minutes_pass_for_all(shop)
        shop.run("schedule_look", "--run", "settle")
        if not rows(shop, "due") and not _waiting(shop):
            break
    run(shop, "settle")  # with nothing left, nothing fails
    found: list[str] = []

    def quiet() -> bool:
        with books_of(shop) as books:
            found[:] = books.unrest()
        return not found

    try:
        wait_for(quiet, patience_s, "books that are right")
    except AssertionError:
        return found
    return []


def _expire(shop: Project) -> None:
    """Have all orders that are open be late, and what is not told yet be told by the sweep."""
    with closing(table(shop, "orders")) as orders:
        for row in rows(shop, "orders"):
            if row["state"] in OPEN:
                ended = time.time_ns() // 1_000_000 - 1
                orders.update({"order": row["order"]}, set={"expires_at": ended})
    for name, columns in _KEYS.items():
        with closing(table(shop, name)) as told:
            for row in rows(shop, name):
                if "outbox" in row:
                    same = Condition("told", "=", row["told"])
                    key = {column: row[column] for column in columns}
                    with suppress(ConditionFailedError):  # it was told just now
                        told.update(key, set={"outbox_at": first_id(0)}, when=[same])


def _waiting(shop: Project) -> list[str]:
    """What waits to be told."""
    return [name for name in _KEYS for row in rows(shop, name) if "outbox" in row]


def _told(shop: Project) -> Iterator[str]:
    """What came out of the queue of events, as the books know it."""
    for row in rows(shop, "notifications"):
        if row.get("kind") == "order":
            yield json.dumps({"id": row["event"], "kind": "order"})
    for row in rows(shop, "audits"):
        if row["what"] == _ADJUSTED:
            yield json.dumps({"id": row["entry"], "kind": "audit", "subject": row["subject"]})
