"""What happened to an order goes to its customer in a letter, once an event.

Rows of the table `notifications`: event (the key), kind "order", order, what, sent_at (UTC epoch
milliseconds). The letter goes out before its row is written: what dies in between sends it again,
under the same id, and nothing is lost. A message that comes again later finds the row.

Of an order that is placed there is no letter: anybody can place orders, for any address, and leave
them unpaid.
"""

import json

from app.domain.money import written
from app.domain.order import Order
from app.ports.clock import Clock
from app.ports.errors import ConditionFailedError, UnavailableError
from app.ports.notifications import Letter, Notifications
from app.ports.tables import Row, Table
from app.services.order_rows import key_of, read_order

KIND = "order"
PLACED, PAID, REFUNDED = "placed", "paid", "refunded"

_PAID = """\
Thank you. Your order {order} is paid:

{lines}
"""
_REFUNDED = """\
Of your order {order}, {amount} goes back to you, the way it was paid.
"""


class UnknownEventError(Exception):
    """An event that nobody is told of; it does not say what it holds."""


def tell_customer(
    event: str,
    order: str,
    what: str,
    *,
    orders: Table,
    notifications: Table,
    letters: Notifications,
    clock: Clock,
) -> None:
    """Send a letter about what happened, "paid" or "refunded.<n>", unless it was sent.

    "placed" is only noted.

    Raises UnknownEventError and PortError: then the message comes again.
    """
    key = {"event": event}
    if notifications.get(key) is not None:
        return
    row = orders.get(key_of(order))
    if row is None:
        raise UnavailableError("the order that an event is about is not there")
    found = read_order(row)
    words = None if what == PLACED else _words(found, what)
    if words is not None and found.email:
        subject, text = words
        letters.send(Letter(id=event, to=found.email, subject=subject, text=text))
    about = {"kind": KIND, "order": order, "what": what}
    sent: Row = {**key, **about, "sent_at": clock.now_ms()}
    try:
        notifications.put(sent, if_absent=True)
    except ConditionFailedError:
        return


def _words(order: Order, what: str) -> tuple[str, str]:
    """The subject and the text of a letter. Raises UnknownEventError."""
    if what == PAID:
        return "Your order is paid", _PAID.format(order=order.order, lines=_lines(order))
    kind, _, number = what.partition(".")
    register = int(number) if number.isascii() and number.isdigit() and len(number) == 1 else -1
    if kind == REFUNDED and 0 <= register < len(order.refunds) and order.refunds[register]:
        amount = int(json.loads(order.refunds[register])["amount"])
        text = _REFUNDED.format(order=order.order, amount=written(amount, order.currency))
        return "Your refund", text
    raise UnknownEventError("an event of an order that nobody is told of")


def _lines(order: Order) -> str:
    lines = [
        f"{each.quantity} x {each.name}: {written(each.total, order.currency)}"
        for each in order.lines
    ]
    if order.discount:
        lines.append(f"{order.promotion}: -{written(order.discount, order.currency)}")
    return "\n".join([*lines, f"Total: {written(order.total, order.currency)}"])
