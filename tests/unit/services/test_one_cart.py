"""One cart is one order, under however many idempotency keys it is ordered."""

from contextlib import suppress

import pytest

from app.domain.cart import Line
from app.services.adjust_stock import Wish
from app.services.cart_rows import read_cart
from app.services.change_cart import set_line
from app.services.checkout import Asked
from tests.support.checkout_scenes import LINES, ME, ORDER, SCENES, broken_at_each_write, shop_of
from tests.support.checkout_shop import CUP, EXPIRED_MS, GRACE_MS, POT, TEA, CheckoutShop
from tests.support.faults import Interleaved, KilledError
from tests.support.faulty_tables import Fault, FaultyTables
from tests.support.interleaving import Worker

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


@pytest.mark.parametrize("at", range(1, 6))
def test_an_order_that_is_being_cancelled_leaves_its_cart_when_nothing_can_come_of_it(
    at: int,
) -> None:
    """The worker who cancels dies at one of his writes: from the first one on it is not paid."""
    shop = _died_at("orders.put")
    assert _by_another_key(shop) == TAKEN
    with suppress(KilledError):
        shop.cancel(ORDER, ME, FaultyTables(shop.cloud, at, Fault.CRASH_AFTER))
    order = shop.order(ORDER)
    assert order is not None
    assert order.state in ("releasing", "cancelled")
    assert _by_another_key(shop) == "placed"


def test_what_is_sold_out_may_be_ordered_by_another_key_when_there_is_more() -> None:
    shop = shop_of()
    shop.put_cart(ME, LINES)
    assert shop.adjust(Wish(CUP, -3, "broken", "01", "broken")) == "placed"
    assert shop.check_out(shop.asked(ME, LINES)).startswith("refused: sold out")
    assert shop.adjust(Wish(CUP, 3, "found", "01", "found")) == "placed"
    assert _by_another_key(shop) == "placed"


def test_an_order_whose_money_may_have_come_keeps_its_cart() -> None:
    shop = _left_full()
    shop.till.confirm(ORDER)
    with suppress(KilledError):
        dies = FaultyTables(shop.cloud, 1, Fault.CRASH_BEFORE, "payments.void")
        shop.cancel(ORDER, ME, dies)
    order = shop.order(ORDER)
    assert order is not None
    assert order.state == "voiding"
    assert _by_another_key(shop) == TAKEN


def test_a_cart_that_a_placed_order_left_full_is_emptied_by_the_next_one() -> None:
    shop = _left_full()
    assert _lines(shop)
    assert _by_another_key(shop) == TAKEN
    assert _lines(shop) == ()


def test_a_cart_is_not_emptied_for_an_order_that_may_be_refused_yet() -> None:
    """Nobody was told how to pay it, and then it was too late."""
    shop = _died_at("payments.start", Fault.CRASH_BEFORE)
    assert _by_another_key(shop) == TAKEN
    shop.clock.advance(EXPIRED_MS)
    shop.sweep_alone()
    assert "not placed in time" in shop.check_out(shop.asked(ME, LINES))
    assert _lines(shop)
    assert _by_another_key(shop) == "placed"


def test_a_cart_whose_order_died_with_its_worker_is_free_when_the_sweep_was_there() -> None:
    shop = _died_at("carts.update")
    assert _by_another_key(shop) == TAKEN
    shop.clock.advance(GRACE_MS)
    shop.sweep()
    assert _by_another_key(shop) == "placed"
    shop.clock.advance(EXPIRED_MS)
    shop.sweep_alone()
    assert shop.unrest() == []


def test_a_cart_that_was_changed_since_it_was_kept_is_free_at_once() -> None:
    shop = _died_at("carts.update")
    services = shop.services("orders")
    carts, products = services.table("carts"), services.table("products")
    for pieces in (1, LINES[TEA]):
        set_line(Line(TEA, pieces), ME, carts=carts, products=products, clock=shop.clock)
    assert _by_another_key(shop) == "placed"


def test_a_cart_that_is_kept_for_an_order_of_another_version_is_free() -> None:
    """A retry kept it anew, after a change, and died; then the first worker put the order."""
    shop = shop_of()
    shop.put_cart(ME, LINES)
    asked = shop.asked(ME, LINES)
    first = _at("orders.put", shop, asked)
    shop.put_cart(ME, LINES)
    with suppress(KilledError):
        shop.check_out(asked, FaultyTables(shop.cloud, 1, Fault.CRASH_AFTER, "carts.update"))
    first.finish()
    assert first.answer == "placed"
    assert _by_another_key(shop) == "placed"


