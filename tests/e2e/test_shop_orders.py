"""Checkout, stock, payments and refunds of a running shop."""

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from secrets import token_hex
from typing import Any

import httpx
import pytest

from app.adapters.common import webhook_signing
from infra.local.secret_files import SecretFiles
from tests.conftest import Counts
from tests.support.project import Project
from tests.support.project_processes import wait_for
from tests.support.shop_client import (
    ADDRESS,
    Client,
    admin,
    customer,
    guest,
    letters,
    minutes_pass,
    rows,
    run,
    table,
    with_cart,
)


@pytest.fixture(scope="module")
def keeper(shop: Project) -> Client:
    return admin(shop)


def test_the_shop_alone_says_what_an_order_costs(shop: Project, keeper: Client) -> None:
    """5: recomputed at checkout; 409 with the new total when it changed."""
    product = keeper.sold(5, price=1_000)
    known = customer(shop)
    known.put_in(product, 2)
    body = {"expected_total": 2_000, "email": "tea@letters.example", "address": ADDRESS}
    for own in ({"price": 1}, {"total": 1}, {"lines": [{"product": product, "price": 1}]}):
        key = {"idempotency-key": token_hex(8)}
        known.got(422, "POST /orders", {**body, **own}, headers=key)
    assert known.orders(total=1).json()["total"] == 2_000
    assert known.orders(total=2_000, currency="USD").status_code == 409

    keeper.change(product, price=1_250)

    refused = known.orders(total=2_000)
    problem = refused.json()
    assert (refused.status_code, problem["total"], problem["currency"]) == (409, 2_500, "EUR")
    assert refused.headers["content-type"] == "application/problem+json"
    assert keeper.left(product) == 5, "a refused order takes nothing"
    assert known.orders(total=2_500).json()["total"] == 2_500


def test_of_many_buyers_of_one_unit_exactly_one_gets_it(
    shop: Project, keeper: Client, counts: Counts
) -> None:
    """6: an atomic conditional decrement."""
    product = keeper.sold(1)
    people = [with_cart(shop) for _ in range(counts(small=16, full=100))]
    for each in people:
        each.put_in(product)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda each: _decided(each, 450), people))
    assert Counter(each.status_code for each in answers) == {201: 1, 409: len(people) - 1}
    assert keeper.left(product) == 0
    (won,) = (number for number, each in enumerate(answers) if each.status_code == 201)
    people[won].pay(answers[won].json())
    people[won].until(answers[won].json(), "paid")
    assert keeper.left(product) == 0


def test_lines_that_share_a_product_are_counted_together(shop: Project, keeper: Client) -> None:
    """6: two lines of one product need the pieces of both."""
    product = keeper.sold(3)
    visitor = with_cart(shop)
    pieces = [{"product": product, "quantity": 2}]
    visitor.got(200, "POST /cart/lines", {"lines": pieces + pieces})
    assert visitor.orders().status_code == 409
    assert keeper.left(product) == 3
    visitor.got(200, f"PUT /cart/lines/{product}", {"quantity": 3})
    assert visitor.orders().status_code == 201
    assert keeper.left(product) == 0


def test_one_key_is_one_order_whatever_is_sent_again(shop: Project, keeper: Client) -> None:
    """7: the same key and body get the same answer, another body 409; also at once."""
    product = keeper.sold(10)
    known = customer(shop)
    known.put_in(product)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: _decided(known, 450, "key-1"), range(6)))
    assert {(each.status_code, each.text) for each in answers} == {(201, answers[0].text)}
    placed = answers[0].json()
    assert keeper.left(product) == 9

    keeper.change(product, price=900)
    known.pay(placed)
    known.until(placed, "paid")
    assert known.orders("key-1", 450).json() == placed, "whatever became of it"
    assert known.orders("key-1", 450, promotion="OTHER").status_code == 409
    assert known.orders("key-1", 451).status_code == 409
    stranger = customer(shop)
    stranger.put_in(product)
    assert stranger.orders("key-1").json()["order"] != placed["order"], "a key of one's own"
    missing = known.ask("POST", "/orders", json={"expected_total": 1, "address": ADDRESS})
    assert missing.status_code == 422


