"""Uploads over HTTP, with the bucket's own end of the URLs that are handed out."""

from typing import Any

import pytest

from app.adapters.memory.blobs import MemoryBucket
from app.domain.ids import is_id, new_id
from app.domain.uploads import KINDS, MOST_BYTES, UNFINISHED_MS
from app.ports.clock import Clock
from tests.support.memory_shop import CLOUDS, NOW_MS, MemoryShop
from tests.support.uploader import Uploader

MINUTES_15_MS = 15 * 60 * 1000
CONTENTS = {
    "image/png": b"\x89PNG\r\n\x1a\n and more",
    "image/jpeg": b"\xff\xd8\xff\xe0 and more",
    "image/webp": b"RIFF\x10\0\0\0WEBPVP8 ",
    "image/gif": b"GIF89a and more",
    "application/pdf": b"%PDF-1.7 and more",
    "text/plain": "处理成功".encode(),
}


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("content_type", KINDS)
def test_what_is_put_where_the_answer_says_comes_back_from_where_the_next_one_says(
    cloud: str, content_type: str
) -> None:
    user, body = Uploader(), CONTENTS[content_type]

    begun = user.begin(content_type, len(body), cloud=cloud)
    assert user.put(begun, body) == 200
    fetched = user.fetch(begun.json["key"], cloud=cloud)

    assert (begun.status, fetched.status) == (201, 200)
    assert is_id(begun.json["key"])
    assert set(begun.json) == {"key", "url", "headers", "expires_at"}
    assert begun.json["expires_at"] == NOW_MS + MINUTES_15_MS
    assert user.shop.bucket.serve(fetched.json.pop("url")) == (200, body)
    assert fetched.json == {
        "key": begun.json["key"],
        "content_type": content_type,
        "size": len(body),
        "created_at": NOW_MS,
        "expires_at": NOW_MS + MINUTES_15_MS,
    }
    assert {found.headers["cache-control"] for found in (begun, fetched)} == {"no-store"}
    assert set(user.shop.bucket._blobs) == {user.place(begun.json["key"], "kept")}
    assert user.fetch(begun.json["key"]).status == 200, "asked again, it is still there"


