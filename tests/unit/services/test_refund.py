"""Money is given back once, never more than was taken, whatever breaks on the way."""

import json
from contextlib import suppress
from typing import Any

import pytest

from app.domain.errors import ConflictError, InvalidError, NotFoundError
from app.domain.refund import refunds
from app.ports.errors import ConditionFailedError, PortError, UnavailableError
from app.ports.tables import Row
from app.services.due_rows import ADJUST, Due, put_due
from app.services.due_rows import ORDER as OF_ORDER
from app.services.one_by_one import SomeFailedError
from app.services.settle_orders import LateError
from tests.support.breaks import BREAKS, broken, interleaved
from tests.support.faults import Faults, KilledError
from tests.support.refunding import BY, ORDER, PAID, POT, TEA, Refunding, wish


def test_a_part_is_given_back_and_the_rest_can_be() -> None:
    shop = Refunding()

    number, made = shop.refund(wish(500))

    assert (number, made.state, made.amount) == (0, "done", 500)
    assert (shop.order.refundable, shop.order.state) == (1500, "paid")
    assert shop.cloud.pay.refunded(ORDER) == 500
    assert shop.told == [f"{ORDER}.refunded.0"]
    assert shop.due == []


def test_an_order_of_which_all_was_given_back_is_refunded() -> None:
    shop = Refunding()
    shop.refund(wish(500))

    shop.refund(wish(None, key="the rest"))

    assert (shop.order.refundable, shop.order.state) == (0, "refunded")
    assert shop.cloud.pay.refunded(ORDER) == PAID
    with pytest.raises(ConflictError):
        shop.refund(wish(1, key="more"))


def test_one_key_gives_once_and_is_for_one_refund() -> None:
    shop = Refunding()

    assert shop.refund(wish(500)) == shop.refund(wish(500))

    assert shop.cloud.pay.refunded(ORDER) == 500
    for other in (wish(501), wish(500, reason="another"), wish(500, restock="all"), wish(None)):
        with pytest.raises(ConflictError):
            shop.refund(other)


@pytest.mark.parametrize("amount", [0, -1, PAID + 1, 10**15])
def test_no_other_amount_than_what_is_left_can_be_given(amount: int) -> None:
    shop = Refunding()

    with pytest.raises((ConflictError, InvalidError)):
        shop.refund(wish(amount))

    assert shop.cloud.pay.calls["refund"] == 0
    assert shop.order.refundable == PAID
    assert shop.due == []


def test_an_order_that_is_not_paid_or_not_there_gives_nothing_back() -> None:
    shop = Refunding()
    shop.table("orders").update({"order": ORDER}, set={"state": "paying"})
    with pytest.raises(ConflictError):
        shop.refund(wish(1))

    shop.table("orders").delete({"order": ORDER})
    with pytest.raises(NotFoundError):
        shop.refund(wish(1))


def test_an_order_has_eight_refunds_and_no_ninth() -> None:
    shop = Refunding()
    for number in range(8):
        assert shop.refund(wish(10, key=f"key-{number}"))[0] == number

    with pytest.raises(ConflictError):
        shop.refund(wish(10, key="key-8"))

    assert shop.refund(wish(10, key="key-3"))[0] == 3
    assert shop.cloud.pay.refunded(ORDER) == 80


def test_what_fails_for_good_is_given_back_to_what_is_left_once() -> None:
    shop = Refunding()
    shop.cloud.pay.refunds_are = "failed"

    assert shop.refund(wish(500))[1].state == "failed"
    assert shop.refund(wish(500))[1].state == "failed"

    assert (shop.order.refundable, shop.cloud.pay.refunded(ORDER)) == (PAID, 0)
    assert shop.told == []
    shop.cloud.pay.refunds_are = "done"
    assert shop.refund(wish(500, key="again"))[1].state == "done"


