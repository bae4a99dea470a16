"""Payments, webhooks and refunds of a running shop, whose provider is the fake one."""

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.adapters.common import webhook_signing
from infra.local.secret_files import SecretFiles
from tests.support.project import Project
from tests.support.project_processes import wait_for
from tests.support.shop_client import BUSY, Client, admin, customer, guest
from tests.support.shop_operator import letters, minutes_pass, rows, run


@pytest.fixture(scope="module")
def keeper(shop: Project) -> Client:
    return admin(shop)


@pytest.mark.parametrize("card", ["declined", "capture-declined"])
def test_a_declined_payment_gives_the_pieces_back(shop: Project, keeper: Client, card: str) -> None:
    """9: decline."""
    product, known = keeper.sold(1), customer(shop)
    placed = known.order(product)
    assert keeper.left(product) == 0
    known.pay(placed, card)
    known.until(placed, "cancelled")
    assert keeper.left(product) == 1
    assert keeper.got(200, f"GET /admin/orders/{placed['order']}")["captured"] == 0


@pytest.mark.parametrize(
    "card", ["timeout-before", "timeout-after", "silent", "twice", "reordered"]
)
def test_a_payment_that_the_shop_did_not_hear_of_is_found(
    shop: Project, keeper: Client, card: str
) -> None:
    """9, 10: time-outs, lost, doubled and reordered webhooks; "paid but no order" is recovered."""
    product, known = keeper.sold(2), customer(shop)
    placed = known.order(product)
    known.pay(placed, card)
    if card == "silent":
        assert known.state(placed) == "pending"
        known.got(200, f"POST /orders/{placed['order']}/confirm")
    else:
        wait_for(lambda: _settled(shop, known, placed), 30, "an order that is paid")
    assert known.state(placed) == "paid"
    assert keeper.left(product) == 1
    wait_for(lambda: len(_told(shop, known, placed, "paid")) == 1, 20, "the letter")


def test_a_late_success_is_taken_by_the_schedule(shop: Project, keeper: Client) -> None:
    """9: late success, of which no webhook tells."""
    product, known = keeper.sold(1), customer(shop)
    placed = known.order(product)
    known.pay(placed, "late")
    assert known.got(200, f"POST /orders/{placed['order']}/confirm")["state"] == "pending"
    wait_for(lambda: _settled(shop, known, placed), 60, "an order that is paid")


def test_a_webhook_is_believed_by_its_signature_and_no_further(
    shop: Project, keeper: Client
) -> None:
    """10: signed over the raw bytes, within the window; it says to look, and nothing more."""
    product, known = keeper.sold(5), customer(shop)
    known.paid(product)  # the first webhook has made the secret
    placed = known.order(product)
    reference = placed["payment"]["reference"]
    told = {"order": placed["order"], "reference": reference, "state": "captured"}
    body = json.dumps({"id": "event-1", "payment": told}).encode()
    key, now = SecretFiles(shop.places).read("payments-webhook").strip(), int(time.time())

    def sent(content: bytes, signed: str) -> int:
        headers = {"fake-signature": signed, "content-type": "application/json"}
        anyone = guest(shop)
        path = "/payments/webhooks"
        return anyone.ask("POST", path, content=content, headers=headers).status_code

    good = webhook_signing.header(key, body, now)
    assert sent(body, webhook_signing.header("another key", body, now)) == 400
    assert sent(body, webhook_signing.header(key, body, now - 301)) == 400
    assert sent(body, webhook_signing.header(key, body, now + 330)) == 400
    assert sent(body + b" ", good) == 400
    assert sent(body, "") == 400
    assert [sent(body, good), sent(body, good)] == [204, 204]
    assert known.state(placed) == "pending", "the provider says otherwise"

    known.pay(placed, "silent")
    with ThreadPoolExecutor(8) as pool:  # webhooks race the customer's own confirmation
        racing = [
            *(pool.submit(sent, body, good) for _ in range(4)),
            *(pool.submit(_confirmed, known, placed) for _ in range(4)),
        ]
        assert {each.result() for each in racing} <= {200, 204, *BUSY}
    known.until(placed, "paid")
    assert keeper.got(200, f"GET /admin/orders/{placed['order']}")["captured"] == placed["total"]
    wait_for(lambda: _told(shop, known, placed, "paid"), 20, "the letter")
    assert len(_told(shop, known, placed, "paid")) == 1


def test_refunds_are_never_more_than_was_captured(shop: Project, keeper: Client) -> None:
    """11: full and partial; idempotent; restocking is a choice of its own."""
    product, known = keeper.sold(5, price=1_000), customer(shop)
    placed = known.paid(product, 3)
    assert keeper.refund(placed, amount=3_001).status_code == 409
    first = [keeper.refund(placed, "key-1", amount=1_000) for _ in range(2)]
    assert {(each.status_code, each.json()["refundable"]) for each in first} == {(201, 2_000)}
    assert keeper.refund(placed, "key-1", amount=999).status_code == 409
    assert keeper.left(product) == 2, "nothing goes back by itself"

    with ThreadPoolExecutor(5) as pool:
        at_once = list(pool.map(lambda _: keeper.refund(placed, amount=1_500), range(5)))
    assert Counter(each.status_code for each in at_once) == {201: 1, 409: 4}
    assert known.state(placed) == "paid", "some of it"
    back = [{"product": product, "quantity": 2}]
    rest = keeper.refund(placed, restock=back).json()
    assert (rest["state"], rest["refundable"]) == ("refunded", 0)
    assert keeper.left(product) == 4
    assert keeper.refund(placed, amount=1).status_code == 409
    assert sum(each["amount"] for each in rest["refunds"]) == 3_000 == rest["captured"]


def test_a_refund_that_fails_gives_its_amount_back(shop: Project, keeper: Client) -> None:
    """11: failed for good, it can be asked for again; unanswered, it is done once."""
    product, known = keeper.sold(5, price=1_000), customer(shop)
    failing, unsure = (known.order(product) for _ in range(2))
    for placed, card in ((failing, "refund-fails"), (unsure, "refund-timeout")):
        known.pay(placed, card)
        known.until(placed, "paid")
    failed = keeper.refund(failing).json()
    assert (failed["refunds"][0]["state"], failed["refundable"]) == ("failed", 1_000)
    asked = keeper.refund(unsure)
    assert asked.status_code == 201
    assert asked.json()["refundable"] == 0

    def done() -> bool:
        minutes_pass(shop, unsure)
        run(shop, "settle")
        seen = keeper.got(200, f"GET /admin/orders/{unsure['order']}")
        return [each["state"] for each in seen["refunds"]] == ["done"]

    wait_for(done, 30, "the refund")
    (payment,) = (
        row
        for row in rows(shop, "fake_payments")
        if row["payment"] == unsure["payment"]["reference"]
    )
    assert [each["amount"] for each in json.loads(payment["refunds"]).values()] == [1_000]


def _confirmed(who: Client, placed: Any) -> int:
    return who.ask("POST", f"/orders/{placed['order']}/confirm").status_code


def _settled(shop: Project, who: Client, placed: Any) -> bool:
    """Whether it is paid; if not, the schedule is due."""
    if who.state(placed) != "paid":
        minutes_pass(shop, placed)
        shop.run("schedule_look", "--run", "settle")  # which may be the first to get no answer
    return who.state(placed) == "paid"


def _told(shop: Project, who: Client, placed: Any, what: str) -> list[Any]:
    """The letters about what happened to an order."""
    found = letters(shop, f"{who.name}@letters.example")
    return [each for each in found if each["letter"] == f"{placed['order']}.{what}"]
