"""The fake provider decides once, whoever asks it at the same time."""

from collections.abc import Callable
from typing import Any

import pytest

from app.adapters.common import webhook_signing
from app.adapters.common.tables import schema_of
from app.adapters.fake.desk import Desk
from app.adapters.fake.payments import HEADER, FakePayments
from app.adapters.memory.clock import MemoryClock
from app.adapters.memory.queue import MemoryQueue
from app.adapters.memory.secrets import MemorySecrets
from app.adapters.memory.tables import MemoryTable
from app.ports.errors import SignatureError, UnavailableError
from app.ports.payments import Payment, Wanted

ORDER = "k5f2q7c3r6d4x5g6h7j2m3n4p5"
WANTED = Wanted(ORDER, 2000, "EUR")


class _Between:
    """The table, where something happens between the first read and what follows it."""

    def __init__(self, table: MemoryTable, meanwhile: Callable[[], object]) -> None:
        self._table = table
        self._meanwhile: list[Callable[[], object]] = [meanwhile]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._table, name)

    def get(self, key: Any) -> Any:
        found = self._table.get(key)
        if self._meanwhile:
            self._meanwhile.pop()()
        return found


class Fake:
    """The provider, its desk, and one payment by a card."""

    def __init__(self, card: str = "good") -> None:
        self.clock = MemoryClock(0)
        self.table = MemoryTable(schema_of({"partition": "payment"}), self.clock)
        self.secrets = MemorySecrets({"payments-webhook": "a secret of tests"})
        self.payments = self.on(self.table)
        self.queue = MemoryQueue()
        self.payment: Payment = self.payments.start(WANTED)
        self.desk = Desk(self.table, self.queue, self.secrets, self.clock)
        self.desk.pay(self.payment.reference, card)

    def on(self, table: Any) -> FakePayments:
        return FakePayments(table, self.secrets, self.clock)

    def meanwhile(self, run: Callable[[], object]) -> FakePayments:
        return self.on(_Between(self.table, run))


def test_of_capture_and_void_at_once_one_wins_and_both_say_which() -> None:
    fake = Fake()
    theirs: list[Payment] = []

    def void() -> None:
        theirs.append(fake.payments.void(fake.payment))

    ours = fake.meanwhile(void).capture(fake.payment)

    assert (ours.state, theirs[0].state) == ("voided", "voided")


def test_two_refunds_at_once_give_no_more_than_was_taken() -> None:
    fake = Fake()
    fake.payments.capture(fake.payment)
    theirs: list[str] = []

    def refund() -> None:
        theirs.append(fake.payments.refund(fake.payment, "0", 1500))

    ours = fake.meanwhile(refund).refund(fake.payment, "1", 1500)

    assert (theirs, ours) == (["done"], "failed")


def test_a_late_payment_that_was_let_go_of_stays_so() -> None:
    fake = Fake("late")
    assert fake.payments.void(fake.payment).state == "voided"
    fake.clock.advance(60_000)

    assert fake.payments.capture(fake.payment).state == "voided"


def test_a_late_payment_shows_ten_seconds_later_whoever_looks() -> None:
    fake = Fake("late")
    states = []
    for _ in range(3):
        found = fake.payments.look(WANTED, "")
        states.append(found and found.state)
        fake.clock.advance(5_000)

    assert states == ["pending", "pending", "authorised"]


def test_the_first_capture_goes_unanswered_where_the_card_has_it_so() -> None:
    for card, state in (("timeout-before", "authorised"), ("timeout-after", "captured")):
        fake = Fake(card)
        with pytest.raises(UnavailableError):
            fake.payments.capture(fake.payment)
        found = fake.payments.look(WANTED, "")
        assert found is not None
        assert found.state == state
        assert fake.payments.capture(fake.payment).state == "captured"


def test_a_refund_that_takes_its_time_is_done_then() -> None:
    fake = Fake("refund-late")
    fake.payments.capture(fake.payment)
    seen = [fake.payments.refund(fake.payment, "0", 500)]
    fake.clock.advance(10_000)
    seen.append(fake.payments.refund(fake.payment, "0", 500))

    assert seen == ["pending", "done"]
    with pytest.raises(UnavailableError):
        fake.payments.refund(Payment("x", "fake-x", "captured", 1, "EUR"), "0", 1)


def test_a_webhook_of_a_form_that_nobody_sends_is_refused() -> None:
    """Signed, it may be; json gives up on what is nested too deep with an error of its own."""
    fake = Fake()
    for body in (b"[" * 100_000, b'{"id":' * 100_000, b"{}", b"[]", b"1", b"\xff"):
        headers = {HEADER: webhook_signing.header("a secret of tests", body, 0)}
        with pytest.raises(SignatureError, match="never sends"):
            fake.payments.read_webhook(headers, body)


def test_state_outlives_the_process() -> None:
    fake = Fake()
    another = fake.on(fake.table)

    assert another.capture(fake.payment).state == "captured"
    assert another.start(WANTED).state == "captured"