def test_what_takes_its_time_stays_pending_until_it_is_looked_up() -> None:
    shop = Refunding()
    shop.cloud.pay.refunds_are = "pending"

    assert shop.refund(wish(500))[1].state == "pending"
    assert shop.order.refundable == 1500
    assert shop.settle() == 0
    assert len(shop.due) == 1
    shop.cloud.pay.finish_refund(ORDER, "0", "done")
    assert shop.settle() == 1

    assert refunds(shop.order)[0].state == "done"
    assert (shop.due, shop.told) == ([], [f"{ORDER}.refunded.0"])


def test_a_refund_may_take_three_days_before_anybody_is_to_look() -> None:
    """A bank may take that long, and an order's own hour is long over."""
    shop = Refunding()
    shop.cloud.pay.refunds_are = "pending"
    shop.refund(wish(500))
    for hours in (2, 24, 45):
        shop.clock.advance(hours * 3_600_000)
        assert shop.settle() == 0
    shop.clock.advance(3_600_000)
    with pytest.raises(LateError, match=ORDER):
        shop.settle()
    shop.cloud.pay.finish_refund(ORDER, "0", "done")
    assert shop.settle() == 1


class Free(Refunding):
    """The shop with an order that cost nothing."""

    def __init__(self) -> None:
        super().__init__()
        nothing: Row = {"discount": PAID, "total": 0, "captured": 0, "refundable": 0, "payment": ""}
        self.table("orders").update({"order": ORDER}, set=nothing)


@pytest.mark.parametrize("amount", [None, 0])
def test_of_an_order_that_cost_nothing_all_pieces_come_back_once(amount: int | None) -> None:
    shop = Free()
    for wrong in (wish(1, restock="all"), wish(amount), wish(amount, restock=((TEA, 1),))):
        with pytest.raises(ConflictError, match="cost nothing"):
            shop.refund(wrong)

    for _ in range(2):
        number, made = shop.refund(wish(amount, restock="all"))
        assert (number, made.state, made.amount, made.restocked) == (0, "done", 0, True)

    assert shop.order.state == "refunded"
    assert shop.on_shelf() == {TEA: 2, POT: 1}
    assert (shop.due, shop.told, shop.cloud.pay.calls["refund"]) == ([], [], 0)
    with pytest.raises(ConflictError, match="have come back"):
        shop.refund(wish(amount, key="again", restock="all"))


@pytest.mark.long
@pytest.mark.parametrize(("error", "after"), BREAKS)
def test_pieces_that_cost_nothing_come_back_once_whatever_breaks(
    error: type[BaseException],
    after: bool,  # noqa: FBT001
) -> None:
    asked = wish(restock="all")

    def give(shop: Free, faults: Faults) -> bool:
        try:
            shop.refund(asked, faults)
        except PortError:
            return False
        return True

    for shop, _done in broken(Free, give, error, after=after):
        shop.settle()
        with suppress(ConflictError):  # it was buried, and is asked for by another key
            shop.refund(asked)
        with suppress(ConflictError):  # it was done
            shop.refund(wish(restock="all", key="again"))
        assert shop.order.state == "refunded"
        assert shop.on_shelf() == {TEA: 2, POT: 1}


@pytest.mark.parametrize("bad", ["\x1b", "\u202e", "\x00"])
def test_a_reason_that_is_no_text_is_refused(bad: str) -> None:
    shop = Refunding()
    with pytest.raises(InvalidError, match="no text"):
        shop.refund(wish(500, reason=f"a{bad}b"))
    assert shop.order.refundable == PAID


def test_a_time_out_is_no_failure() -> None:
    for after in (False, True):
        shop = Refunding()
        shop.cloud.pay.breaks("refund", after=after)

        assert shop.refund(wish(500))[1].state == "pending"
        assert shop.order.refundable == 1500
        shop.settle()

        assert refunds(shop.order)[0].state == "done"
        assert shop.cloud.pay.refunded(ORDER) == 500


