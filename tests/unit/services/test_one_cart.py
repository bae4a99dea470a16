"""One cart is one order, under however many idempotency keys it is ordered."""

from contextlib import suppress

import pytest

from app.services.cart_rows import read_cart
from tests.support.checkout_scenes import LINES, ME, ORDER, SCENES, broken_at_each_write, shop_of
from tests.support.checkout_shop import CODE, EXPIRED_MS, GRACE_MS, CheckoutShop
from tests.support.faults import Interleaved, KilledError
from tests.support.faulty_tables import Fault, FaultyTables

(CHECKOUT,) = [each for each in SCENES if each.name == "checkout"]
TAKEN = "refused: the cart is ordered already, by another idempotency key"


def _by_another_key(shop: CheckoutShop) -> str:
    return shop.check_out(shop.asked(ME, LINES, "another"))


def _live(shop: CheckoutShop) -> int:
    """How many orders there are of which something may come."""
    found = [shop.order(each) for each in shop.books.orders]
    return sum(1 for each in found if each is not None and each.shown != "cancelled")


def test_another_key_in_the_midst_of_an_order_makes_no_second_one() -> None:
    """It is sent, and answered, between any two calls of a store that the first one makes."""
    at, calls = 0, 1
    answers = set()
    while at < calls:
        at += 1
        shop = shop_of()
        shop.put_cart(ME, LINES)
        second: list[str] = []
        first = Interleaved(shop.cloud, at, lambda: second.append(_by_another_key(shop)))  # noqa: B023 - called in this round
        answered = shop.check_out(shop.asked(ME, LINES), first)
        assert sorted((answered == "placed", *(each == "placed" for each in second))) in (
            [True],
            [False, True],
        ), f"call {at}"
        assert _live(shop) == 1
        assert shop.violations() == []
        answers |= {answered, *second}
        calls = max(calls, len(first.calls))
        shop.sweep_alone()
        assert shop.unrest() == []
    assert TAKEN in answers
    assert at > 10


@pytest.mark.parametrize("fault", Fault)
def test_another_key_after_a_write_that_went_wrong_makes_no_second_one(fault: Fault) -> None:
    """It is tried at once, and again when the sweep has seen to what was left."""
    for where, shop, faulty in broken_at_each_write(CHECKOUT, fault, shop_of):
        _by_another_key(shop)
        assert _live(shop) <= 1, where
        assert shop.violations() == [], where
        faulty.deliver()
        shop.clock.advance(GRACE_MS)
        shop.sweep()
        _by_another_key(shop)
        assert _live(shop) == 1, where
        assert shop.violations() == [], where
        shop.sweep_alone()
        assert shop.unrest() == [], where


def test_what_was_sold_out_or_cancelled_may_be_ordered_again_by_another_key() -> None:
    shop = shop_of()
    shop.put_cart(ME, LINES)
    dies = FaultyTables(shop.cloud, 1, Fault.CRASH_AFTER, "orders.put")
    with suppress(KilledError):
        shop.check_out(shop.asked(ME, LINES, code=CODE), dies)
    assert _by_another_key(shop) == TAKEN
    assert shop.cancel(ORDER, ME) == "placed"
    assert _by_another_key(shop) == "placed"


def test_a_cart_that_a_placed_order_left_full_is_emptied_by_the_next_one() -> None:
    shop = shop_of()
    shop.put_cart(ME, LINES)
    left = FaultyTables(shop.cloud, 2, Fault.NOT_DONE, "carts.update")
    assert shop.check_out(shop.asked(ME, LINES), left) == "placed"
    carts = shop.services("orders").table("carts")
    assert read_cart(ME, carts=carts).lines
    assert _by_another_key(shop) == TAKEN
    assert read_cart(ME, carts=carts).lines == ()


def test_a_cart_whose_order_died_with_its_worker_is_free_when_the_sweep_was_there() -> None:
    shop = shop_of()
    shop.put_cart(ME, LINES)
    dies = FaultyTables(shop.cloud, 1, Fault.CRASH_AFTER, "carts.update")
    with suppress(KilledError):
        shop.check_out(shop.asked(ME, LINES), dies)
    assert _by_another_key(shop) == TAKEN
    shop.clock.advance(GRACE_MS)
    shop.sweep()
    assert _by_another_key(shop) == "placed"
    shop.clock.advance(EXPIRED_MS)
    shop.sweep_alone()
    assert shop.unrest() == []
