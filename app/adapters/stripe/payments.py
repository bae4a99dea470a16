"""Stripe: a PaymentIntent for each order, captured by us, once the order is sure.

The intent knows its order by `metadata`. A card that is declined leaves it open for another one, so
`declined` is only said of money that was gone when it was to be taken (its intent is cancelled) and
of what Stripe takes no money for, such as too small an amount.

Nothing here trusts that Stripe still knows an idempotency key after a day: what moves money out is
looked for first. https://docs.stripe.com/api/payment_intents, https://docs.stripe.com/api/refunds
"""

import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from secrets import token_hex
from typing import Any

from app.adapters.common import webhook_signing
from app.adapters.common.calls import Endpoint
from app.adapters.stripe.api import CONNECT_S, READ_S, URL, Api, KeptError, RefusedError
from app.failures import line
from app.ports.clock import Clock
from app.ports.errors import (
    ConditionFailedError,
    InvalidValueError,
    SignatureError,
    UnavailableError,
)
from app.ports.payments import Notice, Payment, RefundState, State, Wanted
from app.ports.secrets import Secrets

KEY, WEBHOOK = "stripe-key", "stripe-webhook"
_INTENTS = "/v1/payment_intents"
_STATES: Mapping[str, State] = {
    "requires_payment_method": "pending",
    "requires_confirmation": "pending",
    "requires_action": "pending",
    "processing": "pending",
    "requires_capture": "authorised",
    "succeeded": "captured",
    "canceled": "voided",
}
_REFUNDS: Mapping[str, RefundState] = {
    "pending": "pending",
    "requires_action": "pending",
    "succeeded": "done",
    "failed": "failed",
    "canceled": "failed",
}
_MISSING = 404
_KEYS = 3  # of one intent, for as long as Stripe keeps an error of its own under a key: a day
_WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


