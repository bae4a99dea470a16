"""Whatever goes wrong at any write of a refund: one sweeper alone puts all of it right."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from app.domain.order import Claim, adjustment_id
from app.domain.refund import restock_key
from app.services.stock_rows import look
from app.services.sweep import SweepError
from tests.conftest import Counts
from tests.support.checkout_scenes import ORDER, Make, Scene, broken_at_each_write, healed
from tests.support.checkout_shop import CUP, GRACE_MS, TEA, CheckoutShop, local_store
from tests.support.faults import Interleaved, KilledError
from tests.support.faulty_tables import Fault, FaultyTables
from tests.support.refund_scenes import (
    ALL,
    CARDS,
    PAID,
    PART,
    REFUNDS,
    SOME,
    no_answer_at_first,
    paid_shop,
)
from tests.support.tables_stores import Store

pytestmark = pytest.mark.long  # each write goes wrong in each way

LOCAL, MEMORY = "local", "memory"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every scene and fault in memory; some cards and files, or all where there is time."""
    if "fault" not in metafunc.fixturenames:
        return
    soak = bool(metafunc.config.getoption("--soak"))
    every = [(scene, fault) for scene in REFUNDS for fault in Fault]
    found = [
        (store, card, *both)
        for number, both in enumerate(every)
        for place, card in enumerate(CARDS)
        for store in (MEMORY, LOCAL)
        if soak or (place == number % len(CARDS) and (store == MEMORY or number % 7 == 0))
    ]
    names = [f"{store}-{card}-{scene.name}-{fault.name}" for store, card, scene, fault in found]
    metafunc.parametrize(("store", "card", "scene", "fault"), found, ids=names)


@pytest.fixture
def make(store: str, card: str, tmp_path: Path) -> Iterator[Make]:
    """Makes a shop with an order that was paid by the card, on one kind of tables."""
    made: list[Store] = []

    def one() -> CheckoutShop:
        if store == MEMORY:
            return paid_shop(card)
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(local_store(folder))
        return paid_shop(card, made[-1])

    yield one
    for each in made:
        each.close()


def test_a_write_that_goes_wrong_is_put_right_by_the_sweeper_alone(
    store: str, scene: Scene, fault: Fault, make: Make, card: str, counts: Counts
) -> None:
    """And whoever asks again, after that, gets what there is to get, and nothing twice."""
    step = counts(small=3 if store == MEMORY else 1_000, full=1)
    for where, shop, faulty in broken_at_each_write(scene, fault, make, step=step):
        no_answer_at_first(shop, card)
        assert healed(shop, faulty) == [], f"{where}: {fault.value}"
        shop.refund(ORDER, ALL)
        shop.sweep_alone()
        assert shop.unrest() == [], where
        given = shop.till.refunded(ORDER)
        assert given in ((0,) if card == "refund-fails" else (0, 500, PAID)), where


def test_goods_go_back_though_the_sweep_buried_the_adjustment_that_was_to_bring_them() -> None:
    """Its worker died with that on the list; then the store was away as the sweep went on."""
    shop = paid_shop()
    dies = FaultyTables(shop.cloud, 1, Fault.CRASH_BEFORE, "adjustments.put")
    with suppress(KilledError):
        shop.refund(ORDER, ALL, dies)
    shop.clock.advance(GRACE_MS)
    away = FaultyTables(shop.cloud, 1, Fault.NOT_DONE, "due.put")
    with suppress(SweepError):
        shop.sweep(away)
    buried = adjustment_id(restock_key(ORDER, 0, 0, 0))
    row = shop.saga().adjustments.get({"product": TEA, "adjustment": buried})
    assert row is not None
    assert row["state"] == "refused"
    shop.sweep_alone()
    assert shop.unrest() == []
    found = [look(Claim("stock", each, 0, ""), shop.saga()) for each in (TEA, CUP)]
    assert [each.available for each in found if each is not None] == [5, 3]


def test_two_who_ask_at_the_same_moment_are_both_on_the_sweeps_list() -> None:
    """One dies when his refund is entered, after the other's is done and off the list."""
    shop = paid_shop()
    meanwhile = Interleaved(shop.cloud, 0, lambda: None)
    shop.refund(ORDER, PART, meanwhile)
    at = meanwhile.calls.index("orders.update") + 1
    shop = paid_shop()
    first = Interleaved(shop.cloud, at, lambda: shop.refund(ORDER, SOME))
    dies = FaultyTables(first, 2, Fault.CRASH_AFTER, "orders.update")
    with suppress(KilledError):
        shop.refund(ORDER, PART, dies)
    assert shop.violations() == []
    shop.sweep_alone()
    assert shop.unrest() == []
    assert shop.till.refunded(ORDER) == 500 + 900
