"""Money is given back: entered in the order first, then asked of the provider, then noted as done.

As with an order, whoever works on it reads, makes one conditional write, forgets, and reads again;
so whoever dies leaves what anybody can finish. The provider knows each refund by a key made of the
order and the register, so that it gives once; where its answer is lost the refund stays pending,
and is asked for again. The due row is put before the entry: what is on the list without an entry
gets one that has failed, so that whoever comes late to enter it finds the register taken.
"""

from dataclasses import replace

from app.domain.errors import ConflictError, NotFoundError
from app.domain.order import Order
from app.domain.refund import (
    RESTOCKS,
    Refund,
    Wish,
    free,
    is_whole,
    never,
    new_refund,
    refunds,
    restock_key,
    same,
)
from app.ports.errors import ConditionFailedError, PortError, UnavailableError
from app.ports.payments import Payment
from app.ports.tables import Condition, Row, Scalar
from app.services import log
from app.services.adjust_stock import Wish as Adjust
from app.services.adjust_stock import adjust_stock
from app.services.audit import entry
from app.services.drive_payment import asking
from app.services.due_rows import ORDER, Due, put_due, remove_due
from app.services.order_rows import key_of, read_order, told_of
from app.services.row_outbox import noted, try_to_tell
from app.services.saga import Saga

_MOST_STEPS = 40
_LOST = 3
_ASKED = "refund:"


def refund(order: str, wish: Wish, saga: Saga) -> tuple[int, Refund]:
    """The refund, entered and as far as it went, and its number.

    It is pending where the provider did not tell yet. Raises NotFoundError, ConflictError,
    InvalidError, UnavailableError (to be tried again with the same key), and PortError.
    """
    owed = _owed(_read(order, saga)[0], wish, saga.clock.now_ms())
    number = _entered(order, wish, owed, saga)
    settled = False
    try:
        settled = _finish(order, saga)
    except PortError as error:
        log.failed("refunds", error)  # it stands in the row: the sweep goes on
    _follow(order, owed if settled else None, saga)
    return number, refunds(_read(order, saga)[0])[number]


def settle_refunds(order: Order, asked: str, saga: Saga) -> bool:
    """Finish an order's refunds; whether all of them are. The sweep calls it.

    `asked` is what the due row says of what was to be entered: its `body`. Raises PortError.
    """
    if asked.startswith(_ASKED):
        _bury(order.order, asked.removeprefix(_ASKED), saga)
    done = _finish(order.order, saga)
    _follow(order.order, None, saga)
    return done


def _entered(order: str, wish: Wish, owed: Due, saga: Saga) -> int:
    """The number of the refund, entered by us now or earlier."""
    listed, lost = False, 0
    for _ in range(_MOST_STEPS):
        found, row = _read(order, saga)
        number = same(found, wish)
        if number is not None:
            return number
        now_ms = saga.clock.now_ms()
        number, made = new_refund(found, wish, now_ms)
        if not listed:
            put_due(owed, due=saga.due)
            listed = True
        try:
            _enter(found, row, number, made, saga)
        except ConditionFailedError:
            continue  # somebody was faster
        except UnavailableError:
            lost += 1  # it may have been done: that is seen on reading again
            if lost == _LOST:
                raise
    raise UnavailableError("too many are at the same order: try again")


def _enter(order: Order, row: Row, number: int, made: Refund, saga: Saga) -> None:
    """Enter the refund and take its amount, in one write. Raises PortError."""
    audit = entry(
        f"order:{order.order}",
        "refund asked for",
        made.by,
        made.at,
        refund=number,
        amount=made.amount,
        reason=made.reason,
        restock=[list(each) for each in made.restock],
    )
    told = noted(row, order.order, [audit], made.at)
    saga.orders.update(
        key_of(order.order),
        set={f"refund{number}": made.text, **told.set},
        add={"refundable": -made.amount} if made.amount else None,
        when=[
            Condition("state", "=", order.state),
            Condition(f"refund{number}", "=", ""),
            Condition("refundable", ">=", made.amount),
            *told.when,
        ],
    )


