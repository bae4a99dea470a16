"""The sweep of orders and adjustments: what nobody finished is finished, what is late is cancelled.

The list is the table `due`. What is on it for two minutes nobody is at any more, or he is slow, and
then both are: that does no harm. What has no row of its own, though it is on the list, gets one
that is closed, so that whoever comes late to put it finds it taken. What goes wrong is put at the
list's end, so that it keeps nothing else waiting.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from app.domain.order import Order
from app.ports.errors import ConditionFailedError, PortError
from app.services.adjust_stock import abandoned, close_adjustment, drive_adjustment
from app.services.adjustment_rows import key_of as adjustment_key
from app.services.adjustment_rows import read_adjustment
from app.services.adjustment_rows import row_of as adjustment_row
from app.services.close_order import settle_order
from app.services.drive import Cancel, drive
from app.services.due_rows import ADJUST, Due, due_by, order_of, put_due, remove_due
from app.services.one_by_one import one_by_one
from app.services.order_rows import key_of, read_order, row_of, tombstone
from app.services.row_outbox import try_to_tell
from app.services.saga import Saga

GRACE_MS = 2 * 60 * 1000
LATE_MS = 60 * 60 * 1000
REFUND_LATE_MS = 3 * 24 * 60 * 60 * 1000  # a bank may take days, and nobody can hurry it
A_RUN_MS = 40_000  # the function has a minute, and does more than this
_A_SHARD = 500

SettleRefunds = Callable[[Order, str], bool]
"""Finish an order's refunds, given what the due row says it is for; whether all of them are."""


class LateError(Exception):
    """Something stays open for too long, though each sweep tries: somebody has to look.

    An order for over an hour, refunds of one that is paid for over three days.
    """


@dataclass(frozen=True, slots=True)
class Sweeper:
    """One run. `settle_refunds` is called with every order that is on the list and paid."""

    saga: Saga
    settle_refunds: SettleRefunds

    def run(self) -> int:
        """See to what is on the list; how much of it came to its end.

        Raises LateError, SomeFailedError as `one_by_one` does, and PortError.
        """
        begun_ms = self.saga.clock.now_ms()
        late: list[str] = []

        def one(owed: Due) -> int:
            if self.saga.clock.now_ms() - begun_ms > A_RUN_MS:
                return 0  # the next run begins with the oldest again
            try:
                late_ms = self._late_from(owed)
            except Exception:
                self._later(owed)
                raise
            if late_ms is None:
                remove_due(owed, due=self.saga.due)
                return 1
            if begun_ms > late_ms:
                late.append(owed.owner)
            return 0

        found = due_by(begun_ms - GRACE_MS, _A_SHARD, due=self.saga.due)
        done = one_by_one("orders", found, one)
        if late:
            named = ", ".join(late[:5])
            raise LateError(f"{len(late)} are open for too long: {named}")
        return done

    def _later(self, owed: Due) -> None:
        """What went wrong goes to the list's end: the next run does not begin with it again."""
        again = replace(owed, put_ms=self.saga.clock.now_ms())
        with suppress(PortError):  # then it stays where it is
            put_due(again, due=self.saga.due)
            if again.key != owed.key:
                remove_due(owed, due=self.saga.due)

    def _late_from(self, owed: Due) -> int | None:
        """Take it on; None when nothing is left to do, else when that is late. Raises PortError.

        The row on the list may be older than what it is of: somebody was slow between the two.
        """
        if owed.owner.startswith(ADJUST):
            return self._adjusted(owed)
        order = order_of(owed.owner)
        row = self.saga.orders.get(key_of(order))
        now_ms = self.saga.clock.now_ms()
        if row is None:
            buried = tombstone(order, owed.principal, owed.body, now_ms)
            try:
                self.saga.orders.put(row_of(buried), if_absent=True)
            except ConditionFailedError:
                return now_ms + LATE_MS  # it was put just now: the next run sees to it
            return None
        expired = read_order(row).expires_at <= now_ms
        found = drive(order, self.saga, Cancel("expired", "expired") if expired else None)
        settle_order(found, self.saga)
        try_to_tell(key_of(order), table=self.saga.orders, queue=self.saga.events)
        if found.is_open:
            return found.created_at + LATE_MS
        return None if self.settle_refunds(found, owed.body) else owed.put_ms + REFUND_LATE_MS

    def _adjusted(self, owed: Due) -> int | None:
        product, _, adjustment = owed.owner.removeprefix(ADJUST).partition("/")
        row = self.saga.adjustments.get(adjustment_key(product, adjustment))
        if row is None:
            buried = abandoned(product, adjustment, owed.body, self.saga.clock.now_ms())
            try:
                self.saga.adjustments.put(adjustment_row(buried), if_absent=True)
            except ConditionFailedError:
                return self.saga.clock.now_ms() + LATE_MS
            return None
        found = drive_adjustment(read_adjustment(row), self.saga)
        close_adjustment(found, self.saga)
        return None
