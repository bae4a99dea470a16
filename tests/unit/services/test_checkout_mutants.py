"""Each rule of the protocol is needed: without it, the tests that all else rests on find fault."""

from collections.abc import Iterator
from typing import Any

import pytest

from app.services.sweep import SweepError
from tests.support.checkout_mutants import MUTANTS, Mutant
from tests.support.checkout_races import by_chance, race, race_shop
from tests.support.checkout_scenes import SCENES, broken_at_each_write, healed, shop_of
from tests.support.faulty_tables import Fault

_RACES = 100


def _by_races(more: dict[str, Any]) -> Iterator[str]:
    """What is wrong in, or after, a race."""
    for seed in range(_RACES):
        yield from race(race_shop(**more), *by_chance(seed))


def _by_faults(more: dict[str, Any]) -> Iterator[str]:
    """What is wrong after a fault of one write, whichever."""
    for scene in reversed(SCENES):
        for fault in Fault:
            for _, shop, faulty in broken_at_each_write(scene, fault, lambda: shop_of(**more)):
                try:
                    yield from healed(shop, faulty)
                except SweepError as error:
                    yield str(error)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_broken_rule_is_found_out_by_races(mutant: Mutant) -> None:
    assert next(_by_races(dict(mutant.more)), None) is not None


@pytest.mark.parametrize(
    "mutant", [each for each in MUTANTS if each.one_worker], ids=lambda mutant: mutant.name
)
def test_a_broken_rule_that_needs_one_worker_only_is_found_out_by_faults(mutant: Mutant) -> None:
    assert next(_by_faults(dict(mutant.more)), None) is not None