def test_goods_go_back_on_the_shelf_when_that_is_chosen_and_the_money_went() -> None:
    shop = Refunding()
    shop.refund(wish(100))
    assert shop.on_shelf() == {}

    shop.refund(wish(500, key="one tea", restock=((TEA, 1),)))
    assert shop.on_shelf() == {TEA: 1}

    with pytest.raises(ConflictError):
        shop.refund(wish(500, key="too many", restock=((TEA, 2),)))
    shop.refund(wish(None, key="the rest", restock="all"))
    assert shop.on_shelf() == {TEA: 2, POT: 1}


def test_goods_stay_where_they_are_when_the_money_does() -> None:
    shop = Refunding()
    shop.cloud.pay.refunds_are = "failed"
    shop.refund(wish(500, restock="all"))
    assert shop.on_shelf() == {}

    shop.cloud.pay.refunds_are = "done"
    shop.refund(wish(500, key="again", restock="all"))
    assert shop.on_shelf() == {TEA: 2, POT: 1}


def test_what_an_admin_asked_for_is_told_to_the_audit_trail_in_the_same_write() -> None:
    shop = Refunding()
    shop.refund(wish(500, restock=((POT, 1),)))

    told = [json.loads(each.body) for each in shop.cloud.queues["events"].messages]
    [audit] = [
        each for each in told if each["kind"] == "audit" and each["subject"] == f"order:{ORDER}"
    ]
    assert audit["what"] == "refund asked for"
    assert audit["more"] == {
        "refund": 0,
        "amount": 500,
        "reason": "a chipped pot",
        "restock": [[POT, 1]],
    }


def _full(shop: Refunding, faults: Faults) -> Any:
    try:
        return shop.refund(wish(None, restock="all"), faults)[1].state
    except (PortError, ConflictError) as error:
        return type(error)


@pytest.mark.long
@pytest.mark.parametrize(("error", "after"), BREAKS)
def test_a_refund_that_breaks_anywhere_is_finished_by_the_sweep_or_never_was(
    error: type[BaseException],
    after: bool,  # noqa: FBT001
) -> None:
    for shop, result in broken(Refunding, _full, error, after=after):
        shop.check()
        shop.settle()
        shop.settle()
        shop.check()

        entered = [each for each in refunds(shop.order).values() if each.amount]
        assert shop.due == []
        assert all(each.state == "done" and each.restocked for each in entered)
        assert shop.cloud.pay.refunded(ORDER) == (PAID if entered else 0)
        assert shop.on_shelf() == ({TEA: 2, POT: 1} if entered else {})
        assert shop.order.state == ("refunded" if entered else "paid")
        assert bool(entered) or result in (None, UnavailableError)
        assert set(shop.told) <= {f"{ORDER}.refunded.0"}


@pytest.mark.long
@pytest.mark.parametrize(("error", "after"), BREAKS)
def test_a_refund_that_breaks_anywhere_is_done_once_when_it_is_asked_for_again(
    error: type[BaseException],
    after: bool,  # noqa: FBT001
) -> None:
    for shop, _ in broken(Refunding, _full, error, after=after):
        shop.refund(wish(None, restock="all"))
        shop.settle()
        shop.check()

        assert shop.cloud.pay.refunded(ORDER) == PAID
        assert shop.on_shelf() == {TEA: 2, POT: 1}
        assert shop.order.state == "refunded"
        assert shop.due == []


@pytest.mark.parametrize(("error", "after"), BREAKS)
def test_a_refund_that_fails_and_breaks_is_given_back_once(
    error: type[BaseException],
    after: bool,  # noqa: FBT001
) -> None:
    def made() -> Refunding:
        shop = Refunding()
        shop.cloud.pay.refunds_are = "failed"
        return shop

    for shop, _ in broken(made, _full, error, after=after):
        shop.check()
        shop.settle()
        shop.settle()
        shop.check()

        assert (shop.order.refundable, shop.order.state) == (PAID, "paid")
        assert shop.due == []


