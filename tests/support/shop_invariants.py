"""What must hold of a shop's orders, stock and money: at every moment, and when all is at rest.

The books know what there was at first, and the ids of what was done; the rest is read from the
tables. So they can be held against any store, and against a shop that runs.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from app.domain.adjustment import Adjustment
from app.domain.order import Claim, Order, adjustment_id
from app.domain.refund import RESTOCKS, given_back, is_whole, refunds, restock_key
from app.domain.slots import RELEASE, RESERVE, Slot, Stock
from app.services import adjustment_rows, order_rows
from app.services.due_rows import due_by, order_of
from app.services.saga import Saga
from app.services.stock_rows import look

_EVER_MS = 10**13 - 1
_MOST_DUE = 1000
_SOLD = ("paid", "fulfilled", "refunded")
_HELD = ("paying", "voiding", *_SOLD)
_NO_MONEY = ("reserving", "releasing", "cancelled")

StateOfPayment = Callable[[str], str | None]
"""How the payment of an order is at the provider; None where it has none."""

GivenBack = Callable[[str], int]
"""How much of an order the provider gave back, or will."""


@dataclass
class Books:
    """What there was at first, by product and by code, and what was done since."""

    stock: dict[str, int]
    uses: dict[str, int] = field(default_factory=dict)
    orders: list[str] = field(default_factory=list)
    adjustments: list[tuple[str, str]] = field(default_factory=list)

    def violations(self, saga: Saga, payment: StateOfPayment, given: GivenBack) -> list[str]:
        """What holds at no moment, and does now: each in a sentence."""
        orders, adjustments = self._orders(saga), self._adjustments(saga)
        found = [*_open_and_unknown(orders, adjustments, saga), *_ordered_twice(orders)]
        for order in orders:
            found += _of_order(order, payment(order.order))
            found += _of_refunds(order, given(order.order), saga)
        for claim, at_first in self._rows():
            stock = look(claim, saga)
            if stock is None:
                found.append(f"{claim.key} has no row")
                continue
            expected = at_first - sum(_taken(order, claim, stock) for order in orders)
            expected += sum(_adjusted(each, claim, stock) for each in adjustments)
            if stock.available < 0:
                found.append(f"{claim.key} has {stock.available} pieces")
            if stock.available != expected:
                found.append(f"{claim.key} has {stock.available} pieces and not {expected}")
            sold = sum(_pieces(each, claim) for each in orders if each.state in _SOLD)
            more = sum(each.delta for each in adjustments if _is_of(each, claim) and each.delta > 0)
            if sold > at_first + more:
                found.append(f"{claim.key} is oversold by {sold - at_first - more}")
        return found

    def unrest(
        self, saga: Saga, payment: StateOfPayment, given: GivenBack, told: Iterable[str]
    ) -> list[str]:
        """What is left undone when the sweeper has run alone; `told` is what the queue got."""
        orders, adjustments = self._orders(saga), self._adjustments(saga)
        found = [f"order {each.order} is {each.state}" for each in orders if each.is_open]
        found += [f"{each.owner} is {each.state}" for each in adjustments if each.is_open]
        found += [f"{owed.owner} is on the list" for owed in _due(saga)]
        for order in orders:
            if order.state == "cancelled" and payment(order.order) not in (None, *_VOID):
                found.append(f"the payment of {order.order} is {payment(order.order)}")
            if payment(order.order) == "captured" and order.state not in _SOLD:
                found.append(f"order {order.order} is captured, but {order.state}")
            found += _unfinished_refunds(order, given(order.order))
        for claim, at_first in self._rows():
            stock = look(claim, saga)
            sold = sum(_pieces(each, claim) for each in orders if each.state in _SOLD)
            done = sum(
                each.delta for each in adjustments if _is_of(each, claim) and each.state == "done"
            )
            if stock is None or stock.taken:
                found.append(f"{claim.key} has markers left")
            elif stock.available != at_first - sold + done:
                wrong = stock.available - (at_first - sold + done)
                found.append(f"{claim.key} has {wrong} too many (below 0: leaked)")
        return [*found, *_untold(orders, adjustments, told)]

    def _rows(self) -> Iterator[tuple[Claim, int]]:
        for product, pieces in self.stock.items():
            yield Claim("stock", product, 0, ""), pieces
        for code, uses in self.uses.items():
            yield Claim("promotions", code, 0, ""), uses

    def _orders(self, saga: Saga) -> list[Order]:
        rows = [saga.orders.get(order_rows.key_of(each)) for each in self.orders]
        return [order_rows.read_order(row) for row in rows if row is not None]

    def _adjustments(self, saga: Saga) -> list[Adjustment]:
        named = {*self.adjustments, *_restocked(self._orders(saga))}
        rows = [saga.adjustments.get(adjustment_rows.key_of(*each)) for each in sorted(named)]
        return [adjustment_rows.read_adjustment(row) for row in rows if row is not None]


_VOID = ("voided", "declined")


def _due(saga: Saga) -> list:  # type: ignore[type-arg]
    return due_by(_EVER_MS, _MOST_DUE, due=saga.due)


def _open_and_unknown(
    orders: list[Order], adjustments: list[Adjustment], saga: Saga
) -> Iterator[str]:
    listed = {owed.owner for owed in _due(saga)}
    for order in orders:
        if order.is_open and f"order:{order.order}" not in listed:
            yield f"order {order.order} is {order.state}, and the sweep does not know"
    for each in adjustments:
        if each.is_open and each.owner not in listed:
            yield f"{each.owner} is {each.state}, and the sweep does not know"


def _ordered_twice(orders: list[Order]) -> Iterator[str]:
    """One cart is one order, until it is changed, or nothing comes of that order.

    Each write of a cart is a version: of two that follow each other the later was not changed.
    """
    made = {(each.cart, each.cart_version): each for each in orders if each.placed}
    if len(made) < sum(1 for each in orders if each.placed):
        yield "a version of a cart is ordered twice"
    for (cart, version), order in made.items():
        later = made.get((cart, version + 1))
        if later is not None and order.state not in ("releasing", "cancelled"):
            yield f"order {later.order} is of the cart of {order.order}, which is {order.state}"


def _of_order(order: Order, payment: str | None) -> Iterator[str]:
    if order.state in _HELD and ("" in order.holds or any(order.releases)):
        yield f"order {order.order} is {order.state} without all that it needs"
    if order.state in _SOLD and order.total and payment != "captured":
        yield f"order {order.order} is paid, and its payment is {payment}"
    if order.state in _SOLD and order.captured != order.total:
        yield f"order {order.order} says that {order.captured} was captured"
    if order.state in _NO_MONEY and payment in ("authorised", "captured"):
        yield f"order {order.order} is {order.state}, and its payment is {payment}"


def _restocked(orders: list[Order]) -> Iterator[tuple[str, str]]:
    """The adjustments by which refunds put goods back on the shelf."""
    for order in orders:
        for number, refund in refunds(order).items():
            for line, (product, _) in enumerate(refund.restock):
                for again in range(RESTOCKS):
                    key = restock_key(order.order, number, line, again)
                    yield product, adjustment_id(key)


def _of_refunds(order: Order, given: int, saga: Saga) -> Iterator[str]:
    """Σ refunds ≤ captured, by what the order says and by what the provider did."""
    open_ = any(each.is_open for each in refunds(order).values())
    if open_ and order.order not in {order_of(owed.owner) for owed in _due(saga)}:
        yield f"a refund of order {order.order} is open, and the sweep does not know"
    entered = sum(each.amount for each in refunds(order).values() if each.state != "failed")
    if order.refundable != order.captured - entered or order.refundable < 0:
        yield f"order {order.order} has {order.refundable} left of {order.captured}"
    if given > entered:
        yield f"{given} was given back of order {order.order}, where {entered} is entered"


def _unfinished_refunds(order: Order, given: int) -> Iterator[str]:
    for number, each in refunds(order).items():
        if each.is_open:
            yield f"refund {number} of order {order.order} is {each.state}, and not finished"
    if given != given_back(order):
        yield f"{given} was given back of order {order.order}, and it says {given_back(order)}"
    if is_whole(order) != (order.state == "refunded"):
        yield f"order {order.order} is {order.state}, and {given} of {order.captured} went back"


def _untold(
    orders: list[Order], adjustments: list[Adjustment], told: Iterable[str]
) -> Iterator[str]:
    things = [json.loads(each) for each in told]
    ids = {each["id"] for each in things}
    for order in orders:
        wanted = [f"{order.order}.placed"] if order.outcome == "placed" else []
        wanted += [f"{order.order}.paid"] if order.state in _SOLD else []
        wanted += [
            f"{order.order}.refunded.{number}"
            for number, each in refunds(order).items()
            if each.state == "done"
        ]
        for each in wanted:
            if each not in ids:
                yield f"nobody was told {each}"
        if f"{order.order}.paid" in ids and order.state not in _SOLD:
            yield f"{order.order}.paid was told, and is not so"
    entries = {each["id"]: each["subject"] for each in things if each["kind"] == "audit"}
    audited = Counter(entries.values())
    done = Counter(f"product:{each.product}" for each in adjustments if each.state == "done")
    for subject, count in done.items():
        if audited[subject] != count:
            yield f"{subject} was adjusted {count} times, and {audited[subject]} were told"


def _pieces(order: Order, claim: Claim) -> int:
    return sum(each.quantity for each in order.claims if _same(each, claim))


def _same(one: Claim, other: Claim) -> bool:
    return (one.table, one.key) == (other.table, other.key)


def _is_of(adjustment: Adjustment, claim: Claim) -> bool:
    return claim.table == "stock" and claim.key == adjustment.product


def _taken(order: Order, row: Claim, stock: Stock) -> int:
    """How many pieces are out of the row for this order."""
    taken = 0
    for number, claim in enumerate(order.claims):
        if not _same(claim, row):
            continue
        hold, release = order.holds[number], order.releases[number]
        if hold and not (release and not _there(stock, release, RELEASE)):
            taken += claim.quantity
        waiting = [each for each in stock.of(claim.owner, RESERVE) if each.marker != hold]
        taken += claim.quantity * len(waiting)
    return taken


def _adjusted(adjustment: Adjustment, row: Claim, stock: Stock) -> int:
    """How many pieces the row has more (or, below 0, fewer) for this adjustment."""
    if not _is_of(adjustment, row):
        return 0
    named, quantity = adjustment.marker, adjustment.quantity
    if adjustment.delta > 0:
        return quantity if named and not _there(stock, named, RELEASE) else 0
    mine: list[Slot] = stock.of(adjustment.owner, RESERVE)
    waiting = [each for each in mine if each.marker != named]
    return -quantity * (bool(named) + len(waiting))


def _there(stock: Stock, marker: str, kind: str) -> bool:
    return any(each.marker == marker and each.kind == kind for each in stock.taken)
