"""Stripe is asked so that nothing happens twice, and its errors are told apart."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from app.adapters.memory.clock import MemoryClock
from app.adapters.memory.secrets import MemorySecrets
from app.adapters.stripe.payments import StripePayments
from app.ports.errors import InvalidValueError, UnavailableError
from app.ports.payments import Payment, Wanted
from tests.support.stripe_server import Stripe, asked_at, stripe_server

ORDER = "k5f2q7c3r6d4x5g6h7j2m3n4p5"
WANTED = Wanted(ORDER, 2000, "EUR")


@dataclass
class At:
    """The server, and the adapter that asks it."""

    server: Stripe
    payments: StripePayments

    def held(self) -> Payment:
        made = self.payments.start(WANTED)
        self.server.confirm(ORDER)
        return made

    def paid(self) -> Payment:
        return self.payments.capture(self.held())


@pytest.fixture
def stripe() -> Iterator[At]:
    with stripe_server() as server, asked_at(server.url) as api:
        yield At(server, StripePayments(api, MemorySecrets({}), MemoryClock(0)))


@pytest.mark.parametrize("status", [429, 500, 502, 503, 409])
def test_a_busy_stripe_is_asked_once_more_by_the_same_key(stripe: At, status: int) -> None:
    stripe.server.fails("POST /v1/payment_intents", status=status)

    assert stripe.payments.start(WANTED).state == "pending"
    assert len(stripe.server.intents) == 1
    assert set(stripe.server.keys) == {f"payment-{ORDER}"}


@pytest.mark.parametrize("status", [0, 429, 500, 409])
def test_a_stripe_that_stays_away_is_unavailable(stripe: At, status: int) -> None:
    stripe.server.fails("POST /v1/payment_intents", status=status, times=9)

    with pytest.raises(UnavailableError):
        stripe.payments.start(WANTED)
    assert len(stripe.server.asked) == 2


def test_an_error_that_stripe_keeps_under_a_key_is_got_past_by_the_next_key(stripe: At) -> None:
    """And always by the same ones: however often it is started, one intent can be paid."""
    stripe.server.breaks(2)
    made = stripe.payments.start(WANTED)

    keys = [f"payment-{ORDER}", f"payment-{ORDER}-1", f"payment-{ORDER}-2"]
    assert stripe.server.keys == [keys[0], keys[0], keys[1], keys[1], keys[2]]
    assert made.state == "pending"
    assert stripe.payments.start(WANTED) == made
    assert stripe.server.keys[5:] == keys
    unseen = [each for each in stripe.server.intents if each != made.reference]
    assert len(unseen) == 2, "Stripe had made one each time before it broke"


def test_a_stripe_that_keeps_breaking_is_unavailable(stripe: At) -> None:
    stripe.server.breaks(9)

    with pytest.raises(UnavailableError, match="3 attempts"):
        stripe.payments.start(WANTED)


def test_a_refund_has_one_key_whatever_stripe_keeps_under_it(stripe: At) -> None:
    """Under another one it could be given twice: it is looked for, and waits until the key ends."""
    paid = stripe.paid()
    stripe.server.breaks(1)
    with pytest.raises(UnavailableError):
        stripe.payments.refund(paid, "0", 500)

    assert stripe.payments.refund(paid, "0", 500) == "done"
    assert stripe.server.given_back(ORDER) == 500


def test_a_wrong_key_is_ours_to_mend_and_named(stripe: At) -> None:
    stripe.server.key = "another"

    with pytest.raises(UnavailableError, match="stripe-key") as caught:
        stripe.payments.start(WANTED)
    assert "sk_test" not in str(caught.value)
    assert len(stripe.server.asked) == 1


def test_an_intent_that_was_started_is_shown_as_it_is_now(stripe: At) -> None:
    """An idempotency key gives the answer of then."""
    stripe.held()

    assert stripe.payments.start(WANTED).state == "authorised"


def test_a_card_that_is_declined_leaves_the_payment_open_for_another(stripe: At) -> None:
    made = stripe.payments.start(WANTED)
    stripe.server.declined(ORDER)
    seen = stripe.payments.look(WANTED, made.reference)
    assert seen is not None
    assert seen.state == "pending"

    stripe.server.confirm(ORDER)
    assert stripe.payments.capture(made).state == "captured"


def test_money_that_was_gone_is_declined_and_its_intent_cancelled(stripe: At) -> None:
    made = stripe.held()
    stripe.server.declining.add(ORDER)

    assert stripe.payments.capture(made).state == "declined"
    assert stripe.server.of(ORDER)["status"] == "canceled"


def test_what_stripe_takes_no_money_for_is_declined_and_told_to_the_log(
    stripe: At, capsys: pytest.CaptureFixture[str]
) -> None:
    made = stripe.payments.start(Wanted(ORDER, 49, "EUR"))

    assert (made.state, made.reference, stripe.server.intents) == ("declined", "", {})
    assert "amount_too_small" in capsys.readouterr().err


def test_an_intent_that_was_captured_elsewhere_is_captured(stripe: At) -> None:
    made = stripe.held()
    stripe.server.of(ORDER).update(status="succeeded", amount_received=2000)

    assert stripe.payments.capture(made).state == "captured"
    assert stripe.payments.void(made).state == "captured"


def test_a_lost_start_is_searched_for_and_none_found_proves_nothing(stripe: At) -> None:
    stripe.payments.start(WANTED)
    stripe.server.found_by_search = False
    assert stripe.payments.look(WANTED, "") is None

    stripe.server.found_by_search = True
    assert stripe.payments.look(WANTED, "") is not None


def test_a_refund_is_not_given_twice_when_its_key_was_forgotten(stripe: At) -> None:
    """Stripe keeps keys for a day; a refund may wait longer."""
    paid = stripe.paid()
    assert stripe.payments.refund(paid, "0", 500) == "done"
    stripe.server.forget_keys()

    assert stripe.payments.refund(paid, "0", 500) == "done"
    assert stripe.server.given_back(ORDER) == 500


def test_a_refund_on_its_way_is_pending_until_stripe_says_more(stripe: At) -> None:
    paid = stripe.paid()
    stripe.server.refunds_are = "pending"
    assert stripe.payments.refund(paid, "0", 500) == "pending"

    [made] = stripe.server.refunds.values()
    made["status"] = "failed"
    assert stripe.payments.refund(paid, "0", 500) == "failed"


def test_a_refund_of_what_is_not_there_is_not_settled(stripe: At) -> None:
    """A key of another account finds nothing: that is no proof that nothing was given."""
    gone = Payment(ORDER, "pi_gone", "captured", 2000, "EUR")

    with pytest.raises(UnavailableError):
        stripe.payments.refund(gone, "0", 500)


@pytest.mark.parametrize("name", ["", "../charges", "pi_1?x", "pi 1", "pi_1'"])
def test_no_name_leads_anywhere_else(stripe: At, name: str) -> None:
    with pytest.raises(InvalidValueError):
        stripe.payments.capture(Payment(ORDER, name, "authorised", 2000, "EUR"))
    assert stripe.server.asked == []


def test_a_state_that_is_not_known_is_no_answer(stripe: At) -> None:
    made = stripe.payments.start(WANTED)
    stripe.server.of(ORDER)["status"] = "requires_magic"

    with pytest.raises(UnavailableError):
        stripe.payments.look(WANTED, made.reference)


def test_an_intent_of_another_order_is_never_taken_for_ours(stripe: At) -> None:
    made = stripe.payments.start(WANTED)

    with pytest.raises(UnavailableError):
        stripe.payments.look(Wanted("b" * 26, 2000, "EUR"), made.reference)