@pytest.mark.long
@pytest.mark.parametrize(("error", "after"), BREAKS)
def test_a_sweep_that_breaks_anywhere_is_gone_on_with_by_the_next(
    error: type[BaseException],
    after: bool,  # noqa: FBT001
) -> None:
    def made() -> Refunding:
        shop = Refunding()
        shop.cloud.pay.breaks("refund", after=True)
        shop.refund(wish(None, restock="all"))
        return shop

    def sweep(shop: Refunding, faults: Faults) -> None:
        with suppress(Exception):  # the log has it; the next run goes on
            shop.settle(faults)

    for shop, _ in broken(made, sweep, error, after=after):
        shop.settle()
        shop.check()

        assert shop.cloud.pay.refunded(ORDER) == PAID
        assert shop.on_shelf() == {TEA: 2, POT: 1}
        assert (shop.order.state, shop.due) == ("refunded", [])


def test_of_two_who_want_more_than_there_is_one_is_refused() -> None:
    def ours(shop: Refunding, faults: Faults) -> Any:
        try:
            return shop.refund(wish(1500, key="ours"), faults)[1].state
        except ConflictError:
            return "refused"

    def theirs(shop: Refunding) -> Any:
        try:
            return shop.refund(wish(1500, key="theirs"))[1].state
        except ConflictError:
            return "refused"

    for shop, mine, other in interleaved(Refunding, ours, theirs):
        assert sorted((mine, other)) == ["done", "refused"]
        shop.check()
        assert shop.cloud.pay.refunded(ORDER) == 1500


def test_two_who_ask_by_one_key_get_one_refund() -> None:
    def ours(shop: Refunding, faults: Faults) -> Any:
        return shop.refund(wish(700, restock=((POT, 1),)), faults)

    for shop, mine, other in interleaved(
        Refunding, ours, lambda shop: shop.refund(wish(700, restock=((POT, 1),)))
    ):
        assert mine == other
        shop.check()
        assert shop.cloud.pay.refunded(ORDER) == 700
        assert shop.on_shelf() == {POT: 1}


def test_a_sweep_at_any_moment_of_a_refund_does_no_harm() -> None:
    """Even one that comes two minutes late: what it has buried is refused, and not half done."""
    seen = set()
    for shop, ours, _ in interleaved(Refunding, _full, Refunding.settle):
        seen.add(ours)
        shop.settle()
        shop.check()
        done = ours == "done"
        assert shop.cloud.pay.refunded(ORDER) == (PAID if done else 0)
        assert shop.due == []
    assert seen == {"done", ConflictError}


def test_a_write_that_arrives_after_the_sweep_enters_nothing() -> None:
    """Its due row was seen to: nobody would look after it."""
    shop = Refunding()
    asked = wish(500)
    late: list[dict[str, Any]] = []

    class Delays(Faults):
        def call(self, name: str, run: Any) -> Any:
            if name == "orders.update" and not late:
                late.append({"run": run})
                raise KilledError
            return super().call(name, run)

    with suppress(KilledError):
        shop.refund(asked, Delays(shop.cloud, 0, KilledError, after=False))
    assert len(shop.due) == 1
    shop.settle()

    with pytest.raises(ConditionFailedError):
        late[0]["run"]()
    assert shop.order.refundable == PAID
    with pytest.raises(ConflictError):
        shop.refund(asked)
    assert shop.refund(wish(500, key="another"))[1].state == "done"


def test_a_due_row_of_an_order_alone_buries_nothing() -> None:
    shop = Refunding()
    put_due(Due(OF_ORDER + ORDER, shop.clock.now_ms(), "user:1", "a" * 64), due=shop.table("due"))

    assert shop.settle() == 1
    assert refunds(shop.order) == {}


def test_two_sweeps_give_what_failed_back_to_what_is_left_once() -> None:
    def made() -> Refunding:
        shop = Refunding()
        shop.cloud.pay.breaks("refund", after=False)
        shop.cloud.pay.refunds_are = "failed"
        shop.refund(wish(500))
        shop.clock.advance(121_000)
        return shop

    def ours(shop: Refunding, faults: Faults) -> int:
        return shop.settle(faults)

    for shop, _, _ in interleaved(made, ours, Refunding.settle):
        shop.check()
        assert (shop.order.refundable, refunds(shop.order)[0].state) == (PAID, "failed")


