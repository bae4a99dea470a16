"""Two do something to one upload: the second all of it between any two calls of the first."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from tests.support.breaks import interleaved
from tests.support.faults import Faults, Interleaved, KilledError
from tests.support.memory_shop import MemoryShop
from tests.support.uploading import ASKED, BODY, Uploading


def _fetch(shop: Uploading, faults: Faults | None = None) -> int:
    return shop.fetch(faults).status


def _killed_fetch(shop: Uploading) -> None:
    """Ask for the upload and die when it was copied."""
    with suppress(KilledError):
        shop.fetch(_DiesAfter(shop, "uploads.copy"))


class _DiesAfter(Faults):
    """Dies when this call was done; `before` runs just before it."""

    def __init__(
        self, shop: MemoryShop, name: str, before: Callable[[], object] = lambda: None
    ) -> None:
        super().__init__(shop.cloud, 0, KilledError, after=True)
        self._wanted = name
        self._before = before

    def call(self, name: str, run: Callable[[], Any]) -> Any:
        if name == self._wanted:
            self._before()
        result = run()
        if name == self._wanted:
            raise KilledError
        return result


class _Paused:
    """A sweep in a thread of its own, which waits before its `at`-th call of a store."""

    def __init__(self, shop: MemoryShop, at: int) -> None:
        self._waits = threading.Event()
        self._goes_on = threading.Event()
        adapters = Interleaved(shop.cloud, at, self._wait)
        self._thread = threading.Thread(target=lambda: self._run(shop, adapters))

    def begin(self) -> None:
        """Run up to that call, or to the end where it makes fewer."""
        self._thread.start()
        assert self._waits.wait(timeout=60)

    def finish(self) -> None:
        """Run the rest."""
        self._goes_on.set()
        self._thread.join()

    def _run(self, shop: MemoryShop, adapters: Faults) -> None:
        try:
            shop.sweep(adapters)
        finally:
            self._waits.set()

    def _wait(self) -> None:
        self._waits.set()
        assert self._goes_on.wait(timeout=60)


def _old() -> Uploading:
    """An upload that the sweep may take."""
    shop = Uploading()
    shop.a_day_passes()
    return shop


def _wrong_again(shop: Uploading) -> int:
    shop.put_wrong()
    return _fetch(shop)


def test_who_asks_while_another_asks_gets_the_same() -> None:
    for shop, ours, theirs in interleaved(Uploading, _fetch, _fetch):
        assert (ours, theirs) == (200, 200)
        assert shop.bucket.serve(shop.fetch().json["url"]) == (200, BODY)
        shop.a_day_passes()
        shop.sweep()
        assert shop.kept() == 1


def test_who_asks_while_the_sweep_comes_has_it_whole_or_not_at_all() -> None:
    seen = set()
    for shop, ours, _ in interleaved(_old, _fetch, Uploading.sweep):
        seen.add(ours)
        assert _fetch(shop) == ours
        shop.sweep()
        assert shop.kept() == (ours == 200)
    assert seen == {200, 404}


@pytest.mark.parametrize("fetch", [_fetch, _killed_fetch])
def test_what_is_asked_for_while_the_sweep_is_at_it_is_whole_or_gone(
    fetch: Callable[[Uploading], Any],
) -> None:
    """Even when he who asked dies with his copy made and not told of."""

    def sweep(shop: Uploading, faults: Faults) -> dict[str, int]:
        return shop.sweep(faults)

    for shop, _, theirs in interleaved(_old, sweep, fetch):
        if theirs == 200:
            assert _fetch(shop) == 200
        shop.sweep()
        assert shop.kept() == (_fetch(shop) == 200)


def test_what_is_replaced_while_it_is_looked_at_is_never_kept_unlooked_at() -> None:
    for shop, ours, theirs in interleaved(Uploading, _fetch, _wrong_again):
        assert ours in (200, 404, 409)
        assert theirs in (200, 404, 409)
        now = shop.fetch()
        if now.status == 200:
            assert shop.bucket.serve(now.json["url"]) == (200, BODY)
        else:
            assert 200 not in (ours, theirs)
        shop.a_day_passes()
        shop.sweep()
        assert shop.kept() == (now.status == 200)


def test_a_replacement_that_comes_between_is_not_kept_either() -> None:
    """It may be refused for now; asked again, what is kept is what was declared."""
    for shop, ours, _ in interleaved(Uploading, _fetch, Uploading.put_wrong):
        assert ours in (200, 409)
        now = shop.fetch()
        if ours == 200:
            assert shop.bucket.serve(now.json["url"]) == (200, BODY)
        else:
            assert now.status in (404, 409)
        shop.a_day_passes()
        shop.sweep()
        assert shop.kept() == (ours == 200)


def test_what_is_kept_while_it_was_being_refused_stays_kept() -> None:
    def made() -> Uploading:
        shop = Uploading()
        shop.put_wrong()
        return shop

    def mended(shop: Uploading) -> int:
        shop.put_again()
        return _fetch(shop)

    for shop, ours, theirs in interleaved(made, _fetch, mended):
        assert ours in (200, 404, 409)
        assert _fetch(shop) == (200 if theirs == 200 else 404)
        shop.a_day_passes()
        shop.sweep()
        assert shop.kept() == (theirs == 200)


def test_a_copy_that_is_made_while_the_sweep_removes_is_removed_too() -> None:
    """He who copied has read the row before it was fenced, and dies before he sees that it was."""
    swept = Interleaved((whole := _old()).cloud, 0, lambda: None)
    whole.sweep(swept)
    for at in range(1, len(swept.calls) + 1):
        shop = _old()
        sweep = _Paused(shop, at)
        with suppress(KilledError):
            shop.fetch(_DiesAfter(shop, "uploads.copy", before=sweep.begin))
        sweep.finish()
        shop.sweep()

        assert shop.kept() == (_fetch(shop) == 200)


def test_a_refusal_takes_a_copy_with_it_that_somebody_left_who_died() -> None:
    shop = Uploading()
    _killed_fetch(shop)
    assert len(shop.bucket._blobs) == 2
    shop.put_wrong()

    assert _fetch(shop) == 409
    assert not shop.bucket._blobs


def test_the_last_place_for_an_upload_is_given_once_at_most() -> None:
    def full_but_one() -> Uploading:
        shop = Uploading()
        for _ in range(18):
            begin(shop)
        return shop

    def begin(shop: Uploading, faults: Faults | None = None) -> int:
        return shop.call("POST /uploads", ASKED, token=shop.user_token, adapters=faults).status

    for shop, ours, theirs in interleaved(full_but_one, begin, begin):
        assert [ours, theirs].count(201) <= 1
        assert len(shop.table("uploads")._rows) == 19 + [ours, theirs].count(201)
