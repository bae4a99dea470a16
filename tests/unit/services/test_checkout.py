"""Orders of many lines, of none to pay for, and what the sweep does that nobody else does."""

from contextlib import suppress
from dataclasses import replace

import pytest

from app.domain.cart import MOST_LINES
from app.domain.errors import NotFoundError
from app.domain.order import Claim, order_id
from app.domain.slots import RESERVE, SLOTS, Slot, place
from app.services import stock_rows
from app.services.adjust_stock import Wish
from app.services.get_order import get_order
from app.services.settle_orders import LATE_MS
from app.services.sweep import SweepError
from tests.conftest import Counts
from tests.support.checkout_shop import CODE, CUP, GRACE_MS, TEA, CheckoutShop
from tests.support.faults import Interleaved, KilledError
from tests.support.faulty_tables import Fault, FaultyTables

ME = "user:me"
MANY = {f"01KAMPVE00ZK8J4F7C2R5Q{number:04d}": 2 for number in range(MOST_LINES)}


def _many() -> CheckoutShop:
    shop = CheckoutShop(dict.fromkeys(MANY, 3), uses=1)
    shop.put_cart(ME, MANY)
    return shop


def test_an_order_of_fifty_lines_and_a_promotion_is_placed_and_cancelled() -> None:
    shop = _many()
    asked = shop.asked(ME, MANY, code=CODE)
    counted = FaultyTables(shop.cloud)
    assert shop.check_out(asked, counted) == "placed"
    assert counted.calls.count("stock.update") == 2 * MOST_LINES
    assert counted.calls.count("orders.update") == 7 + 2, "eight holds a write, to pay, told"
    assert shop.violations() == []
    assert shop.cancel(asked.order, ME) == "placed"
    assert shop.unrest() == []


def test_an_order_of_fifty_lines_that_breaks_anywhere_is_put_right(counts: Counts) -> None:
    shop = _many()
    whole = FaultyTables(shop.cloud)
    shop.check_out(shop.asked(ME, MANY, code=CODE), whole)
    step = counts(small=19, full=1)
    for number, at in enumerate(range(1, len(whole.calls) + 1, step)):
        fault = list(Fault)[number % len(Fault)]
        shop = _many()
        faulty = FaultyTables(shop.cloud, at, fault)
        with suppress(KilledError):
            shop.check_out(shop.asked(ME, MANY, code=CODE), faulty)
        assert shop.violations() == []
        shop.sweep_alone()
        faulty.deliver()
        shop.sweep_alone()
        assert shop.unrest() == [], f"write {at}: {fault.value}"


def test_what_costs_nothing_is_paid_without_a_payment() -> None:
    shop = CheckoutShop({TEA: 1}, uses=1)
    shop.services("settle").table("products").update({"product": TEA}, set={"price": 100})
    shop.put_cart(ME, {TEA: 1})
    asked = replace(shop.asked(ME, {TEA: 1}, code=CODE), expected_total=0)
    assert shop.check_out(asked) == "placed"
    order = shop.order(asked.order)
    assert order is not None
    assert (order.state, order.total, order.payment, order.captured) == ("paid", 0, "", 0)
    assert shop.till.state(asked.order) is None
    assert shop.check_out(asked) == "placed"
    assert shop.unrest() == []


def test_an_order_that_was_never_put_is_never_put_later() -> None:
    """Its worker was away for longer than the sweep waits."""
    shop = CheckoutShop({TEA: 1})
    shop.put_cart(ME, {TEA: 1})
    asked = shop.asked(ME, {TEA: 1})
    faulty = FaultyTables(shop.cloud, 1, Fault.DELAYED_CRASH, "orders.put")
    with suppress(KilledError):
        shop.check_out(asked, faulty)
    assert shop.order(asked.order) is None
    shop.sweep_alone()
    faulty.deliver()
    order = shop.order(asked.order)
    assert order is not None
    assert (order.state, order.outcome) == ("cancelled", "abandoned")
    assert "not placed in time" in shop.check_out(asked)
    with pytest.raises(NotFoundError):
        get_order(asked.order, ME, orders=shop.saga().orders)
    assert shop.check_out(shop.asked(ME, {TEA: 1}, key="another")) == "placed"


def test_an_adjustment_that_was_never_put_is_never_put_later() -> None:
    shop = CheckoutShop({TEA: 1})
    wish = Wish(TEA, 5, "found", "01", "key")
    faulty = FaultyTables(shop.cloud, 1, Fault.DELAYED_CRASH, "adjustments.put")
    with suppress(KilledError):
        shop.adjust(wish, faulty)
    shop.sweep_alone()
    faulty.deliver()
    assert "not done in time" in shop.adjust(wish)
    assert shop.unrest() == []


