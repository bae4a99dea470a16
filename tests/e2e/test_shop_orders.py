"""Checkout, stock and the states of orders of a running shop."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from secrets import token_hex

import pytest

from tests.conftest import Counts
from tests.support.project import Project
from tests.support.shop_client import ADDRESS, Client, admin, customer, guest, with_cart
from tests.support.shop_operator import minutes_pass, rows, run, table


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
        answers = list(pool.map(lambda each: each.decided(450), people))
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
        answers = list(pool.map(lambda _: known.decided(450, "key-1"), range(6)))
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
    third = known.order(product)
    keeper.got(200, f"POST /admin/orders/{third['order']}/cancel")
    known.until(third, "cancelled")
    listed = {each["order"]: each for each in known.got(200, "GET /orders")["orders"]}
    told = [listed[each["order"]]["cancelled_because"] for each in (placed, other, third)]
    assert told == ["", "customer", "shop"]


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
