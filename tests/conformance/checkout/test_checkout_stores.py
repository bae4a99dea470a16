"""Checkout holds on the clouds' tables as it does on our own.

Each test asks thousands of times: by default one write of each scene goes wrong, in one way; with
--soak each does, in every way.
"""

import pytest

from tests.conformance.checkout.conftest import DYNAMODB, TABLESTORE, Stores
from tests.conftest import Counts
from tests.support.checkout_races import by_chance, race, race_shop
from tests.support.checkout_scenes import (
    SCENES,
    Make,
    Scene,
    broken_at_each_write,
    check_out,
    healed,
    shop_of,
)
from tests.support.checkout_shop import CheckoutShop
from tests.support.faulty_tables import Fault

_ONE = 1000  # further apart than a scene has writes: one of them


@pytest.fixture
def make(stores: Stores) -> Make:
    """Makes the scenes' shop on the store."""

    def one() -> CheckoutShop:
        return shop_of(store=stores.one())

    return one


def _scenes(*, soak: bool) -> list[tuple[Scene, Fault]]:
    """Each scene with each fault, or with one of them."""
    faults = list(Fault)
    if soak:
        return [(scene, fault) for scene in SCENES for fault in faults]
    return [(scene, faults[number % len(faults)]) for number, scene in enumerate(SCENES[:3])]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    metafunc.parametrize("stores", [DYNAMODB, TABLESTORE], indirect=True)
    if "scene" in metafunc.fixturenames:
        found = _scenes(soak=bool(metafunc.config.getoption("--soak")))
        names = [f"{scene.name}-{fault.name}" for scene, fault in found]
        metafunc.parametrize(("scene", "fault"), found, ids=names)


@pytest.mark.long
def test_a_write_that_goes_wrong_is_put_right(
    scene: Scene, fault: Fault, make: Make, counts: Counts
) -> None:
    step = counts(small=_ONE, full=1)
    for where, shop, faulty in broken_at_each_write(scene, fault, make, step=step):
        if scene.act is check_out:
            assert check_out(shop) != "undecided"
        assert healed(shop, faulty) == [], f"{where}: {fault.value}"


@pytest.mark.long
def test_races_by_chance_leave_the_books_right(stores: Stores, counts: Counts) -> None:
    for seed in range(counts(small=1, full=10)):
        choices, zombies = by_chance(seed)
        choices = choices[: counts(small=8, full=len(choices))]
        assert race(race_shop(store=stores.one()), choices, zombies) == [], f"seed {seed}"
