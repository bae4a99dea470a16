"""A cart becomes one order, whatever the idempotency keys; a key is one order, however often.

The due row is put first. Then the cart is kept for the order, in a version of its own, and the
order's row is put, if there is none: its key is the claim. From then on the order is driven until
the answer to its placing is decided, by whoever tries again.

Who has too many unpaid orders gets no more: each holds goods that others would buy. That is a brake
and no lock: it is seen in an index, which lags, so who sends many at once may get a few more, and a
guest can be another one.
"""

import json
from dataclasses import dataclass, replace
from hashlib import sha256

from app.domain.errors import (
    ConflictError,
    InvalidError,
    PriceChangedError,
    TooManyError,
)
from app.domain.ids import first_id
from app.domain.order import Order, answerable, order_id
from app.domain.pricing import Bill, bill
from app.ports.errors import ConditionFailedError, PortError, UnavailableError
from app.ports.tables import Between, Row, Table
from app.services import log
from app.services.advance import follow
from app.services.cart_rows import Cart, read_cart, write_cart
from app.services.drive import drive
from app.services.due_rows import ORDER, Due, put_due
from app.services.offers import offers
from app.services.order_rows import BY_CUSTOMER, key_of, new_order, read_order, row_of
from app.services.saga import Saga
from app.services.view_cart import terms_of

OPEN_MS = 30 * 60 * 1000
MOST_OPEN = 5
NEWEST = 50  # of one customer's orders are looked at, no more


@dataclass(frozen=True, slots=True, repr=False)
class Asked:
    """What a principal orders: his cart, for a total that he has seen.

    `promotion` is a code in its one spelling, or "". `currency` may be "": then any will do.
    `address` is JSON.
    """

    principal: str
    key: str
    expected_total: int
    currency: str
    email: str
    address: str
    promotion: str

    @property
    def order(self) -> str:
        """The id of the order that this key is for."""
        return order_id(self.principal, self.key)

    @property
    def body(self) -> str:
        """By which it is known whether the same was asked for before."""
        said = [self.expected_total, self.currency, self.email, self.address, self.promotion]
        return sha256(json.dumps(said).encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True, slots=True)
class Counter:
    """Where carts are turned into orders.

    `open_ms` is how long one may stay unpaid, and `most_open` how many of one customer's may.
    """

    carts: Table
    products: Table
    saga: Saga
    open_ms: int = OPEN_MS
    most_open: int = MOST_OPEN


def checkout(asked: Asked, counter: Counter) -> Order:
    """The order, placed: it is reserved, and its customer can pay.

    Raises ConflictError where the key was used for something else, where the cart is ordered by
    another, where what is asked for cannot be had (PriceChangedError: for another total), and, ever
    after, where this order was refused; InvalidError for an empty cart; TooManyError where too many
    orders are unpaid; UnavailableError where it is not decided: try again with the same key; and
    PortError.
    """
    saga = counter.saga
    row = saga.orders.get(key_of(asked.order))
    if row is None:
        row = _claimed(asked, counter)
    if row["body"] != asked.body:
        raise ConflictError("this idempotency key was used for another order")
    found = drive(asked.order, saga)
    follow(found, saga)
    if not answerable(found):
        raise UnavailableError("the order is not decided yet: try again with the same key")
    _empty(found, counter)
    return found


def _claimed(asked: Asked, counter: Counter) -> Row:
    """The order's row, put by us or by whoever was faster."""
    saga = counter.saga
    cart = read_cart(asked.principal, carts=counter.carts)
    now_ms = saga.clock.now_ms()
    try:
        wanted = _priced(asked, cart, counter)
        _brake(asked.principal, counter)
        _check_free(cart, asked, counter)
    except (ConflictError, InvalidError, TooManyError):
        # the same request, sent twice at once: the other one has emptied the cart, or is one more
        there = saga.orders.get(key_of(asked.order))
        if there is None:
            raise
        return there
    put_due(Due(ORDER + asked.order, now_ms, asked.principal, asked.body), due=saga.due)
    try:
        kept = _kept(cart, asked, counter)
        row = row_of(
            new_order(
                asked.order,
                asked.principal,
                asked.body,
                wanted,
                email=asked.email,
                address=asked.address,
                cart=(kept.cart, kept.version),
                moments=(now_ms, now_ms + counter.open_ms),
            )
        )
        saga.orders.put(row, if_absent=True)
    except (ConflictError, ConditionFailedError, UnavailableError):
        there = saga.orders.get(key_of(asked.order))
        if there is None:
            raise UnavailableError("the order was not placed: try again") from None
        return there
    return row


