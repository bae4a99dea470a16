"""Whatever goes wrong at any write: one sweeper alone puts all of it right."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Counts
from tests.support.checkout_scenes import (
    SCENES,
    Make,
    Scene,
    broken_at_each_write,
    check_out,
    healed,
    shop_of,
)
from tests.support.checkout_shop import CheckoutShop, local_store
from tests.support.faulty_tables import Fault, FaultyTables
from tests.support.tables_stores import Store

pytestmark = pytest.mark.long  # each write goes wrong in each way

LOCAL, LAGGING, MEMORY = "local", "lagging", "memory"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every fault in memory; on the other tables one a scene, or each where there is time."""
    if "fault" not in metafunc.fixturenames:
        return
    soak = bool(metafunc.config.getoption("--soak"))
    retried = metafunc.function is test_a_client_who_tries_again_gets_one_answer_whenever_he_does
    found = [
        (store, scene, fault)
        for number, scene in enumerate(SCENES[:2] if retried else SCENES)
        for turn, store in enumerate((MEMORY, LAGGING, LOCAL))
        for place, fault in enumerate(Fault)
        if soak or store == MEMORY or place == (number + turn) % len(Fault)
    ]
    names = [f"{store}-{scene.name}-{fault.name}" for store, scene, fault in found]
    metafunc.parametrize(("store", "scene", "fault"), found, ids=names)


@pytest.fixture
def make(store: str, tmp_path: Path) -> Iterator[Make]:
    """Makes the scenes' shop, on one kind of tables."""
    made: list[Store] = []

    def one() -> CheckoutShop:
        if store != LOCAL:
            return shop_of(lag_ms=700 if store == LAGGING else 0)
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(local_store(folder))
        return shop_of(store=made[-1])

    yield one
    for each in made:
        each.close()


@pytest.fixture
def step(store: str, counts: Counts) -> int:
    """Every fifth write in memory, every seventeenth on the others; each where there is time."""
    return counts(small=5 if store == MEMORY else 17, full=1)


def test_a_write_that_goes_wrong_is_put_right_by_the_sweeper_alone(
    scene: Scene, fault: Fault, make: Make, step: int
) -> None:
    for where, shop, faulty in broken_at_each_write(scene, fault, make, step=step):
        assert healed(shop, faulty) == [], f"{where}: {fault.value}"


def test_a_client_who_tries_again_gets_one_answer_whenever_he_does(
    scene: Scene, fault: Fault, make: Make, step: int
) -> None:
    """He tries again at once, and again when the sweeper has been there."""
    for where, shop, faulty in broken_at_each_write(scene, fault, make, step=step):
        first = check_out(shop)
        assert first != "undecided", where
        assert shop.violations() == [], where
        assert healed(shop, faulty) == [], where
        assert check_out(shop) == first, where


def test_each_scene_writes_as_often_as_the_protocol_says() -> None:
    """A checkout of three registers: due, order, three markers, one to hold them all, three freed.

    And how to pay, what is told twice over, and the cart, before the order and after it.
    """
    counted = {}
    for scene in SCENES:
        shop = shop_of()
        scene.before(shop)
        faulty = FaultyTables(shop.cloud)
        scene.act(shop, faulty)
        counted[scene.name] = faulty.calls
    tables = [each for each in counted["checkout"] if each.startswith(("stock", "promotions"))]
    assert len(tables) == 6
    assert counted["checkout"].count("orders.update") == 3
    assert counted["checkout"].count("orders.put") == 1
    assert counted["checkout"].count("due.put") == 1
    assert len(counted["checkout"]) == 6 + 3 + 1 + 1 + len(["start", "send", "kept", "emptied"])
