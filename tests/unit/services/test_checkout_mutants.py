"""Each rule of the protocol is needed: without it, the tests that all else rests on find fault.

| The rule that is broken                     | found by faults   | by races | as                |
|---------------------------------------------|-------------------|----------|-------------------|
| slot versions are not raised                | of a late write   | yes      | leaked pieces     |
| settled by the order instead of the marker  | -: takes two      | yes      | leaked pieces     |
| no fence before void                        | of checkout       | yes      | money kept        |
| a payment that is unknown counts as void    | of cancelling     | yes      | money kept        |
| a cart is ordered again                     | -: takes two      | yes      | two orders        |
| the due row is written late                 | of checkout       | yes      | an unknown order  |
| released first                              | of being sold out | yes      | leaked pieces     |
| given back first                            | of being sold out | yes      | phantom pieces    |
| a refund's due row is written late          | of refunds        | yes      | an unknown refund |
| a refund without an answer counts as failed | of a lost answer  | -        | money given twice |
| a refund has another key each time          | of refunds        | yes      | money given twice |
| a failed refund is given back blindly       | -: takes two      | yes      | too much left     |

Faults are those of `faulty_tables`, at each write of a scene (`checkout_scenes`, `refund_scenes`),
as in test_checkout_faults.py and test_refund_faults.py. Races are those of `checkout_races`, as in
test_checkout_races.py and test_refund_races.py.
"""

from collections.abc import Iterator
from functools import partial

import pytest

from app.services.sweep import SweepError
from tests.support.checkout_mutants import MUTANTS, Mutant
from tests.support.checkout_races import by_chance, race, race_shop
from tests.support.checkout_scenes import SCENES, broken_at_each_write, healed, shop_of
from tests.support.faulty_tables import Fault
from tests.support.refund_mutants import REFUND_MUTANTS
from tests.support.refund_scenes import CARDS, REFUNDS, paid_shop, refunders, within_an_hour

_RACES = 100  # from the seed that is known to find it: a change elsewhere may have another find it
_CARDS = CARDS[:3]  # the fourth has the first sweep fail, whatever the rules are
_ALL = (*MUTANTS, *REFUND_MUTANTS)


def _by_races(mutant: Mutant) -> Iterator[str]:
    """What is wrong in, or after, a race."""
    first = mutant.seed or 0
    for seed in range(first, first + _RACES):
        choices, zombies = by_chance(seed)
        if mutant in REFUND_MUTANTS:
            shop = paid_shop(_CARDS[seed % len(_CARDS)], **mutant.more)
            yield from race(shop, within_an_hour(choices), zombies, refunders)
        else:
            yield from race(race_shop(**mutant.more), choices, zombies, mutant.people)


def _by_faults(mutant: Mutant) -> Iterator[str]:
    """What is wrong after a fault of one write, whichever."""
    scenes = REFUNDS if mutant in REFUND_MUTANTS else SCENES
    make = partial(paid_shop if mutant in REFUND_MUTANTS else shop_of, **mutant.more)
    for scene in sorted(scenes, key=lambda each: each.name != mutant.scene):
        for fault in Fault:
            for _, shop, faulty in broken_at_each_write(scene, fault, make):
                try:
                    yield from healed(shop, faulty)
                except SweepError as error:
                    yield str(error)


@pytest.mark.long
@pytest.mark.parametrize(
    "mutant", [each for each in _ALL if each.seed is not None], ids=lambda mutant: mutant.name
)
def test_a_broken_rule_is_found_out_by_races(mutant: Mutant) -> None:
    assert next(_by_races(mutant), None) is not None


@pytest.mark.long
@pytest.mark.parametrize(
    "mutant", [each for each in _ALL if each.scene is not None], ids=lambda mutant: mutant.name
)
def test_a_broken_rule_that_needs_one_worker_only_is_found_out_by_faults(mutant: Mutant) -> None:
    assert next(_by_faults(mutant), None) is not None


def test_the_table_above_names_each_of_the_broken_rules() -> None:
    assert __doc__ is not None
    table = [line for line in __doc__.splitlines() if line.startswith("| ")]
    cells = [[each.strip() for each in line.split("|")[1:-1]] for line in table]
    found = [(name, faults[:1] != "-", races == "yes") for name, faults, races, _ in cells[1:]]
    known = [(each.name, each.scene is not None, each.seed is not None) for each in _ALL]
    assert found == known