def _check_free(cart: Cart, asked: Asked, counter: Counter) -> None:
    """Raises ConflictError where another order is made of this cart, unless nothing comes of it.

    One whose row is not there yet may be being put; if not, the sweep puts it as cancelled.

    Raises PortError.
    """
    if cart.ordered in ("", asked.order):
        return
    row = counter.saga.orders.get(key_of(cart.ordered))
    if row is not None:
        other = read_order(row)
        if not _is_of(other, cart) or counter.saga.rules.leaves_cart(other.state):
            return
        if answerable(other):
            _empty(other, counter)  # which may have failed
    raise ConflictError("the cart is ordered already, by another idempotency key")


def _kept(cart: Cart, asked: Asked, counter: Counter) -> Cart:
    """The cart, kept for this order: by us, or by whoever asked the same and was faster.

    Raises ConflictError where it was changed, or kept for another, and PortError.
    """
    if cart.ordered == asked.order:
        return cart
    clock = counter.saga.clock
    try:
        return write_cart(cart, carts=counter.carts, clock=clock, ordered=asked.order)
    except ConflictError:
        there = read_cart(asked.principal, carts=counter.carts)
        if (there.ordered, there.lines) != (asked.order, cart.lines):
            raise
        return there


def _brake(principal: str, counter: Counter) -> None:
    """Raises TooManyError where the principal has as many unpaid orders as he may, and PortError.

    Those that were placed longer ago than one may stay unpaid hold nothing, or soon will not.
    """
    now_ms = counter.saga.clock.now_ms()
    page = counter.saga.orders.query(
        principal,
        index=BY_CUSTOMER,
        sort=Between(low=first_id(now_ms - counter.open_ms)),
        limit=NEWEST,
        descending=True,
    )
    unpaid = [each for each in map(read_order, page.rows) if each.is_open]
    if len(unpaid) >= counter.most_open:
        room_ms = min(each.expires_at for each in unpaid) - now_ms
        raise TooManyError(
            f"{len(unpaid)} orders are not paid yet: pay or cancel one first",
            max(1, -(-room_ms // 1000)),
        )


def _priced(asked: Asked, cart: Cart, counter: Counter) -> Bill:
    """What the cart costs now. Raises InvalidError and ConflictError."""
    if not cart.lines:
        raise InvalidError("the cart is empty", "cart")
    saga = counter.saga
    terms = None
    if asked.promotion:
        terms = terms_of(asked.promotion, promotions=saga.promotions)
        if terms is None:
            raise ConflictError("there is no such promotion")
    sold = offers((each.product for each in cart.lines), products=counter.products)
    found = bill(cart.lines, sold, terms, saga.clock.now_ms())
    if found.total != asked.expected_total or asked.currency not in ("", found.currency):
        raise PriceChangedError(found.total, found.currency)
    return found


def _is_of(order: Order, cart: Cart) -> bool:
    """Whether the order is made of this cart as it is now."""
    return (order.order, order.cart_version) == (cart.ordered, cart.version)


def _empty(order: Order, counter: Counter) -> None:
    """Empty the cart that was ordered, unless it was changed since; its customer goes on anyway."""
    try:
        cart = read_cart(order.cart, carts=counter.carts)
        if _is_of(order, cart):
            write_cart(replace(cart, lines=()), carts=counter.carts, clock=counter.saga.clock)
    except (ConflictError, PortError) as error:
        log.failed("carts", error)
