"""An order: its lines at the prices that were agreed on, and how far it is.

reserving → paying → paid → fulfilled, refunded
reserving → releasing → cancelled
paying → voiding → releasing or, when the money came first, paid

A state only moves forward. `hold` and `release` of each line are registers: written once, never
again, each with the name of a marker (see `slots`).
"""

import re
from base64 import b32encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal, get_args

from app.domain.errors import ConflictError, InvalidError
from app.domain.pricing import Priced
from app.domain.slots import Line

State = Literal[
    "reserving", "paying", "voiding", "releasing", "cancelled", "paid", "fulfilled", "refunded"
]
Shown = Literal["pending", "cancelling", "cancelled", "paid", "fulfilled", "refunded"]
Because = Literal["", "sold_out", "promotion_used", "declined", "expired", "customer", "shop"]
Step = Literal["start", "capture", "void", "wait", "paid", "release"]

OPEN: tuple[State, ...] = ("reserving", "paying", "voiding", "releasing")
SHOWN: dict[State, Shown] = {
    "reserving": "pending",
    "paying": "pending",
    "voiding": "cancelling",
    "releasing": "cancelling",
    "cancelled": "cancelled",
    "paid": "paid",
    "fulfilled": "fulfilled",
    "refunded": "refunded",
}
_CANCELLED: tuple[Shown, ...] = ("cancelling", "cancelled")
_BECAUSE: dict[str, Because] = {each: each for each in get_args(Because)}
REFUNDS = 8
PATTERN = r"^[a-z2-7]{26}$"
_FORM = re.compile(PATTERN, re.ASCII)
_KEY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)

# what is told to whoever placed an order of which nothing came
REFUSED = {
    "sold_out": "sold out: there are too few of {}; nothing is reserved or paid",
    "promotion_used": "the promotion has been used up; order again without it",
    "cancelled": "the order was cancelled before it was placed",
    "expired": "the order was not placed in time; order again with another key",
    "abandoned": "the order was not placed in time; order again with another key",
    "declined": "the payment was declined; order again with another key",
}
PLACED = "placed"


@dataclass(frozen=True, slots=True)
class Claim:
    """One line's claim on a stock row: so many pieces of a product, or one use of a promotion."""

    table: Literal["stock", "promotions"]
    key: str
    quantity: int
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order as its row has it; moments are in UTC epoch milliseconds.

    `outcome` is "" until the answer to its placing is decided, which then never changes. `client`
    is JSON of what the customer's browser needs to pay. `placed` is "" in one that was put only so
    that nobody places it any more.
    """

    order: str
    principal: str
    placed: str
    body: str
    state: State
    outcome: str
    lines: tuple[Priced, ...]
    currency: str
    subtotal: int
    discount: int
    total: int
    promotion: str
    email: str = field(repr=False)
    address: str = field(repr=False)  # JSON
    cart: str = field(repr=False)
    cart_version: int
    created_at: int
    expires_at: int
    payment: str = field(default="", repr=False)
    client: str = field(default="{}", repr=False)
    captured: int = 0
    refundable: int = 0
    cancelled_by: str = ""
    fulfilled_at: int = 0
    fulfilled_by: str = ""
    holds: tuple[str, ...] = ()
    releases: tuple[str, ...] = ()
    refunds: tuple[str, ...] = ("",) * REFUNDS

    @property
    def shown(self) -> Shown:
        """The state in the words that customers read."""
        return SHOWN[self.state]

    @property
    def cancelled_because(self) -> Because:
        """Why it is cancelled or will be, as its customer may know it; "" where it is neither."""
        if self.shown not in _CANCELLED:
            return ""
        return _BECAUSE.get(self.cancelled_by, "shop")  # or an admin's id

    @property
    def is_open(self) -> bool:
        """Whether it is on its way still."""
        return self.state in OPEN

    @property
    def claims(self) -> tuple[Claim, ...]:
        """What each of its registers is for: the lines, then the promotion if there is one."""
        wanted: list[tuple[Literal["stock", "promotions"], str, int]] = [
            ("stock", each.product, each.quantity) for each in self.lines
        ]
        if self.promotion:
            wanted.append(("promotions", self.promotion, 1))
        return tuple(
            Claim(*each, owner=owner(self.order, number)) for number, each in enumerate(wanted)
        )

    def line(self, number: int) -> Line | None:
        """What it says of one of its claims; None where it has no such one."""
        if not 0 <= number < len(self.holds):
            return None
        hold = self.holds[number]
        return Line(
            quantity=self.claims[number].quantity,
            hold=hold,
            release=self.releases[number],
            may_hold=self.state == "reserving",
            may_release=self.state == "releasing" and hold != "",
        )


class Rules:
    """What the state of things says is to be done next about an order's money."""

    def cancelling(self, state: State) -> State:
        """Where cancelling takes an order that is reserving or paying.

        After paying comes a fence: from then on nobody asks for the money, and what was asked for
        is let go of before the goods are.
        """
        return "releasing" if state == "reserving" else "voiding"

    def leaves_cart(self, state: State) -> bool:
        """Whether nothing comes of an order any more, so that its cart may be ordered again."""
        return state in ("releasing", "cancelled")

    def payment(self, state: State, found: str | None) -> Step:
        """What comes next in paying or voiding; `found` is the state of the payment, if any.

        A payment that the provider does not know is not one that is void: it may be on its way.
        """
        if found == "captured":
            return "paid"
        if found in ("declined", "voided"):
            return "release"
        if found is None:
            return "start"
        if state == "voiding":
            return "void"
        return "capture" if found == "authorised" else "wait"