def test_pieces_go_back_whatever_the_sweep_had_to_bury() -> None:
    """The adjustment was on the list and never put, and the order could not be read just then."""
    shop = Refunding()
    asked = wish(None, restock="all")

    class Dies(Faults):
        def call(self, name: str, run: Any) -> Any:
            if name == "adjustments.put":
                raise KilledError
            return super().call(name, run)

    class Busy(Faults):
        def call(self, name: str, run: Any) -> Any:
            if name == "orders.get" and name not in self.calls:
                self.calls.append(name)
                raise UnavailableError("busy")
            return super().call(name, run)

    with suppress(KilledError):
        shop.refund(asked, Dies(shop.cloud, 0, KilledError, after=False))
    with pytest.raises(SomeFailedError):
        shop.settle(Busy(shop.cloud, 0, KilledError, after=False))
    assert shop.on_shelf() == {}

    for _ in range(2):
        shop.settle()

    assert shop.on_shelf() == {TEA: 2, POT: 1}
    assert (shop.due, shop.order.state) == ([], "refunded")
    assert shop.refund(asked)[1].restocked


def test_refunds_that_cannot_be_had_keep_nothing_else_waiting() -> None:
    """The provider does not know the payment of one order; behind it stands what is due as well."""
    shop = Refunding()

    class Away(Faults):
        def call(self, name: str, run: Any) -> Any:
            if name.endswith(".refund"):
                raise UnavailableError("no such payment")
            return super().call(name, run)

    away = Away(shop.cloud, 0, KilledError, after=False)
    for number in range(6):
        shop.refund(wish(100, key=f"refund {number}"), away)
        shop.clock.advance(1)
    assert len(shop.due) == 6
    behind = Due(ADJUST + f"{TEA}/{ORDER}", shop.clock.now_ms(), BY, "a" * 64)
    put_due(behind, due=shop.table("due"))

    for _ in range(2):
        with pytest.raises(SomeFailedError):
            shop.settle(away)

    assert all(str(row["owner"]).startswith(OF_ORDER + ORDER) for row in shop.due)
    shop.settle()
    assert (shop.order.refundable, shop.cloud.pay.refunded(ORDER)) == (PAID - 600, 600)
    while shop.due:
        shop.settle()


def test_two_refunds_of_one_moment_are_each_on_the_list() -> None:
    """The other one is done, and off the list, before ours is entered; then we die."""
    shop = Refunding()
    ours, theirs = wish(500, key="ours"), wish(300, key="theirs")

    class Late(Faults):
        def call(self, name: str, run: Any) -> Any:
            if name == "orders.update":
                self.calls.append(name)
                if self.calls.count(name) == 1:
                    shop.refund(theirs)
                else:
                    run()
                    raise KilledError
            return super().call(name, run)

    with suppress(KilledError):
        shop.refund(ours, Late(shop.cloud, 0, KilledError, after=False))
    assert [each.state for each in refunds(shop.order).values()] == ["done", "pending"]

    shop.settle()

    assert [each.state for each in refunds(shop.order).values()] == ["done", "done"]
    assert (shop.cloud.pay.refunded(ORDER), shop.due) == (800, [])


def test_a_provider_who_has_another_refund_under_this_key_is_asked_once_at_a_time() -> None:
    shop = Refunding()
    asked: list[str] = []

    class Another(Faults):
        def call(self, name: str, run: Any) -> Any:
            if name.endswith(".refund"):
                asked.append(name)
                raise ConditionFailedError("the refund has another amount")
            return super().call(name, run)

    made = shop.refund(wish(500), Another(shop.cloud, 0, KilledError, after=False))[1]

    assert (made.state, len(asked), len(shop.due)) == ("pending", 1, 1)
