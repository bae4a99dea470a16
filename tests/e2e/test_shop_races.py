"""Many customers and admins at once on a running shop: then its books are read from its tables.

Whoever is refused because nobody is free, or too fast, asks again, as the API says.
"""

from collections import Counter
from functools import partial
from secrets import token_hex

import pytest

from tests.conftest import Counts
from tests.support.project import Project
from tests.support.shop_buying import (
    PRICE,
    Patient,
    at_once,
    broken_promises,
    buy,
    fill,
    from_clients,
    guest,
    patient,
    pay,
)
from tests.support.shop_client import admin
from tests.support.shop_live_books import unrest, violations
from tests.support.shop_operator import rows


@pytest.fixture(scope="module")
def keeper(shop: Project) -> Patient:
    return patient(admin(shop))


@pytest.fixture
def clients(counts: Counts) -> int:
    """How many ask at the same time."""
    return counts(small=8, full=32)


def test_of_a_hundred_buyers_of_one_unit_exactly_one_has_a_paid_order(
    shop: Project, keeper: Patient, clients: int, counts: Counts
) -> None:
    product = keeper.sold(1)

    def try_to_buy(_: int) -> tuple[int, str]:
        who = guest(shop)
        fill(who, {product: 1})
        answer = who.decided(PRICE)
        if answer.status_code != 201:
            return answer.status_code, answer.json()["detail"]
        return 201, pay(who, answer.json())

    found = from_clients(clients, try_to_buy, range(counts(small=24, full=100)))

    told = Counter(status for status, _ in found)
    assert told == {201: 1, 409: len(found) - 1}
    assert [state for status, state in found if status == 201] == ["paid"]
    assert {why.partition(":")[0] for status, why in found if status == 409} == {"sold out"}
    orders = [row for row in rows(shop, "orders") if product in row["lines"]]
    assert Counter(row["state"] for row in orders) == {"paid": 1, "cancelled": len(found) - 1}
    assert keeper.left(product) == 0
    assert violations(shop) == []


def test_lines_that_share_a_product_are_counted_together_whoever_is_first(
    shop: Project, keeper: Patient, clients: int, counts: Counts
) -> None:
    """Each wants two and two of ten: that is four, and two of the many get them."""
    product = keeper.sold(10)
    twice = {"lines": [{"product": product, "quantity": 2}] * 2}

    def try_to_buy(_: int) -> int:
        who = guest(shop)
        who.got(200, "POST /cart/lines", twice)
        return who.decided(4 * PRICE).status_code

    people = counts(small=12, full=100)
    assert Counter(from_clients(clients, try_to_buy, range(people))) == {201: 2, 409: people - 2}
    assert keeper.left(product) == 2
    assert violations(shop) == []


def test_the_last_use_of_a_promotion_is_used_once(
    shop: Project, keeper: Patient, clients: int, counts: Counts
) -> None:
    people = counts(small=12, full=100)
    product = keeper.sold(people)
    code = keeper.promotion(kind="fixed", value=100, uses=1)

    def try_to_buy(_: int) -> tuple[int, object]:
        who = guest(shop)
        fill(who, {product: 1})
        answer = who.decided(PRICE - 100, promotion=code)
        return answer.status_code, answer.json().get("detail")

    found = Counter(from_clients(clients, try_to_buy, range(people)))
    used = "the promotion has been used up; order again without it"
    assert found == {(201, None): 1, (409, used): people - 1}
    assert keeper.left(product) == people - 1, "who was refused took nothing"
    assert violations(shop) == []


