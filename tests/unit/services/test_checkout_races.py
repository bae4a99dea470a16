"""Clients, retries, webhooks and sweepers in any order; then a sweeper alone, and all is right."""

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.conftest import Counts
from tests.support.checkout_races import CHOICES, WORKERS, by_chance, keys_of, race, race_shop

_CHOICE = st.tuples(st.integers(0, CHOICES - 1), st.integers(1, 24))


@settings(max_examples=settings().max_examples // 8, suppress_health_check=[HealthCheck.too_slow])
@given(
    choices=st.lists(_CHOICE, max_size=40),
    zombies=st.lists(st.booleans(), min_size=WORKERS, max_size=WORKERS),
)
@example(choices=[(1, 2)], zombies=[True, True, *[False] * (WORKERS - 2)])  # both ask at once
def test_whoever_goes_first_and_whoever_dies_the_books_are_right(
    choices: list[tuple[int, int]], zombies: list[bool]
) -> None:
    assert race(race_shop(), choices, zombies) == []


def test_long_races_by_chance_leave_the_books_right(counts: Counts) -> None:
    for seed in range(counts(small=4, full=2_000)):
        choices, zombies = by_chance(seed)
        assert race(race_shop(lag_ms=700 * (seed % 2)), choices, zombies) == [], f"seed {seed}"


def test_long_races_of_one_cart_by_chance_make_one_order_of_it(counts: Counts) -> None:
    for seed in range(counts(small=20, full=2_000)):
        choices, zombies = by_chance(seed)
        found = race(race_shop(lag_ms=700 * (seed % 2)), choices, zombies, keys_of)
        assert found == [], f"seed {seed}"