def test_an_adjustment_is_made_once_and_its_key_is_for_no_other() -> None:
    shop = CheckoutShop({TEA: 1})
    for _ in range(2):
        assert shop.adjust(Wish(TEA, 5, "found", "01", "key")) == "placed"
    assert shop.adjust(Wish(TEA, 6, "found", "01", "key")).startswith("refused: this idempotency")
    assert shop.adjust(Wish(TEA, -7, "lost", "01", "other")).startswith("refused: there are too")
    assert shop.unrest() == []
    assert stock_rows.look(Claim("stock", TEA, 0, ""), shop.saga()).available == 6  # type: ignore[union-attr]


def test_a_marker_that_comes_late_to_a_row_that_nobody_asks_for_is_settled_by_the_scan() -> None:
    products = {f"01KAMPVE00ZK8J4F7C2R5R{number:04d}": 1 for number in range(450)}
    shop = CheckoutShop(products)
    last = max(products)
    shop.put_cart(ME, {last: 1})
    asked = shop.asked(ME, {last: 1})
    shop.check_out(asked)
    shop.sweep_alone()
    shop.sweep_alone()
    assert shop.unrest() == []

    claim = Claim("stock", last, 1, f"order:{asked.order}:0")
    found = stock_rows.look(claim, shop.saga())
    assert found is not None
    slot = found.free[0]
    marked = Slot(slot.number, slot.version + 1, RESERVE, claim.owner)
    stock_rows.write(claim, place(slot, marked, 1), shop.saga())
    assert shop.unrest() != []

    runs = 0
    while shop.unrest() and runs < 10:
        shop.sweep()
        runs += 1
    assert 1 <= runs <= 4, "200 of 450 rows a run, wherever it begins"


def test_a_row_without_a_free_slot_is_helped_by_whoever_needs_one() -> None:
    """Eight workers died with their markers in the slots; the ninth settles for them."""
    shop = CheckoutShop({TEA: SLOTS + 1, CUP: 1})
    for number in range(SLOTS):
        who = f"user:{number}"
        shop.put_cart(who, {TEA: 1})
        dies = FaultyTables(shop.cloud, 1, Fault.CRASH_AFTER, "stock.update")
        with suppress(KilledError):
            shop.check_out(shop.asked(who, {TEA: 1}), dies)
    found = stock_rows.look(Claim("stock", TEA, 0, ""), shop.saga())
    assert found is not None
    assert not found.free
    shop.put_cart(ME, {TEA: 1})
    assert shop.check_out(shop.asked(ME, {TEA: 1})) == "placed"
    assert shop.violations() == []
    shop.sweep_alone()
    assert shop.unrest() == []


def test_what_stays_open_for_over_an_hour_fails_the_sweep() -> None:
    """So that somebody is told: the provider says that it is still to be confirmed, for ever."""
    shop = CheckoutShop({TEA: 1})
    shop.put_cart(ME, {TEA: 1})
    asked = shop.asked(ME, {TEA: 1})
    shop.check_out(asked)
    shop.saga().orders.update({"order": asked.order}, set={"expires_at": 10**14})
    shop.clock.advance(LATE_MS)
    shop.sweep()
    shop.clock.advance(GRACE_MS)
    with pytest.raises(SweepError, match="orders"):
        shop.sweep()


def test_a_request_that_is_sent_twice_at_once_gets_one_answer_at_each_of_its_steps() -> None:
    """The first is done as a whole between any two calls of a store that the second makes."""
    at, calls = 0, 1
    while at < calls:
        at += 1
        shop = CheckoutShop({TEA: 1})
        shop.put_cart(ME, {TEA: 1})
        asked = shop.asked(ME, {TEA: 1})
        first: list[str] = []
        second = Interleaved(shop.cloud, at, lambda: first.append(shop.check_out(asked)))  # noqa: B023 - called in this round
        assert shop.check_out(asked, second) == "placed"
        assert first == ["placed"]
        calls = max(calls, len(second.calls))
        shop.sweep_alone()
        assert shop.unrest() == []
    assert at > 10


def test_an_order_is_as_late_as_it_is_old_and_not_as_its_row_on_the_list() -> None:
    """Somebody died between the two, and his customer tried again an hour later."""
    shop = CheckoutShop({TEA: 1})
    shop.put_cart(ME, {TEA: 1})
    asked = shop.asked(ME, {TEA: 1})
    with suppress(KilledError):
        shop.check_out(asked, FaultyTables(shop.cloud, 1, Fault.CRASH_AFTER, "due.put"))
    shop.clock.advance(LATE_MS)
    assert shop.check_out(asked) == "placed"
    shop.clock.advance(GRACE_MS)
    shop.sweep()
    shop.sweep_alone()
    assert shop.unrest() == []


def test_orders_of_different_customers_and_keys_are_different() -> None:
    made = {order_id(who, key) for who in ("user:a", "user:ab", "guest:a") for key in ("b", "ab")}
    assert len(made) == 6
