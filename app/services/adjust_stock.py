"""Stock is adjusted by a delta, through the very slots that orders go through.

The due row is put first, then the adjustment's, if there is none. Fewer pieces are taken as an
order's are, and more are given back as those of an order that is cancelled; the row that names the
marker is done with, and tells the audit trail in the same write.
"""

from dataclasses import dataclass
from hashlib import sha256

from app.domain.adjustment import Adjustment
from app.domain.errors import ConflictError, InvalidError
from app.domain.order import Claim, adjustment_id
from app.domain.plain import plain
from app.ports.errors import ConditionFailedError, PortError, UnavailableError
from app.ports.tables import Condition
from app.services import log
from app.services.adjustment_rows import key_of, read_adjustment, row_of
from app.services.due_rows import Due, put_due, remove_due
from app.services.place_marker import place_marker
from app.services.row_outbox import try_to_tell
from app.services.saga import Saga
from app.services.settle_marker import settle_all, settle_marker
from app.services.stock_rows import make

MOST_PIECES = 10**9
_MOST_STEPS = 32
_LOST = 3


@dataclass(frozen=True, slots=True)
class Wish:
    """So many pieces more (above 0) or fewer of a product; who wants it (a user's id), and why.

    The same key does it once.
    """

    product: str
    delta: int
    reason: str
    by: str
    key: str

    @property
    def adjustment(self) -> str:
        """The adjustment that this key is for."""
        return adjustment_id(self.key)

    @property
    def body(self) -> str:
        """By which it is known whether the same was asked for before."""
        return sha256(f"{self.delta}\n{self.reason}".encode("utf-8", "replace")).hexdigest()


def adjust_stock(wish: Wish, saga: Saga) -> Adjustment:
    """The adjustment, done. The product must exist: whether it does, is not looked at here.

    Raises InvalidError, ConflictError where there are too few pieces or the key was used for
    another one, UnavailableError where it is to be tried again with the same key, and PortError.
    """
    if not 1 <= abs(wish.delta) <= MOST_PIECES:
        raise InvalidError(f"a delta is 1 to {MOST_PIECES} pieces more or fewer", "$.delta")
    plain(wish.reason, "$.reason", lines=True)
    key = key_of(wish.product, wish.adjustment)
    row = saga.adjustments.get(key)
    if row is None:
        make(wish.product, stock=saga.stock)
        found = _claimed(wish, saga)
    else:
        found = read_adjustment(row)
    if found.body != wish.body:
        raise ConflictError("this idempotency key was used for another adjustment")
    found = drive_adjustment(found, saga)
    try:
        close_adjustment(found, saga)
    except PortError as error:
        log.failed("adjustments", error)
    if found.state != "done":
        raise ConflictError("there are too few pieces, or it was not done in time")
    return found


def drive_adjustment(seen: Adjustment, saga: Saga) -> Adjustment:
    """The adjustment as it is once it is done or refused. Raises as `drive` does for orders."""
    key = key_of(seen.product, seen.adjustment)
    claim = claim_of(seen)
    lost = 0
    for _ in range(_MOST_STEPS):
        row = saga.adjustments.get(key)
        if row is None:
            raise UnavailableError("the adjustment is not there")
        found = read_adjustment(row)
        if not found.is_open:
            return found
        try:
            slot = place_marker(claim, found.kind, saga)
            if slot is not None:
                settle_marker(claim, slot, saga)
            elif found.state == "taking":
                open_ = [Condition("state", "=", "taking"), Condition("marker", "=", "")]
                saga.adjustments.update(key, set={"state": "refused"}, when=open_)
        except ConditionFailedError:
            continue  # somebody was faster
        except UnavailableError:
            lost += 1  # it may have been done: that is seen on reading again
            if lost == _LOST:
                raise
    raise UnavailableError("too many are at the same product: try again")


def close_adjustment(found: Adjustment, saga: Saga) -> None:
    """Settle its markers, take it off the sweep's list, and tell of it. Raises PortError."""
    settle_all(claim_of(found), saga, owner=found.owner)
    remove_due(Due(found.owner, found.at), due=saga.due)
    key = key_of(found.product, found.adjustment)
    try_to_tell(key, table=saga.adjustments, queue=saga.events)


def abandoned(product: str, adjustment: str, body: str, now_ms: int) -> Adjustment:
    """An adjustment that was never put, and never will be."""
    return Adjustment(
        product=product,
        adjustment=adjustment,
        delta=-1,
        reason="",
        by="",
        at=now_ms,
        body=body,
        state="refused",
    )


def claim_of(found: Adjustment) -> Claim:
    """What it is after."""
    return Claim("stock", found.product, found.quantity, found.owner)


def _claimed(wish: Wish, saga: Saga) -> Adjustment:
    """The adjustment, put by us or by whoever was faster."""
    now_ms = saga.clock.now_ms()
    made = Adjustment(
        product=wish.product,
        adjustment=wish.adjustment,
        delta=wish.delta,
        reason=wish.reason,
        by=wish.by,
        at=now_ms,
        body=wish.body,
        state="giving" if wish.delta > 0 else "taking",
    )
    put_due(Due(made.owner, now_ms, wish.by, wish.body), due=saga.due)
    try:
        saga.adjustments.put(row_of(made), if_absent=True)
    except (ConditionFailedError, UnavailableError):
        row = saga.adjustments.get(key_of(wish.product, wish.adjustment))
        if row is None:
            raise UnavailableError("the adjustment was not made: try again") from None
        return read_adjustment(row)
    return made