class Peeked(MemoryBucket):
    """Notes how many bytes are read of blobs, and gives none of them whole."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock, name="uploads")
        self.read: list[int] = []

    def get(self, key: str, *, at_most: int = 0, etag: str | None = None) -> bytes:
        raise AssertionError(f"a look needs no more than the beginning: {key}, {at_most}, {etag}")

    def peek(self, key: str, size: int, *, etag: str | None = None) -> bytes:
        assert etag is not None
        self.read.append(size)
        return super().peek(key, size, etag=etag)


@pytest.mark.parametrize(
    ("content_type", "read"), [("image/png", [16]), ("image/webp", [16]), ("text/plain", [])]
)
def test_of_an_upload_of_ten_megabytes_sixteen_bytes_are_read_or_none(
    content_type: str, read: list[int]
) -> None:
    user = Uploader()
    bucket = user.shop.cloud.buckets["uploads"] = Peeked(user.shop.clock)
    body = CONTENTS[content_type].ljust(MOST_BYTES, b"\0")
    begun = user.begin(content_type, MOST_BYTES)
    assert user.put(begun, body) == 200
    assert user.fetch(begun.json["key"]).status == 200
    assert bucket.read == read


@pytest.mark.parametrize(
    ("content_type", "size", "field"),
    [
        ("text/html", 3, "$.content_type"),
        ("IMAGE/PNG", 3, "$.content_type"),
        ("text/plain; charset=utf-8", 3, "$.content_type"),
        (None, 3, "$.content_type"),
        ("text/plain", 0, "$.size"),
        ("text/plain", -1, "$.size"),
        ("text/plain", MOST_BYTES + 1, "$.size"),
        ("text/plain", 10**30, "$.size"),
        ("text/plain", 1.5, "$.size"),
        ("text/plain", "3", "$.size"),
        ("text/plain", True, "$.size"),
    ],
)
def test_what_may_not_be_uploaded_gets_no_url(content_type: Any, size: Any, field: str) -> None:
    user = Uploader()

    found = user.begin(content_type, size)

    assert found.status == 422
    assert [each["field"] for each in found.json["errors"]] == [field]
    assert not user.shop.table("uploads")._rows


def test_the_least_and_the_most_that_may_be_uploaded() -> None:
    user = Uploader()

    assert [user.begin(size=size).status for size in (1, MOST_BYTES)] == [201, 201]


def test_what_was_not_put_yet_is_a_conflict_that_goes_away() -> None:
    user = Uploader()
    begun = user.begin()

    before = user.fetch(begun.json["key"])
    user.put(begun, b"abc")

    assert (before.status, before.json["detail"][:16]) == (409, "not uploaded yet")
    assert user.fetch(begun.json["key"]).status == 200


def test_both_urls_are_good_for_fifteen_minutes() -> None:
    user = Uploader()
    begun = user.begin()
    user.shop.clock.advance(MINUTES_15_MS - 1)
    assert user.put(begun, b"abc") == 200
    url = user.fetch(begun.json["key"]).json["url"]
    user.shop.clock.advance(1)
    assert user.put(begun, b"abc") == 403

    user.shop.clock.advance(MINUTES_15_MS - 2)
    assert user.shop.bucket.serve(url)[0] == 200
    user.shop.clock.advance(1)
    assert user.shop.bucket.serve(url)[0] == 403


@pytest.mark.parametrize(
    ("declared", "body", "content_type"),
    [
        (("text/plain", 3), b"abcd", "text/plain"),
        (("text/plain", 3), b"", "text/plain"),
        (("text/plain", 3), b"abc", "text/html"),
        (("image/png", 8), b"GIF89a..", "image/png"),
        (("image/png", 3), b"\x89PN", "image/png"),
        (("image/jpeg", 8), b"\x89PNG\r\n\x1a\n", "image/jpeg"),
        (("image/gif", 6), b"GIF88a", "image/gif"),
        (("image/webp", 12), b"RIFF\x10\0\0\0WAVE", "image/webp"),
    ],
)
def test_what_is_not_as_declared_is_removed_and_gone(
    declared: tuple[str, int], body: bytes, content_type: str
) -> None:
    """Not every store holds the sender to what was signed."""
    user = Uploader()
    key = user.begin(*declared).json["key"]
    user.shop.bucket.put(user.place(key), body, content_type)

    first, second = user.fetch(key), user.fetch(key)

    assert first.status == 409
    assert "removed" in first.json["detail"]
    assert second.status == 404
    assert not user.shop.bucket._blobs


def test_anothers_an_unknown_and_an_impossible_key_are_answered_alike() -> None:
    user = Uploader()
    other = Uploader(user.shop, "coffee-house")
    pending, kept = user.begin().json["key"], user.uploaded()
    assert user.fetch(kept).status == 200

    answers = [
        other.fetch(key)
        for key in (pending, kept, new_id(NOW_MS), "no-key", kept.lower(), "%", "é" * 600)
    ]

    assert answers[0].status == 404
    assert all(answer == answers[0] for answer in answers)
    assert user.fetch(kept).status == 200


@pytest.mark.parametrize("key", ["POST /uploads", "GET /uploads/01KAV9FT004PHYWJEKJNKCM5F6"])
def test_nobody_gets_anything_without_a_token(key: str) -> None:
    assert MemoryShop().call(key, {"content_type": "text/plain", "size": 3}).status == 401


def test_twenty_uploads_may_be_unfinished_and_a_finished_one_makes_room() -> None:
    user = Uploader()
    begun = [user.begin() for _ in range(20)]
    assert {answer.status for answer in begun} == {201}

    assert user.begin().status == 409
    assert len(user.shop.table("uploads")._rows) == 20
    assert Uploader(user.shop, "coffee-house").begin().status == 201
    user.put(begun[0], b"abc")
    assert user.fetch(begun[0].json["key"]).status == 200
    assert [user.begin().status for _ in range(2)] == [201, 409]


def test_what_was_left_undone_makes_room_after_a_day_sweep_or_no_sweep() -> None:
    user = Uploader()
    for _ in range(20):
        user.begin()
    user.shop.clock.advance(UNFINISHED_MS - 60_000)
    user.token = user.shop.log_in().json["token"]
    assert user.begin().status == 409
    user.shop.clock.advance(120_000)

    assert user.begin().status == 201