class StripePayments:
    """Stripe as the shop uses it."""

    def __init__(self, api: Api, secrets: Secrets, clock: Clock) -> None:
        """`secrets` must hold `stripe-webhook`."""
        self._api = api
        self._secrets = secrets
        self._clock = clock

    def start(self, wanted: Wanted) -> Payment:
        """The order's payment, made where there is none."""
        form = {
            "amount": str(wanted.amount),
            "currency": wanted.currency.lower(),
            "capture_method": "manual",
            "automatic_payment_methods[enabled]": "true",
            "metadata[order]": wanted.order,
        }
        try:
            found, replayed = self._created(form, wanted.order)
        except RefusedError as refused:
            if refused.kind == "idempotency_error":
                raise ConditionFailedError("the order has a payment of another amount") from refused
            # no intent of these values will ever be: the order is not to wait for one
            sys.stderr.write(line(refused, level="warn", failed="payments"))
            return Payment(wanted.order, "", "declined", wanted.amount, wanted.currency)
        if replayed:  # that is how it was when it was made
            found = self._api.get(_path(str(found["id"])))
        return _payment(found, wanted.order)

    def look(self, wanted: Wanted, reference: str) -> Payment | None:
        """The payment as it is now; without a reference, as Stripe's search has it: a bit late."""
        if not reference:
            query = {"query": f"metadata['order']:'{_word(wanted.order)}'", "limit": "1"}
            found = self._api.get(f"{_INTENTS}/search", query)["data"]
            reference = str(found[0]["id"]) if found else ""
            if not reference:
                return None
        try:
            return _payment(self._api.get(_path(reference)), wanted.order)
        except RefusedError as refused:
            if refused.status == _MISSING:
                return None
            raise UnavailableError(str(refused)) from refused

    def capture(self, payment: Payment) -> Payment:
        """Take the money that is held."""
        now, refused = self._move(payment, "capture", {})
        if refused is None or now.state != "authorised":
            if refused is not None and refused.kind == "card_error" and now.state == "pending":
                # another card would hold money again, of an order that is then long gone
                gone = self.void(now)
                return _as(gone, "declined") if gone.state == "voided" else gone
            return now
        raise UnavailableError(f"it is held and cannot be taken: {refused}") from refused

    def void(self, payment: Payment) -> Payment:
        """Let go of what is pending or authorised."""
        now, refused = self._move(payment, "cancel", {"cancellation_reason": "abandoned"})
        if refused is not None and now.state in ("pending", "authorised"):
            raise UnavailableError(f"it cannot be let go of: {refused}") from refused
        return now

    def refund(self, payment: Payment, key: str, amount: int) -> RefundState:
        """Give some of it back; one that was asked for is found by its `metadata`, at any time."""
        try:
            found = self._refund_there(payment, key)
            if found is None:
                form = {
                    "payment_intent": payment.reference,
                    "amount": str(amount),
                    "metadata[order]": payment.order,
                    "metadata[key]": key,
                }
                found, replayed = self._api.post(
                    "/v1/refunds", form, f"refund-{payment.order}-{key}"
                )
                if replayed:
                    found = self._api.get(f"/v1/refunds/{_word(str(found['id']))}")
        except RefusedError as refused:
            if refused.kind == "idempotency_error":
                raise ConditionFailedError("the refund has another amount") from refused
            if refused.status == _MISSING:  # of another account, or mode: nothing is settled by it
                raise UnavailableError(str(refused)) from refused
            return "failed"
        if int(found["amount"]) != amount:
            raise ConditionFailedError("the refund has another amount")
        return _REFUNDS.get(str(found["status"]), "pending")

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Notice | None:
        """What a webhook tells. Raises SignatureError, and as `Secrets.get` does."""
        given = headers.get("stripe-signature", "")
        webhook_signing.parsed(given)  # before the secret is asked for
        keys = webhook_signing.keys(self._secrets.get(WEBHOOK))
        webhook_signing.verify(keys, given, body, self._clock.now_ms())
        try:
            told: Any = json.loads(body)
            about = told["data"]["object"]
            order = (about.get("metadata") or {}).get("order")
            return Notice(id=str(told["id"]), order=order) if isinstance(order, str) else None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise SignatureError("the webhook is of a form that Stripe never sends") from None

    def _created(self, form: Mapping[str, str], order: str) -> tuple[Any, bool]:
        """An order's intent, by the first of its keys under which Stripe did not break.

        Stripe may have made one as it broke. Nobody was ever told its client secret, so no customer
        can confirm that one, and nothing is held of him: there is one intent that can be paid.
        """
        for number in range(_KEYS):
            again = f"-{number}" if number else ""
            with suppress(KeptError):
                return self._api.post(_INTENTS, form, f"payment-{order}{again}")
        raise UnavailableError(f"Stripe broke on {_KEYS} attempts at one payment")

    def _move(
        self, payment: Payment, to: str, form: Mapping[str, str]
    ) -> tuple[Payment, RefusedError | None]:
        """The intent after it was asked to move, and Stripe's refusal where it did not.

        An intent is captured or cancelled once, whatever the idempotency key: with one that lasted,
        an error of Stripe's own would be its answer for a day.
        """
        path = _path(payment.reference)
        try:
            found, _ = self._api.post(f"{path}/{to}", form, f"{to}-{token_hex(16)}")
        except RefusedError as refused:
            try:
                return _payment(self._api.get(path), payment.order), refused
            except RefusedError as unseen:
                raise UnavailableError(str(unseen)) from unseen
        return _payment(found, payment.order), None

    def _refund_there(self, payment: Payment, key: str) -> Any:
        """The refund of this key, or None: an order has eight of them, a page a hundred."""
        query = {"payment_intent": payment.reference, "limit": "100"}
        for each in self._api.get("/v1/refunds", query)["data"]:
            if (each.get("metadata") or {}).get("key") == key:
                return each
        return None


def open_stripe(secrets: Secrets, clock: Clock) -> StripePayments:
    """Stripe with the secrets `stripe-key` and `stripe-webhook`; nothing is asked yet."""
    api = Api(Endpoint(URL, CONNECT_S, READ_S), lambda: secrets.get(KEY).strip())
    return StripePayments(api, secrets, clock)


def _payment(found: Any, order: str) -> Payment:
    """An intent as Stripe shows it. Raises UnavailableError for a state that is not known here."""
    state = _STATES.get(str(found["status"]))
    if state is None or (found.get("metadata") or {}).get("order") != order:
        raise UnavailableError(f"Stripe has an intent as {found['status']}, or of another order")
    secret = found.get("client_secret")
    return Payment(
        order=order,
        reference=str(found["id"]),
        state=state,
        amount=int(found["amount"]),
        currency=str(found["currency"]).upper(),
        client={"client_secret": str(secret)} if secret else {},
    )


def _as(payment: Payment, state: State) -> Payment:
    return Payment(payment.order, payment.reference, state, payment.amount, payment.currency)


def _path(reference: str) -> str:
    return f"{_INTENTS}/{_word(reference)}"


def _word(text: str) -> str:
    """A name that goes into a path or a query as it is. Raises InvalidValueError."""
    if not text or not _WORD.issuperset(text):
        raise InvalidValueError("this is no name of a payment or an order")
    return text
