"""The cards of the fake provider: what is picked at its page tells what becomes of the payment.

Plain data: neither chance nor a clock but the shop's decides anything.
"""

from dataclasses import dataclass
from typing import Literal

LATE_MS = 10_000
"""How long what is late takes."""

Refunds = Literal["done", "failed", "late", "unanswered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What becomes of a payment by this card, and of its webhooks.

    `late` shows the customer's step ten seconds after it. `unanswered` has the first try to take
    the money end without an answer: "before" it was done or "after". `capturable` is false where
    the money is gone by then. `webhooks` come `once`, `twice`, never, or with an older one after
    the newest.
    """

    says: str
    declined: bool = False
    late: bool = False
    capturable: bool = True
    unanswered: Literal["", "before", "after"] = ""
    webhooks: Literal["once", "twice", "reordered", "none"] = "once"
    refunds: Refunds = "done"


CARDS = {
    "good": Card(says="The money is there."),
    "declined": Card(says="Declined at once.", declined=True),
    "capture-declined": Card(says="Held, and then gone when it is taken.", capturable=False),
    "late": Card(says="Held ten seconds later; no webhook tells.", late=True, webhooks="none"),
    "silent": Card(says="Held; no webhook tells.", webhooks="none"),
    "timeout-before": Card(says="The first try to take it: no answer, not done.",
                           unanswered="before"),
    "timeout-after": Card(says="The first try to take it: no answer, but done.",
                          unanswered="after"),
    "twice": Card(says="Each webhook comes twice.", webhooks="twice"),
    "reordered": Card(says="An old webhook comes after the newest.", webhooks="reordered"),
    "refund-fails": Card(says="Refunds fail for good.", refunds="failed"),
    "refund-late": Card(says="Refunds take ten seconds.", refunds="late"),
    "refund-timeout": Card(says="The first try to refund: no answer, but done.",
                           refunds="unanswered"),
}  # fmt: skip
"""By what the customer picks, or gives as `card`."""