def _finish(order: str, saga: Saga) -> bool:
    """Take each open refund one step, again and again; whether all are finished then.

    Raises UnavailableError and PortError.
    """
    waits: set[int] = set()
    for _ in range(_MOST_STEPS):
        found, row = _read(order, saga)
        open_ = {number: each for number, each in refunds(found).items() if each.is_open}
        todo = next((number for number in open_ if number not in waits), None)
        try:
            if todo is not None:
                if not _step(found, row, todo, open_[todo], saga):
                    waits.add(todo)
            elif is_whole(found) and found.state != "refunded":
                state = Condition("state", "=", found.state)
                saga.orders.update(key_of(order), set={"state": "refunded"}, when=[state])
            else:
                return not open_
        except ConditionFailedError:
            continue  # somebody was faster
    raise UnavailableError("too many are at the same order: try again")


def _step(order: Order, row: Row, number: int, open_: Refund, saga: Saga) -> bool:
    """Take one refund on; False where the provider has not decided. Raises PortError."""
    if open_.state == "done":
        for line in range(len(open_.restock)):
            _put_back(order.order, number, open_, line, saga)
        _write(order, number, open_, {f"refund{number}": replace(open_, restocked=True).text}, saga)
        return True
    if not open_.amount:  # it cost nothing: nobody is asked or told, and its pieces go back
        _write(order, number, open_, {f"refund{number}": open_.paid_back().text}, saga)
        return True
    payment = Payment(order.order, order.payment, "captured", order.captured, order.currency)
    with asking():
        answer = saga.payments.refund(payment, str(number), open_.amount)
    if answer == "pending":
        return False
    now_ms = saga.clock.now_ms()
    if answer == "done":
        told = noted(row, order.order, [told_of(order.order, f"refunded.{number}")], now_ms)
        after: dict[str, Scalar] = {f"refund{number}": open_.paid_back().text, **told.set}
        _write(order, number, open_, after, saga, told.when)
        return True
    audit = entry(f"order:{order.order}", "refund failed", open_.by, now_ms, refund=number)
    told = noted(row, order.order, [audit], now_ms)
    after = {f"refund{number}": replace(open_, state="failed").text, **told.set}
    _write(order, number, open_, after, saga, told.when, give=open_.amount)
    return True


def _put_back(order: str, number: int, open_: Refund, line: int, saga: Saga) -> None:
    """Put one of a refund's lines back on the shelf, once. Raises UnavailableError, PortError."""
    product, pieces = open_.restock[line]
    for again in range(RESTOCKS):
        key = restock_key(order, number, line, again)
        try:
            adjust_stock(Adjust(product, pieces, f"refund of order {order}", open_.by, key), saga)
        except ConflictError:
            continue  # its worker died before it was there, and the sweep has buried it
        return
    raise UnavailableError("goods that come back are given up for lost again and again")


def _write(
    order: Order,
    number: int,
    seen: Refund,
    after: Row,
    saga: Saga,
    when: tuple[Condition, ...] = (),
    give: int = 0,
) -> None:
    """Write the order's row if this refund is what it was. Raises PortError."""
    saga.orders.update(
        key_of(order.order),
        set=after,
        add={"refundable": give} if give else None,
        when=[Condition(f"refund{number}", "=", seen.text), *when],
    )


def _bury(order: str, digest: str, saga: Saga) -> None:
    """See to it that a refund on the list is entered, or never will be. Raises PortError."""
    for _ in range(_MOST_STEPS):
        found, _row = _read(order, saga)
        entered = refunds(found).values()
        if any(each.key == digest for each in entered):
            return
        if all(found.refunds):
            return  # there is no register in which it could still be entered
        number = free(found)
        text = never(digest, saga.clock.now_ms()).text
        try:
            saga.orders.update(
                key_of(order),
                set={f"refund{number}": text},
                when=[Condition(f"refund{number}", "=", "")],
            )
        except ConditionFailedError:
            continue
        return
    raise UnavailableError("too many are at the same order: try again")


def _follow(order: str, owed: Due | None, saga: Saga) -> None:
    """Take it off the sweep's list and tell of it; what fails of it is left to the sweep."""
    try:
        if owed is not None:
            remove_due(owed, due=saga.due)
    except PortError as error:
        log.failed("refunds", error)
    try_to_tell(key_of(order), table=saga.orders, queue=saga.events)


def _owed(order: Order, wish: Wish, now_ms: int) -> Due:
    owner = f"{ORDER}{order.order}/{wish.digest}"
    return Due(owner, now_ms, order.principal, _ASKED + wish.digest)


def _read(order: str, saga: Saga) -> tuple[Order, Row]:
    row = saga.orders.get(key_of(order))
    if row is None:
        raise NotFoundError("there is no such order")
    return read_order(row), row
