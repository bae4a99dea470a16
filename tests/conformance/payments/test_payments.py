"""Every provider of payments does what the port says, whatever is lost on the way."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest

from app.ports.errors import ConditionFailedError, SignatureError, UnavailableError
from app.ports.payments import Payment
from tests.conformance.payments.providers import NOW_MS, PROVIDERS, Provider, wanted

ORDER = "k5f2q7c3r6d4x5g6h7j2m3n4p5"
WANTED = wanted(ORDER)


@pytest.fixture(params=PROVIDERS)
def provider(request: pytest.FixtureRequest) -> Iterator[Provider]:
    with PROVIDERS[request.param]() as made:
        yield made


def _paid(provider: Provider, how: str = "good") -> Payment:
    started = provider.payments.start(WANTED)
    provider.confirm(ORDER, how)
    return provider.payments.capture(started)


def test_a_payment_begins_with_what_the_customer_needs_to_confirm_it(provider: Provider) -> None:
    made = provider.payments.start(WANTED)

    assert (made.order, made.state, made.amount, made.currency) == (ORDER, "pending", 2000, "EUR")
    assert made.reference
    assert made.client
    assert "client" not in repr(made)


def test_an_order_has_one_payment_however_often_it_is_started(provider: Provider) -> None:
    first = provider.payments.start(WANTED)
    provider.confirm(ORDER, "good")
    again = provider.payments.start(WANTED)

    assert again.reference == first.reference
    assert again.state == "authorised"


def test_another_amount_for_the_same_order_is_refused(provider: Provider) -> None:
    provider.payments.start(WANTED)

    with pytest.raises(ConditionFailedError):
        provider.payments.start(replace(WANTED, amount=1999))

    assert provider.payments.start(WANTED).amount == 2000


def test_a_start_whose_answer_was_lost_is_the_one_that_is_found(provider: Provider) -> None:
    if provider.lose_start is not None:
        provider.lose_start()
    with suppress(UnavailableError):
        provider.payments.start(WANTED)

    found = provider.payments.look(WANTED, "")

    assert found is not None
    assert found.reference == provider.payments.start(WANTED).reference


def test_what_was_never_started_is_not_found(provider: Provider) -> None:
    assert provider.payments.look(WANTED, "") is None


def test_money_is_held_when_the_customer_confirmed_and_taken_when_we_ask(
    provider: Provider,
) -> None:
    started = provider.payments.start(WANTED)
    provider.confirm(ORDER, "good")

    held = provider.payments.look(WANTED, started.reference)
    taken = provider.payments.capture(started)

    assert held is not None
    assert (held.state, taken.state) == ("authorised", "captured")
    assert provider.payments.capture(started).state == "captured"
    assert provider.payments.void(started).state == "captured"


def test_nothing_is_taken_that_is_not_held(provider: Provider) -> None:
    started = provider.payments.start(WANTED)

    assert provider.payments.capture(started).state == "pending"


def test_what_was_let_go_of_is_never_taken(provider: Provider) -> None:
    started = provider.payments.start(WANTED)

    assert provider.payments.void(started).state == "voided"
    provider.confirm(ORDER, "good")
    assert provider.payments.capture(started).state == "voided"
    assert provider.payments.start(WANTED).state == "voided"


def test_what_is_held_can_be_let_go_of(provider: Provider) -> None:
    started = provider.payments.start(WANTED)
    provider.confirm(ORDER, "good")

    assert provider.payments.void(started).state == "voided"
    assert provider.payments.capture(started).state == "voided"


def test_money_that_is_gone_by_then_is_not_taken_nor_ever_will_be(provider: Provider) -> None:
    started = provider.payments.start(WANTED)
    provider.confirm(ORDER, "capture-declined")

    assert provider.payments.capture(started).state == "declined"

    provider.confirm(ORDER, "good")
    assert provider.payments.capture(started).state in ("declined", "voided")


@pytest.mark.parametrize("how", ["timeout-before", "timeout-after"])
def test_money_is_taken_once_whatever_of_the_answers_is_lost(provider: Provider, how: str) -> None:
    started = provider.payments.start(WANTED)
    provider.confirm(ORDER, how)
    with suppress(UnavailableError):
        provider.payments.capture(started)

    assert provider.payments.capture(started).state == "captured"
    now = provider.payments.look(WANTED, started.reference)
    assert now is not None
    assert (now.state, now.amount) == ("captured", 2000)


def test_a_refund_is_given_once_for_each_key(provider: Provider) -> None:
    paid = _paid(provider)

    given = [provider.payments.refund(paid, key, 500) for key in ("0", "0", "1")]

    assert given == ["done", "done", "done"]
    assert provider.given_back(ORDER) == 1000


def test_no_more_is_given_back_than_was_taken(provider: Provider) -> None:
    paid = _paid(provider)

    given = [
        provider.payments.refund(paid, key, amount)
        for key, amount in (("0", 1500), ("1", 501), ("2", 500), ("3", 1), ("1", 501))
    ]

    assert given == ["done", "failed", "done", "failed", "failed"]
    assert provider.given_back(ORDER) == 2000


def test_one_key_is_for_one_amount(provider: Provider) -> None:
    paid = _paid(provider)
    provider.payments.refund(paid, "0", 500)

    with pytest.raises(ConditionFailedError):
        provider.payments.refund(paid, "0", 400)

    assert provider.given_back(ORDER) == 500


def test_a_refund_whose_answer_was_lost_is_not_given_again(provider: Provider) -> None:
    paid = _paid(provider, "refund-timeout")
    with suppress(UnavailableError):
        provider.payments.refund(paid, "0", 500)

    assert provider.payments.refund(paid, "0", 500) == "done"
    assert provider.given_back(ORDER) == 500


def test_a_refund_that_failed_stays_failed_and_gave_nothing(provider: Provider) -> None:
    paid = _paid(provider, "refund-fails")

    assert provider.payments.refund(paid, "0", 500) == "failed"
    assert provider.payments.refund(paid, "0", 500) == "failed"
    assert provider.given_back(ORDER) == 0


def test_a_webhook_tells_of_its_order_and_each_has_an_id(provider: Provider) -> None:
    headers, body = provider.webhook(ORDER, NOW_MS)

    notice = provider.payments.read_webhook(headers, body)

    assert notice is not None
    assert notice.order == ORDER
    assert notice.id


@pytest.mark.parametrize("off_ms", [-301_000, 301_000])
def test_a_webhook_of_another_time_is_refused(provider: Provider, off_ms: int) -> None:
    headers, body = provider.webhook(ORDER, NOW_MS + off_ms)

    with pytest.raises(SignatureError):
        provider.payments.read_webhook(headers, body)


@pytest.mark.parametrize("off_ms", [-300_000, 300_000])
def test_five_minutes_are_as_good_as_now(provider: Provider, off_ms: int) -> None:
    headers, body = provider.webhook(ORDER, NOW_MS + off_ms)

    assert provider.payments.read_webhook(headers, body) is not None


def test_a_webhook_of_which_a_byte_differs_is_refused(provider: Provider) -> None:
    headers, body = provider.webhook(ORDER, NOW_MS)

    for other in (body + b" ", body[:-1], body.replace(b"2", b"3"), b""):
        with pytest.raises(SignatureError):
            provider.payments.read_webhook(headers, other)


def test_a_webhook_without_a_signature_is_refused(provider: Provider) -> None:
    _, body = provider.webhook(ORDER, NOW_MS)

    for headers in ({}, {"stripe-signature": "", "fake-signature": "t=1", "x": "y"}):
        with pytest.raises(SignatureError):
            provider.payments.read_webhook(headers, body)
