"""The protocol of refunds with one of its rules broken; that of orders is `checkout_mutants`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.ports.adapters import Adapters, Stated
from app.ports.errors import UnavailableError
from app.ports.payments import Payment, Payments, RefundState
from app.ports.tables import Condition, Key, Row, Table
from tests.support.checkout_mutants import Mutant
from tests.support.faults import Faults, KilledError


class _Whole(Faults):
    """Adapters of which nothing breaks."""

    def __init__(self, adapters: Adapters) -> None:
        super().__init__(adapters, 0, KilledError, after=False)


class LateRefundDue(_Whole):
    """The sweep's list hears of a refund when that is entered already."""

    def __init__(self, adapters: Adapters) -> None:
        super().__init__(adapters)
        self._held: list[Callable[[], Any]] = []

    def call(self, name: str, run: Callable[[], Any]) -> Any:
        if name == "due.put":
            self._held.append(run)
            return None
        result = run()
        if name == "orders.update":
            for put in self._held:
                put()
            self._held.clear()
        return result


class _Provider:
    """A provider of payments of whom only `refund` is changed."""

    def __init__(self, payments: Payments) -> None:
        self._payments = payments

    def __getattr__(self, name: str) -> Any:
        return getattr(self._payments, name)


class _NoAnswerIsFailure(_Provider):
    def refund(self, payment: Payment, key: str, amount: int) -> RefundState:
        try:
            return self._payments.refund(payment, key, amount)
        except UnavailableError:
            return "failed"


class _AnotherKey(_Provider):
    count = 0

    def refund(self, payment: Payment, key: str, amount: int) -> RefundState:
        _AnotherKey.count += 1
        return self._payments.refund(payment, f"{key}-{self.count}", amount)


class NoAnswerIsFailure(_Whole):
    """A refund that goes unanswered is taken for one that failed."""

    def payments(self, services: Any) -> Payments:
        found: Payments = _NoAnswerIsFailure(super().payments(services))
        return found


class AnotherKey(_Whole):
    """The provider is asked by another key each time."""

    def payments(self, services: Any) -> Payments:
        found: Payments = _AnotherKey(super().payments(services))
        return found


class GivenBackBlindly(_Whole):
    """What a failed refund took is given back without a look at whether it was already."""

    def table(self, name: str, stated: Stated) -> Table:
        found = super().table(name, stated)
        return _Blind(found) if name == "orders" else found  # type: ignore[return-value]


class _Blind:
    def __init__(self, table: Table) -> None:
        self._table = table

    def __getattr__(self, name: str) -> Any:
        return getattr(self._table, name)

    def update(
        self,
        key: Key,
        *,
        set: Row | None = None,  # noqa: A002 - the port's
        add: Mapping[str, int] | None = None,
        remove: Sequence[str] = (),
        when: Sequence[Condition] = (),
    ) -> None:
        if (add or {}).get("refundable", 0) > 0:
            when = ()
        self._table.update(key, set=set, add=add, remove=remove, when=when)


REFUND_MUTANTS = (
    Mutant("a refund's due row is written late", {"wrap": LateRefundDue}, 0, "part of it"),
    Mutant(
        "a refund without an answer counts as failed",
        {"wrap": NoAnswerIsFailure},
        None,
        "part of it",
    ),
    Mutant("a refund has another key each time", {"wrap": AnotherKey}, 2, "part of it"),
    Mutant("a failed refund is given back blindly", {"wrap": GivenBackBlindly}, 1),
)