def owner(order: str, number: int) -> str:
    """The text by which markers know a claim of an order."""
    return f"order:{order}:{number}"


def order_id(principal: str, key: str) -> str:
    """The order that a principal's idempotency key is for: always the same."""
    return _digest(f"{principal}\n{key}")


def is_order_id(text: str) -> bool:
    """Whether this could be one of ours."""
    return _FORM.fullmatch(text) is not None


def idempotency_key(given: str) -> str:
    """The header's value, if it can be one. Raises InvalidError."""
    if _KEY.fullmatch(given) is None:
        raise InvalidError(
            "this needs the header idempotency-key: 1 to 255 visible characters of ASCII, "
            "another one for each wish and the same when you try again",
            "idempotency-key",
        )
    return given


def adjustment_id(key: str) -> str:
    """The adjustment of a product's stock that an idempotency key is for."""
    return _digest(key)


def check_cancelled(order: Order) -> None:
    """Raises ConflictError unless the order is cancelled, or will be."""
    if order.shown not in _CANCELLED:
        raise ConflictError(f"the order is {order.shown}: it cannot be cancelled any more")


def answerable(order: Order) -> bool:
    """Whether its placing is decided. Raises ConflictError where that was refused."""
    if order.outcome == PLACED:
        if order.payment or not order.total:
            return True
        if order.state in ("releasing", "cancelled"):  # nobody was ever told how to pay
            raise ConflictError(REFUSED.get(order.cancelled_by, REFUSED["cancelled"]))
        return False
    if order.outcome:
        raise ConflictError(_refused(order))
    return False


def sold_out(number: int) -> str:
    """The outcome of an order for one of whose lines there were too few pieces."""
    return f"sold_out {number}"


def _refused(order: Order) -> str:
    """Why nothing came of it; where a line was too many pieces, which one."""
    why, _, number = order.outcome.partition(" ")
    told = REFUSED.get(why, REFUSED["cancelled"])
    if number:
        line = order.lines[int(number)]
        return told.format(f"{line.name} ({line.product})")
    return told.format("a product")


def _digest(text: str) -> str:
    digest = sha256(text.encode("utf-8", "replace")).digest()
    return b32encode(digest).decode("ascii").lower()[:26]