def test_one_key_at_once_and_again_is_one_order_and_one_answer(
    shop: Project, keeper: Patient, clients: int, counts: Counts
) -> None:
    people = counts(small=6, full=100)
    product = keeper.sold(people)

    def try_to_buy(_: int) -> str:
        who, key = guest(shop), token_hex(8)
        fill(who, {product: 1})
        answers = at_once([lambda: who.decided(PRICE, key)] * 3)
        answers.append(who.decided(PRICE, key))
        assert [each.status_code for each in answers] == [201] * 4
        (said,) = {each.text for each in answers}
        other = who.orders(key, PRICE, address={**_elsewhere(), "street": "Pot Street 8"})
        assert other.status_code == 409
        (order,) = who.got(200, "GET /orders")["orders"]
        assert order["order"] in said
        return str(order["order"])

    orders = from_clients(max(2, clients // 4), try_to_buy, range(people))
    assert len(set(orders)) == people
    assert keeper.left(product) == 0
    assert violations(shop) == []


def test_one_cart_under_many_keys_at_once_is_one_order(
    shop: Project, keeper: Patient, clients: int, counts: Counts
) -> None:
    people = counts(small=6, full=100)
    product = keeper.sold(3 * people)

    def try_to_buy(_: int) -> str:
        who = guest(shop)
        fill(who, {product: 1})
        answers = at_once([lambda: who.decided(PRICE)] * 3)
        (placed,) = [each for each in answers if each.status_code == 201]
        refused = {each.status_code for each in answers if each is not placed}
        assert refused <= {409, 422}, "kept for the first, or empty by then"
        (order,) = who.got(200, "GET /orders")["orders"]
        assert order["order"] == placed.json()["order"]
        return str(order["order"])

    orders = from_clients(max(2, clients // 4), try_to_buy, range(people))
    assert len(set(orders)) == people
    assert keeper.left(product) == 2 * people
    assert violations(shop) == []


def test_refunds_by_several_admins_at_once_are_never_more_than_was_captured(
    shop: Project, keeper: Patient, counts: Counts
) -> None:
    """Each asks by keys of his own, and one of them by the same key twice at once."""
    admins, same = [patient(admin(shop)) for _ in range(3)], token_hex(8)
    for _ in range(counts(small=2, full=25)):
        product = keeper.sold(3, price=1_000)
        who = guest(shop)
        fill(who, {product: 3})
        placed = who.decided(3_000).json()
        assert pay(who, placed) == "paid"
        one = [{"product": product, "quantity": 1}]

        def ask(number: int, placed: object = placed, one: object = one) -> tuple[int, str]:
            if number < 2:
                answer = keeper.refund(placed, same, amount=500)
            else:
                by = admins[number % len(admins)]
                answer = by.refund(placed, amount=900, restock=one)
            return answer.status_code, answer.text

        answers = at_once([partial(ask, number) for number in range(7)])
        assert {status for status, _ in answers} == {201, 409}
        seen = keeper.got(200, f"GET /admin/orders/{placed['order']}")
        given = [each["amount"] for each in seen["refunds"] if each["state"] == "done"]
        assert sum(given) + seen["refundable"] == seen["captured"] == 3_000
        assert given.count(500) <= 1, "one key, one refund"
        assert seen["refundable"] < 900, "as many as there is money for"
        assert keeper.left(product) == given.count(900)
    assert violations(shop) == []


def test_the_books_are_right_after_many_orders_from_many_clients(
    shop: Project, keeper: Patient, clients: int, counts: Counts
) -> None:
    """Paid, declined, cancelled, both at once, or left: of too few pieces, with a promotion."""
    orders = counts(small=60, full=1_000)
    pieces = max(1, orders * 2 // 20)  # a fifth less than all together ask for
    products = [keeper.sold(pieces) for _ in range(20)]
    code = keeper.promotion(kind="fixed", value=100, uses=max(2, orders // 20))

    bought = from_clients(
        clients, lambda seed: buy(shop, products, code, seed, shaken=False), range(orders)
    )

    assert violations(shop) == []
    assert unrest(shop) == []
    assert {each.status for each in bought} == {201, 409}
    assert broken_promises(shop, bought) == []


def _elsewhere() -> dict[str, str]:
    return {
        "name": "The Pot House",
        "city": "Bremen",
        "postcode": "28195",
        "country": "DE",
    }
