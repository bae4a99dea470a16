"""Who gets a letter of what: welcomes, and what happens to orders."""

import json

import pytest

from app.domain.ids import new_id
from app.domain.order import order_id
from app.domain.pricing import Bill, Priced
from app.failures import line
from app.messages import Message
from app.ports.errors import UnavailableError
from app.services.audit import entry
from app.services.order_rows import new_order, row_of, told_of
from app.services.tell_customer import UnknownEventError
from tests.support.breaks import BREAKS, broken
from tests.support.faults import Faults
from tests.support.memory_shop import NOW_MS, MemoryShop

EMAIL = "tea@house.example"
ORDER = order_id("user:somebody", "key")
REFUND = {"key": "k", "body": "b", "amount": 500, "state": "done", "reason": "broken",
          "restock": [], "restocked": True, "by": "x", "at": NOW_MS}  # fmt: skip


def _message(body: object) -> Message:
    return Message(id="m-1", body=body if isinstance(body, str) else json.dumps(body), attempt=1)


def _shop(email: str = EMAIL) -> MemoryShop:
    """A shop with one order."""
    shop = MemoryShop()
    lines = (Priced("product-1", "Green tea", 1_250, 2), Priced("product-2", "Cup", 900, 1))
    bill = Bill(lines, "EUR", 3_400, 340, "SPRING-10")
    moments = (NOW_MS, NOW_MS + 1)
    order = new_order(
        ORDER, "user:somebody", "body", bill, email=email, address="{}", cart=("c", 1),
        moments=moments,
    )  # fmt: skip
    shop.table("orders").put({**row_of(order), "refund0": json.dumps(REFUND)})
    return shop


@pytest.mark.parametrize("email", [EMAIL, ""])
def test_a_welcome_goes_to_whoever_has_an_address(email: str) -> None:
    shop = MemoryShop()
    shop.register("Tea-House", email=email)
    shop.consume_all()
    shop.consume_all()

    assert len(shop.table("notifications")._rows) == 1
    assert [row["subject"] for row in shop.letters(EMAIL)] == (["Welcome"] if email else [])


def test_an_address_in_which_no_letter_can_be_sent_is_refused_at_registration() -> None:
    shop = MemoryShop()
    for email in ("tea", "tea@house", "a b@house.example", "tea@house.example\r\nbcc: x@y.example"):
        assert shop.register(email=email).status == 422
    assert shop.user() is None


_PAID = "2 x Green tea: 25.00 EUR\n1 x Cup: 9.00 EUR\nSPRING-10: -3.40 EUR\nTotal: 30.60 EUR"


@pytest.mark.parametrize(
    ("what", "subject", "said"),
    [
        ("paid", "Your order is paid", _PAID),
        ("refunded.0", "Your refund", "5.00 EUR goes back"),
    ],
)  # fmt: skip
def test_each_event_of_an_order_is_one_letter(what: str, subject: str, said: str) -> None:
    shop = _shop()
    for _ in range(3):
        shop.tell(_message(told_of(ORDER, what)))
        shop.clock.advance(60_000)

    (letter,) = shop.letters(EMAIL)
    assert letter["subject"] == subject
    assert said in str(letter["text"])
    assert ORDER in str(letter["text"])
    assert letter["sent_at"] == NOW_MS
    (row,) = shop.table("notifications")._rows.values()
    assert row == {"event": f"{ORDER}.{what}", "kind": "order", "order": ORDER, "what": what,
                   "sent_at": NOW_MS}  # fmt: skip


def test_no_letter_is_sent_of_an_order_that_is_only_placed() -> None:
    """Whoever is at its address may not be the one who placed it."""
    shop = _shop()
    shop.tell(_message(told_of(ORDER, "placed")))
    assert not shop.table("letters")._rows
    assert len(shop.table("notifications")._rows) == 1


def test_an_order_without_an_address_is_told_of_nowhere() -> None:
    shop = _shop(email="")
    shop.tell(_message(told_of(ORDER, "paid")))
    assert not shop.table("letters")._rows
    assert len(shop.table("notifications")._rows) == 1


@pytest.mark.parametrize(("error", "after"), BREAKS)
def test_an_event_that_breaks_anywhere_is_told_of_when_its_message_comes_again(
    error: type[BaseException],
    after: bool,  # noqa: FBT001
) -> None:
    """Never lost; one that was told and not noted takes the place of its first letter."""
    message = _message(told_of(ORDER, "paid"))

    def tell(shop: MemoryShop, faults: Faults) -> bool:
        try:
            shop.tell(message, faults)
        except UnavailableError:
            return False
        return True

    for shop, done in broken(_shop, tell, error, after=after):
        if not done:
            shop.tell(message)
        assert len(shop.letters(EMAIL)) == 1
        assert len(shop.table("notifications")._rows) == 1


@pytest.mark.parametrize(("error", "after"), BREAKS)
def test_an_audit_entry_that_breaks_is_kept_once(error: type[BaseException], after: bool) -> None:  # noqa: FBT001
    message = _message(entry("product:1", "changed", "admin-1", NOW_MS, delta=5))

    def tell(shop: MemoryShop, faults: Faults) -> bool:
        try:
            shop.tell(message, faults)
        except UnavailableError:
            return False
        return True

    for shop, done in broken(MemoryShop, tell, error, after=after):
        if not done:
            shop.tell(message)
        (row,) = shop.table("audits")._rows.values()
        assert (row["subject"], row["more"]) == ("product:1", '{"delta": 5}')


@pytest.mark.parametrize(
    "body",
    [
        "",
        "hunter2",
        "[]",
        "{}",
        "\ud800",
        {"id": new_id(NOW_MS), "kind": "hunter2"},
        {"id": "hunter2", "kind": "order", "what": "hunter2", "order": ORDER},
        {"id": "x", "kind": "order", "what": "refunded.1", "order": ORDER},
        {"id": "x", "kind": "order", "what": "refunded.9", "order": ORDER},
        {"id": "x", "kind": "order", "what": "refunded.x", "order": ORDER},
        {"id": "x", "kind": "order", "what": "paid", "order": "hunter2"},
        {**entry("hunter2", "hunter2", "hunter2", NOW_MS), "hunter2": 1},
        {**entry("a", "b", "c", NOW_MS), "at": "hunter2"},
    ],
)
def test_an_event_that_is_none_of_ours_fails_without_being_repeated(body: object) -> None:
    """So it comes again, and in the end lies among the dead letters; the log has none of it."""
    shop = _shop()

    with pytest.raises(UnknownEventError) as caught:
        shop.tell(_message(body))

    assert "hunter2" not in line(caught.value)
    assert not shop.table("notifications")._rows
    assert not shop.table("audits")._rows


def test_an_order_that_is_not_there_is_waited_for() -> None:
    shop = MemoryShop()
    with pytest.raises(UnavailableError):
        shop.tell(_message(told_of(ORDER, "paid")))