def test_a_cart_that_was_written_when_none_was_kept_can_be_ordered() -> None:
    shop = shop_of()
    shop.put_cart(ME, LINES)
    shop.services("orders").table("carts").update({"cart": ME}, remove=("ordered",))
    assert _by_another_key(shop) == "placed"


def test_a_cart_is_emptied_though_the_clock_that_it_began_by_is_ahead() -> None:
    shop = shop_of()
    shop.clock.advance(50)
    shop.put_cart(ME, LINES)
    shop.clock.advance(-50)
    assert shop.check_out(shop.asked(ME, LINES)) == "placed"
    assert _lines(shop) == ()


def test_a_cart_that_was_begun_since_is_not_taken_for_the_one_that_was_read() -> None:
    """A login took the guest's cart away; its token began another one, of the same version."""
    shop = shop_of()
    shop.put_cart(ME, LINES)
    first = _at("carts.update", shop, shop.asked(ME, LINES))
    shop.services("orders").table("carts").delete({"cart": ME})
    shop.clock.advance(1_000)
    shop.put_cart(ME, {POT: 1})
    first.finish()
    assert first.answer == "undecided"
    assert _lines(shop) == (Line(POT, 1),)


@pytest.mark.parametrize("stands_at", [("carts.update", "orders.put"), ("orders.put",) * 2])
def test_the_same_key_twice_keeps_the_cart_once_and_has_one_answer(
    stands_at: tuple[str, str],
) -> None:
    """Each has come so far before the one who came first goes on."""
    shop = shop_of()
    shop.put_cart(ME, LINES)
    asked = shop.asked(ME, LINES)
    workers = [_at(name, shop, asked) for name in stands_at]
    for each in workers:
        each.finish()
    assert [each.answer for each in workers] == ["placed", "placed"]
    assert _lines(shop) == ()


def test_a_request_that_loses_its_cart_to_a_change_is_sent_again() -> None:
    """By then its twin has placed the order: there are not two answers to one key."""
    shop = shop_of()
    shop.put_cart(ME, LINES)
    asked = shop.asked(ME, LINES)
    second = _at("carts.update", shop, asked)
    first = _at("orders.put", shop, asked)
    shop.put_cart(ME, LINES)
    second.finish()
    first.finish()
    assert (first.answer, second.answer) == ("placed", "undecided")
    assert shop.check_out(asked) == "placed"
    assert _live(shop) == 1


def test_an_order_is_of_the_lines_that_were_kept_for_it() -> None:
    """Its twin had looked at others, which cost the same."""
    one, other = (f"01KAMPVE00ZK8J4F7C2R5Q9XT{each}" for each in "DE")
    shop = CheckoutShop({one: 9, other: 9})
    shop.put_cart(ME, {one: 1})
    asked = shop.asked(ME, {one: 1})
    first = _at("carts.update", shop, asked)
    shop.put_cart(ME, {other: 1})
    second = _at("orders.put", shop, asked)
    first.finish()
    second.finish()
    assert (first.answer, second.answer) == ("undecided", "placed")
    order = shop.order(ORDER)
    assert order is not None
    assert [each.product for each in order.lines] == [other]


def _lines(shop: CheckoutShop) -> tuple[Line, ...]:
    """What is in the cart."""
    return read_cart(ME, carts=shop.services("orders").table("carts")).lines


def _died_at(name: str, fault: Fault = Fault.CRASH_AFTER) -> CheckoutShop:
    """Whose worker died at the first write of this name."""
    shop = shop_of()
    shop.put_cart(ME, LINES)
    with suppress(KilledError):
        shop.check_out(shop.asked(ME, LINES), FaultyTables(shop.cloud, 1, fault, name))
    return shop


def _left_full() -> CheckoutShop:
    """The order is placed, and its cart was not emptied."""
    shop = shop_of()
    shop.put_cart(ME, LINES)
    left = FaultyTables(shop.cloud, 2, Fault.NOT_DONE, "carts.update")
    assert shop.check_out(shop.asked(ME, LINES), left) == "placed"
    return shop


def _at(name: str, shop: CheckoutShop, asked: Asked) -> Worker:
    """Somebody who asks for this, and stands before his first call of this name."""
    worker = Worker(name, lambda adapters: shop.check_out(asked, adapters), shop.cloud)
    while worker.last != name:
        worker.step()
    return worker
