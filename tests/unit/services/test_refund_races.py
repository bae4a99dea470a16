"""Admins, the same wish again, webhooks, a customer and sweepers at the refunds of one order."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Counts
from tests.support.checkout_races import CHOICES, WORKERS, by_chance, race
from tests.support.refund_scenes import CARDS, paid_shop, refunders, within_an_hour

_CHOICE = st.tuples(st.integers(0, CHOICES - 1), st.integers(1, 24))
_CARDS = CARDS[:3]  # the fourth has the first sweep fail


@settings(max_examples=settings().max_examples // 5, suppress_health_check=[HealthCheck.too_slow])
@given(
    card=st.sampled_from(_CARDS),
    choices=st.lists(_CHOICE, max_size=40),
    zombies=st.lists(st.booleans(), min_size=WORKERS, max_size=WORKERS),
)
def test_whoever_goes_first_and_whoever_dies_no_more_is_given_back_than_was_taken(
    card: str, choices: list[tuple[int, int]], zombies: list[bool]
) -> None:
    assert race(paid_shop(card), within_an_hour(choices), zombies, refunders) == []


def test_long_races_by_chance_leave_the_books_right(counts: Counts) -> None:
    for seed in range(counts(small=6, full=2_000)):
        choices, zombies = by_chance(seed)
        shop = paid_shop(_CARDS[seed % 3], lag_ms=700 * (seed % 2))
        assert race(shop, within_an_hour(choices), zombies, refunders) == [], f"seed {seed}"
