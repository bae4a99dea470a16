"""Payments: money that a provider holds for an order, takes, lets go, or gives back.

Each call may be repeated: the provider knows a payment by its order and a refund by its key, and
does a thing once. An answer that does not come is no failure: look it up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

State = Literal["pending", "authorised", "captured", "voided", "declined"]
"""pending: the customer has to confirm. authorised: the provider holds the money, and it can be
captured or voided. captured, voided and declined are final."""

RefundState = Literal["pending", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an order is to be paid with: its id, and an amount in its currency's smallest unit."""

    order: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment as the provider has it.

    `reference` is the provider's name of it. `client` is what the customer's browser needs to
    confirm it, such as `{"url": …}` or `{"client_secret": …}`, and nothing to log.
    """

    order: str
    reference: str
    state: State
    amount: int
    currency: str
    client: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Notice:
    """What a webhook tells, its signature verified: that something of this order's payment moved.

    It is a reason to look, and nothing more: notices come twice, late, and out of order.
    """

    id: str
    order: str


class Payments(Protocol):
    """One provider of payments. Each method raises UnavailableError: it may have happened."""

    def start(self, wanted: Wanted) -> Payment:
        """The order's payment: made where there is none, and otherwise as it is.

        A payment once made keeps its amount: raises ConditionFailedError for another one.
        """

    def look(self, wanted: Wanted, reference: str) -> Payment | None:
        """The payment as it is now, or None where the provider knows none.

        `reference` is "" where the answer to `start` was lost; None is then no proof that there
        will be none: start it, and void that.
        """

    def capture(self, payment: Payment) -> Payment:
        """Take the money that is held; the payment as it is then, which may be declined or voided.

        Of a payment that is not authorised, nothing is changed.
        """

    def void(self, payment: Payment) -> Payment:
        """Let go of what is pending or authorised; as it is then, which is captured if too late."""

    def refund(self, payment: Payment, key: str, amount: int) -> RefundState:
        """Give `amount` back, once for each `key`; asked again, how far it is.

        `failed` is definite: nothing was given back under this key, nor will be.
        """

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Notice | None:
        """What a webhook tells, or None where that is nothing about a payment of an order.

        Header names are in lower case. Raises SignatureError when it was not the provider who
        signed these very bytes within the last five minutes.
        """
