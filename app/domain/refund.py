"""Refunds of an order: each has a register of the order's row for good, `refund0` to `refund7`.

pending → done, when the provider says so; pending → failed, when it says that for good. What a
refund takes from `refundable` is taken by the write that enters it, before the provider is asked,
and given back by the write that has it failed: no more can ever be given back than was taken.
Putting goods back on the shelf is a choice of its own, and follows when the money went.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from typing import Literal

from app.domain.errors import ConflictError, InvalidError
from app.domain.order import Order
from app.domain.plain import plain

State = Literal["pending", "done", "failed"]
Lines = tuple[tuple[str, int], ...]
"""Pieces by product."""

REASON_MOST = 500
RESTOCKS = 4
_REFUNDABLE = ("paid", "fulfilled", "refunded")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What an admin wants back for a customer; the same key does it once.

    `amount` is None for all that is left, and may be 0 of an order that cost nothing. `restock` are
    the pieces that go back on the shelf, or "all" that were sold and did not go back yet.
    """

    key: str
    amount: int | None
    reason: str = field(repr=False)
    restock: Lines | Literal["all"]
    by: str

    @property
    def digest(self) -> str:
        """What the registers and the sweep's list know the key by."""
        return sha256(self.key.encode("utf-8", "replace")).hexdigest()

    @property
    def body(self) -> str:
        """By which it is known whether the same was asked for before."""
        text = json.dumps([self.amount, self.reason, self.restock])
        return sha256(text.encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """A refund as its register has it; `by` is a user's id, `at` in UTC epoch milliseconds.

    `key` and `body` are the digests of what was asked for.
    """

    key: str
    body: str
    amount: int
    state: State
    reason: str = field(repr=False)
    restock: Lines
    restocked: bool
    by: str
    at: int

    @property
    def text(self) -> str:
        """The register."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))

    @property
    def is_open(self) -> bool:
        """Whether something of it is still to be done."""
        return self.state == "pending" or (self.state == "done" and not self.restocked)

    def paid_back(self) -> "Refund":
        """It, when the provider gave the money back."""
        return replace(self, state="done", restocked=not self.restock)


def refunds(order: Order) -> dict[int, Refund]:
    """The order's refunds by the number of their registers, in the order they were asked for."""
    return {number: _read(text) for number, text in enumerate(order.refunds) if text}


def same(order: Order, wish: Wish) -> int | None:
    """The number of the refund that was asked for by the wish's key; None where there is none.

    Raises ConflictError when it was another one, or will never be.
    """
    for number, found in refunds(order).items():
        if found.key == wish.digest:
            if not found.body:
                raise ConflictError("the refund was not made in time: ask with another key")
            if found.body != wish.body:
                raise ConflictError("this idempotency key was used for another refund")
            return number
    return None


def new_refund(order: Order, wish: Wish, now_ms: int) -> tuple[int, Refund]:
    """The refund as it is to be entered, and in which register.

    Raises ConflictError where the order cannot give so much, and InvalidError.
    """
    if order.state not in _REFUNDABLE or (order.total and not order.captured):
        raise ConflictError(f"the order is {order.shown}: there is nothing to give back")
    amount = _amount(order, wish) if order.total else _nothing(order, wish)
    if len(wish.reason) > REASON_MOST:
        raise InvalidError(f"a reason has at most {REASON_MOST} characters", "$.reason")
    return free(order), Refund(
        key=wish.digest,
        body=wish.body,
        amount=amount,
        state="pending",
        reason=plain(wish.reason, "$.reason", lines=True),
        restock=_restock(order, wish.restock),
        restocked=False,
        by=wish.by,
        at=now_ms,
    )


def _amount(order: Order, wish: Wish) -> int:
    """How much is to be given back. Raises ConflictError and InvalidError."""
    amount = order.refundable if wish.amount is None else wish.amount
    if wish.amount is not None and amount < 1:
        raise InvalidError("a refund is 1 or more", "$.amount")
    if not 1 <= amount <= order.refundable:
        raise ConflictError(f"{order.refundable} is left of what was paid: no more can be given")
    return amount


def _nothing(order: Order, wish: Wish) -> int:
    """0, if all pieces of an order that cost nothing come back, once. Raises ConflictError."""
    if wish.amount or wish.restock != "all":
        raise ConflictError("the order cost nothing: all that can come back are all of its pieces")
    if any(each.body for each in refunds(order).values()):
        raise ConflictError("the order cost nothing, and its pieces have come back")
    return 0


def never(digest: str, now_ms: int) -> Refund:
    """What stands in a register so that nobody enters the refund of this key any more."""
    return Refund(
        key=digest,
        body="",
        amount=0,
        state="failed",
        reason="",
        restock=(),
        restocked=False,
        by="",
        at=now_ms,
    )


def restock_key(order: str, number: int, line: int, again: int) -> str:
    """The key of the adjustment that puts a refund's line back on the shelf.

    Another one for each time, below RESTOCKS, that the one before was given up for lost.
    """
    return f"{order}.refund{number}.{line}" + (f".{again}" if again else "")


def free(order: Order) -> int:
    """The first register without a refund. Raises ConflictError."""
    for number, text in enumerate(order.refunds):
        if not text:
            return number
    raise ConflictError(f"the order has {len(order.refunds)} refunds: it can have no more")


def given_back(order: Order) -> int:
    """How much the provider has given back."""
    return sum(each.amount for each in refunds(order).values() if each.state == "done")


def is_whole(order: Order) -> bool:
    """Whether all that was taken has been given back; where nothing was, if a refund is done."""
    if not order.captured:
        return any(each.state == "done" for each in refunds(order).values())
    return order.captured == given_back(order)


def _restock(order: Order, wanted: Lines | Literal["all"]) -> Lines:
    """Pieces to go back, never more than were sold. Raises ConflictError and InvalidError."""
    left: Counter[str] = Counter()
    for line in order.lines:
        left[line.product] += line.quantity
    for refund in refunds(order).values():
        if refund.state != "failed":
            left.subtract(dict(refund.restock))
    if wanted == "all":
        return tuple((product, pieces) for product, pieces in left.items() if pieces > 0)
    asked: Counter[str] = Counter()
    for product, pieces in wanted:
        if pieces < 1:
            raise InvalidError("1 or more pieces go back on the shelf", "$.restock")
        asked[product] += pieces
    _check(asked, left)
    return tuple(asked.items())


def _check(asked: Mapping[str, int], left: Mapping[str, int]) -> None:
    for product, pieces in asked.items():
        if pieces > left.get(product, 0):
            raise ConflictError("more pieces would go back on the shelf than were sold")


def _read(text: str) -> Refund:
    found = json.loads(text)
    restock = tuple((str(product), int(pieces)) for product, pieces in found.pop("restock"))
    return Refund(restock=restock, **found)