def test_an_order_moves_forward_only_and_keeps_its_prices(shop: Project, keeper: Client) -> None:
    """8: pending, paid, fulfilled, or cancelled; else 409; prices and address are a snapshot."""
    product = keeper.sold(10, price=700)
    known = customer(shop)
    placed = known.order(product)
    path = f"/admin/orders/{placed['order']}"
    keeper.got(409, f"POST {path}/fulfil")
    assert keeper.refund(placed).status_code == 409
    known.pay(placed)
    known.until(placed, "paid")
    known.got(409, f"POST /orders/{placed['order']}/cancel")
    keeper.got(409, f"POST {path}/cancel")
    keeper.change(product, price=1, name="Other tea")
    seen = known.got(200, f"GET /orders/{placed['order']}")
    assert (seen["total"], seen["lines"][0]["name"]) == (700, "Green tea")
    assert {name: seen["address"][name] for name in ADDRESS} == ADDRESS
    for _ in range(2):
        assert keeper.got(200, f"POST {path}/fulfil")["state"] == "fulfilled"

    other = known.order(product)
    for _ in range(2):
        known.got(200, f"POST /orders/{other['order']}/cancel")
    known.until(other, "cancelled")
    keeper.got(409, f"POST /admin/orders/{other['order']}/fulfil")
    known.pay(other)  # too late: nothing is taken
    assert known.state(other) == "cancelled"
    assert keeper.left(product) == 9


def test_nobody_sees_or_moves_anothers_order(shop: Project, keeper: Client) -> None:
    """1: another customer's order is not there, for users and guests alike."""
    product = keeper.sold(10)
    owners = [customer(shop), with_cart(shop)]
    for owner in owners:
        placed = owner.order(product)
        path = f"/orders/{placed['order']}"
        for other in (customer(shop), with_cart(shop)):
            other.got(404, f"GET {path}")
            other.got(404, f"POST {path}/cancel")
            other.got(404, f"POST {path}/confirm")
            assert other.got(200, "GET /orders")["orders"] == []
        guest(shop).got(401, f"GET {path}")
        (listed,) = owner.got(200, "GET /orders")["orders"]
        assert (listed["order"], listed["state"]) == (placed["order"], "pending")


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
    assert sent(body, webhook_signing.header(key, body, now + 301)) == 400
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
        assert {each.result() for each in racing} <= {200, 204, 503}
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


def test_what_nobody_pays_goes_back_on_the_shelf(shop: Project, keeper: Client) -> None:
    """16, 6: reservations end, by the schedule."""
    product, known = keeper.sold(2), customer(shop)
    placed, kept = known.order(product), known.order(product)
    assert 0 < placed["expires_at"] / 1000 - time.time() <= 30 * 60
    assert keeper.left(product) == 0
    ended = {"expires_at": int(time.time() * 1000) - 1}
    table(shop, "orders").update({"order": placed["order"]}, set=ended)
    for each in (placed, kept):
        minutes_pass(shop, each)

    run(shop, "settle")

    known.until(placed, "cancelled")
    assert (known.state(kept), keeper.left(product)) == ("pending", 1)
    open_ = [row["owner"] for row in rows(shop, "due")]
    assert f"order:{placed['order']}" not in open_, "nothing is left to do about it"
    assert f"order:{kept['order']}" in open_


def _decided(who: Client, total: int, key: str = "") -> httpx.Response:
    """An order's answer; what is not decided yet is asked again, with the same key."""
    known_by = key or token_hex(8)
    end = time.monotonic() + 60
    while (answer := who.orders(known_by, total)).status_code == 503:
        assert time.monotonic() < end, "never decided"
    return answer


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
