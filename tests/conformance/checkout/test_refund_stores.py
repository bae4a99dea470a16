"""Refunds hold on every kind of tables, with the fake provider's rows on the same.

By default one write of each scene goes wrong, in one way; with --soak each does, in every way: on
files with each of the provider's answers, behind HTTP, where it takes ten times as long, with one.
"""

import pytest

from tests.conformance.checkout.conftest import DYNAMODB, SQLITE, TABLESTORE, Stores
from tests.conftest import Counts
from tests.support.checkout_races import by_chance, race
from tests.support.checkout_scenes import ORDER, Scene, broken_at_each_write, healed
from tests.support.faulty_tables import Fault
from tests.support.refund_scenes import (
    ALL,
    CARDS,
    PAID,
    REFUNDS,
    no_answer_at_first,
    paid_shop,
    refunders,
    within_an_hour,
)

STORES = (SQLITE, DYNAMODB, TABLESTORE)
_ONE = 1000  # further apart than a scene has writes: one of them


def _scenes(store: str, *, soak: bool) -> list[tuple[Scene, Fault, str]]:
    """Each scene with each fault, and with each card or one of them; or each with one of both."""
    faults = list(Fault)
    if not soak:
        return [
            (scene, faults[number % len(faults)], CARDS[number % len(CARDS)])
            for number, scene in enumerate(REFUNDS)
        ]
    broken = [(scene, fault) for scene in REFUNDS for fault in faults]
    if store == SQLITE:
        return [(scene, fault, card) for scene, fault in broken for card in CARDS]
    return [
        (scene, fault, CARDS[number % len(CARDS)]) for number, (scene, fault) in enumerate(broken)
    ]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "scene" not in metafunc.fixturenames:
        metafunc.parametrize("stores", STORES, indirect=True)
        return
    soak = bool(metafunc.config.getoption("--soak"))
    found = [(store, *each) for store in STORES for each in _scenes(store, soak=soak)]
    names = [f"{store}-{scene.name}-{fault.name}-{card}" for store, scene, fault, card in found]
    metafunc.parametrize(
        ("stores", "scene", "fault", "card"), found, indirect=["stores"], ids=names
    )


@pytest.mark.long
def test_a_refund_that_goes_wrong_at_a_write_is_put_right(
    scene: Scene, fault: Fault, card: str, stores: Stores, counts: Counts
) -> None:
    step = counts(small=_ONE, full=1)
    broken = broken_at_each_write(scene, fault, lambda: paid_shop(card, stores.one()), step=step)
    for where, shop, faulty in broken:
        no_answer_at_first(shop, card)
        assert healed(shop, faulty) == [], f"{where}: {fault.value}"
        shop.refund(ORDER, ALL)
        shop.sweep_alone()
        assert shop.unrest() == [], where
        given = shop.till.refunded(ORDER)
        assert given in ((0,) if card == "refund-fails" else (0, 500, PAID)), where


@pytest.mark.long
def test_races_by_chance_never_give_back_more_than_was_taken(
    stores: Stores, counts: Counts
) -> None:
    for seed in range(counts(small=1, full=12)):
        choices, zombies = by_chance(seed)
        choices = within_an_hour(choices)[: counts(small=10, full=len(choices))]
        shop = paid_shop(CARDS[seed % 3], stores.one())
        assert race(shop, choices, zombies, refunders) == [], f"seed {seed}"
