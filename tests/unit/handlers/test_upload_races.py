"""Uploads that many want at once, or that are PUT once too often."""

from collections.abc import Callable
from typing import Any

from app.domain.uploads import UNFINISHED_MS
from tests.conftest import Counts
from tests.support.threads import at_once
from tests.support.uploader import Uploader


def test_however_many_begin_at_once_no_more_than_twenty_stand(counts: Counts) -> None:
    for _ in range(counts(small=3, full=200)):
        user = Uploader()
        for _kept in range(15):
            user.begin()

        statuses = at_once(*[lambda: user.begin().status] * 16)  # noqa: B023

        assert set(statuses) <= {201, 409}
        assert len(user.shop.table("uploads")._rows) == 15 + statuses.count(201) <= 20


def test_all_who_ask_for_an_upload_at_once_get_it(counts: Counts) -> None:
    for _ in range(counts(small=5, full=500)):
        user = Uploader()
        key = user.uploaded()

        answers = at_once(*[lambda: user.fetch(key)] * 8)  # noqa: B023

        assert {answer.status for answer in answers} == {200}
        assert {user.shop.bucket.serve(answer.json["url"]) for answer in answers} == {(200, b"abc")}
        assert set(user.shop.bucket._blobs) == {user.place(key, "kept")}


def test_what_a_sweep_and_a_get_both_want_is_whole_or_gone(counts: Counts) -> None:
    outcomes = set()
    for _ in range(counts(small=30, full=2000)):
        user = Uploader()
        key = user.uploaded()
        user.shop.clock.advance(UNFINISHED_MS + 1)
        user.token = user.shop.log_in().json["token"]
        runs: list[Callable[[], Any]] = [lambda: user.fetch(key).status] * 2  # noqa: B023
        runs.insert(1, user.shop.sweep)

        first, _swept, second = at_once(*runs)

        statuses = {first, second, user.fetch(key).status}
        outcomes.add(200 in statuses)
        assert statuses in ({200}, {404})
        user.shop.sweep()
        blobs = {user.place(key, "kept")} if statuses == {200} else set()
        assert set(user.shop.bucket._blobs) == blobs
        assert len(user.shop.table("uploads")._rows) == len(blobs)


def test_what_is_put_again_changes_nothing_that_is_kept_and_is_swept() -> None:
    user = Uploader()
    begun = user.begin()
    user.put(begun, b"abc")
    user.fetch(begun.json["key"])

    assert user.put(begun, b"xyz") == 200

    fetched = user.fetch(begun.json["key"])
    assert user.shop.bucket.serve(fetched.json["url"]) == (200, b"abc")
    user.shop.clock.advance(UNFINISHED_MS + 1)
    assert user.shop.sweep()["uploads"] == 0
    assert set(user.shop.bucket._blobs) == {user.place(begun.json["key"], "kept")}


def test_what_is_put_again_after_a_refusal_is_never_kept_and_is_swept() -> None:
    user = Uploader()
    begun = user.begin()
    user.shop.bucket.put(user.place(begun.json["key"]), b"abcd", "text/plain")
    assert user.fetch(begun.json["key"]).status == 409

    assert user.put(begun, b"abc") == 200

    assert user.fetch(begun.json["key"]).status == 404
    user.shop.clock.advance(UNFINISHED_MS + 1)
    assert user.shop.sweep()["uploads"] == 1
    assert not user.shop.bucket._blobs
    assert not user.shop.table("uploads")._rows
