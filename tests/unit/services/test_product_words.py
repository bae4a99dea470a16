"""Words and pictures follow a product, whatever dies on the way and whoever is at it besides."""

from collections.abc import Callable

import pytest

from app.ports.errors import UnavailableError
from tests.conftest import Counts
from tests.support.breaks import BREAKS, broken, interleaved
from tests.support.catalog import Catalog
from tests.support.faults import Faults

Act = Callable[[Catalog, Faults | None], int]
LAG_MS = 5_000


class Stocked(Catalog):
    """A shop with one product that shows a picture, another picture for it, all as it is to be."""

    def __init__(self) -> None:
        super().__init__(lag_ms=LAG_MS)
        self.product = self.made()
        assert self.choose(self.product, self.uploaded(self.product)).status == 200
        self.next = self.uploaded(self.product)
        self.swept()
        self.by = self.token("shopkeeper")


def _create(shop: Catalog, faults: Faults | None = None) -> int:
    return shop.make(faults, name="Black tea").status


def _rename(shop: Catalog, faults: Faults | None = None) -> int:
    return shop.edit(_one(shop), faults, name="Black tea", category="Black").status


def _again(shop: Catalog, faults: Faults | None = None) -> int:
    return shop.edit(_one(shop), faults, name="White tea", description="").status


def _hide(shop: Catalog, faults: Faults | None = None) -> int:
    return shop.edit(_one(shop), faults, active=False).status


def _picture(shop: Catalog, faults: Faults | None = None) -> int:
    assert isinstance(shop, Stocked)
    return shop.choose(shop.product, shop.next, adapters=faults).status


def _delete(shop: Catalog, faults: Faults | None = None) -> int:
    return shop.remove(_one(shop), faults).status


def _one(shop: Catalog) -> str:
    assert isinstance(shop, Stocked)
    return shop.product


ACTS = [_create, _rename, _hide, _picture, _delete]


@pytest.mark.parametrize("act", ACTS)
def test_what_an_edit_leaves_to_do_is_done_at_once_or_when_all_is_quiet(act: Act) -> None:
    shop = Stocked()
    assert act(shop, None) < 300
    wanted = {row["word"] for row in shop.rows("words")}

    shop.swept()

    assert {row["word"] for row in shop.rows("words")} == wanted, "they were there at once"
    assert shop.unseen <= {f"kept/{shop.product}/{shop.next}"}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize(("error", "after"), BREAKS)
def test_an_edit_that_breaks_anywhere_leaves_nothing_wrong_for_good(
    act: Act,
    error: type[BaseException],
    after: bool,  # noqa: FBT001
    counts: Counts,
) -> None:
    step = counts(small=3, full=1)
    for shop, status in broken(Stocked, act, error, after=after, step=step):
        assert (status is None) == (error is not UnavailableError)
        assert status in (None, 200, 201, 204, 503)
        shop.swept()


@pytest.mark.long
def test_a_sweep_that_breaks_is_finished_by_the_next_one(counts: Counts) -> None:
    def to_sweep() -> Stocked:
        shop = Stocked()
        assert (_rename(shop), _picture(shop)) == (200, 200)
        shop.quiet()
        return shop

    def sweep(shop: Stocked, faults: Faults) -> object:
        return shop.sweep(faults)

    for error, after in BREAKS:
        for shop, _ in broken(to_sweep, sweep, error, after=after, step=counts(small=4, full=1)):
            shop.swept()


@pytest.mark.long
@pytest.mark.parametrize("first", [_rename, _hide, _picture, _delete])
@pytest.mark.parametrize("second", [_again, _delete])
def test_who_edits_while_another_edits_is_refused_or_comes_after_him(
    first: Act, second: Act
) -> None:
    statuses = set()
    for shop, ours, theirs in interleaved(Stocked, first, lambda shop: second(shop, None)):
        statuses.add(ours)
        assert ours in (200, 204, 409)
        assert theirs in (200, 204, 409)
        assert min(ours, theirs) < 300
        shop.swept()
    assert statuses & {200, 204}


@pytest.mark.long
@pytest.mark.parametrize("second", [_again, _hide, _delete])
def test_who_edits_while_a_sweep_is_at_it_has_the_last_word(second: Act) -> None:
    def to_sweep() -> Stocked:
        shop = Stocked()
        assert _rename(shop) == 200
        shop.quiet()
        return shop

    def sweep(shop: Stocked, faults: Faults) -> object:
        return shop.sweep(faults)

    for shop, _, theirs in interleaved(to_sweep, sweep, lambda shop: second(shop, None)):
        assert theirs < 300
        shop.swept()


def test_a_row_of_words_that_came_late_never_shows_what_is_not_so() -> None:
    shop = Stocked()
    late = [dict(row) for row in shop.rows("words")]
    assert _rename(shop) == 200
    for row in late:
        shop.table("words").put(row)

    assert shop.found("green tea") == []
    assert shop.found("harvest tea", category="tea") == []
    shop.swept()


def test_words_that_are_left_alone_are_not_written_anew() -> None:
    shop = Stocked()
    faults = Faults(shop.cloud, 0, UnavailableError, after=False)

    assert shop.edit(shop.product, faults, price=1).status == 200

    assert not [each for each in faults.calls if each.startswith("words.")]
    shop.check()


def test_words_changed_over_and_over_are_refused_before_the_row_is_too_large() -> None:
    shop = Stocked()
    statuses = [
        shop.edit(
            shop.product, description=" ".join(f"w{turn}x{each}" for each in range(64))
        ).status
        for turn in range(12)
    ]

    assert set(statuses) == {200, 409}
    assert statuses == sorted(statuses)
    shop.swept()
