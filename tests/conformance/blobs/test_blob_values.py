"""What no store takes, and what was not granted, is refused before any store is asked."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.adapters.common.blobs import granted
from app.ports.blobs import Bucket
from app.ports.errors import AccessDeniedError, InvalidValueError
from tests.conformance.blobs.buckets import Opened

WITH_SOAK = ("aws", "alicloud")  # what is refused here is refused before an adapter is asked
BAD_KEYS: list[Any] = [
    "",
    "/",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "a/../b",
    "a/.",
    "./a",
    "\\a",
    "a\0b",
    "a\nb",
    "a\x7f",
    "a\x85",
    "\ud800",
    "k" * 1024,
    "ü" * 512,
    None,
    5,
    b"a",
]
BAD_TYPES: list[Any] = [
    "",
    "image",
    "image/",
    "/png",
    "Image/png",
    "image/PNG",
    "text/plain; charset=utf-8",
    "text/plain ",
    " text/plain",
    "text/plain\n",
    "text/plain\r\nx: y",
    "a/b/c",
    "text/плain",
    "*/*",
    "x/" + "a" * 126,
    None,
    b"text/plain",
]
BAD_SIZES: list[Any] = [0, -1, 5 * 1024**3 + 1, 1.0, "1", None, True]
BAD_TIMES: list[Any] = [0, -1, 7 * 24 * 3600 + 1, 1.5, "60", None, True]
TEXT = "text/plain"

CALLS: dict[str, tuple[set[str], Callable[[Bucket, str, Path], object]]] = {
    "put": ({"write"}, lambda bucket, key, _: bucket.put(key, b"", TEXT)),
    "put_file": ({"write"}, lambda bucket, key, file: bucket.put_file(key, file, TEXT)),
    "get": ({"read"}, lambda bucket, key, _: bucket.get(key)),
    "peek": ({"read"}, lambda bucket, key, _: bucket.peek(key, 1)),
    "head": ({"read"}, lambda bucket, key, _: bucket.head(key)),
    "copy from": ({"read", "write"}, lambda bucket, key, _: bucket.copy(key, "b", etag="e")),
    "copy to": ({"read", "write"}, lambda bucket, key, _: bucket.copy("b", key, etag="e")),
    "delete": ({"write"}, lambda bucket, key, _: bucket.delete(key)),
    "upload_url": ({"write"}, lambda bucket, key, _: bucket.upload_url(key, TEXT, 1, 60)),
    "download_url": ({"read"}, lambda bucket, key, _: bucket.download_url(key, 60)),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_key_that_no_store_takes_is_refused(made: Opened, call: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"a")
    for key in BAD_KEYS:
        with pytest.raises(InvalidValueError) as raised:
            CALLS[call][1](made.granted(), key, file)
        assert "k" * 1024 not in str(raised.value)


@pytest.mark.parametrize("content_type", BAD_TYPES, ids=ascii)
def test_a_content_type_that_is_none_is_refused(
    made: Opened, at: str, content_type: Any, tmp_path: Path
) -> None:
    bucket = made.granted()
    for call in (
        lambda: bucket.put(at, b"", content_type),
        lambda: bucket.put_file(at, tmp_path, content_type),
        lambda: bucket.upload_url(at, content_type, 1, 60),
    ):
        with pytest.raises(InvalidValueError):
            call()
    assert bucket.head(at) is None


def test_a_content_type_of_127_characters_is_one(made: Opened, at: str) -> None:
    for content_type in ("x/" + "a" * 125, "application/vnd.a-b+json", "a!#$&^_.+-/0"):
        made.granted().put(at, b"", content_type)
        head = made.granted().head(at)
        assert head is not None
        assert head.content_type == content_type


@pytest.mark.parametrize("size", BAD_SIZES, ids=ascii)
def test_a_size_out_of_bounds_is_refused(made: Opened, at: str, size: Any) -> None:
    with pytest.raises(InvalidValueError, match="whole number from 1 to 5368709120"):
        made.granted().upload_url(at, TEXT, size, 60)


@pytest.mark.parametrize("size", [-1, 5 * 1024**3 + 1, 1.0, "1", None, True], ids=ascii)
def test_a_number_of_bytes_to_read_out_of_bounds_is_refused(
    made: Opened, at: str, size: Any
) -> None:
    bucket = made.granted()
    with pytest.raises(InvalidValueError, match="whole number from 0 to 5368709120"):
        bucket.get(at, at_most=size)
    for first in (size, 0, 16 * 1024**2 + 1):
        with pytest.raises(InvalidValueError, match="whole number from 1 to 16777216"):
            bucket.peek(at, first)


@pytest.mark.parametrize("expires_s", BAD_TIMES, ids=ascii)
def test_a_time_out_of_bounds_is_refused(made: Opened, at: str, expires_s: Any) -> None:
    bucket = made.granted()
    with pytest.raises(InvalidValueError, match="whole number from 1 to 604800"):
        bucket.upload_url(at, TEXT, 1, expires_s)
    with pytest.raises(InvalidValueError, match="whole number from 1 to 604800"):
        bucket.download_url(at, expires_s)


def test_the_largest_of_each_is_taken(made: Opened, at: str) -> None:
    bucket = made.granted()
    assert bucket.upload_url(at, TEXT, 5 * 1024**3, 7 * 24 * 3600).url
    assert bucket.download_url(at, 1)


def test_what_is_no_bytes_or_no_etag_is_refused(made: Opened, at: str) -> None:
    bucket = made.granted()
    for body in ("text", bytearray(b"a"), None):
        with pytest.raises(InvalidValueError):
            bucket.put(at, body, TEXT)  # type: ignore[arg-type]
    for etag in ("", None, 5):
        with pytest.raises(InvalidValueError):
            bucket.copy(at, f"{at}/b", etag=etag)  # type: ignore[arg-type]
    for etag in ("", 5):
        with pytest.raises(InvalidValueError):
            bucket.get(at, etag=etag)  # type: ignore[arg-type]
        with pytest.raises(InvalidValueError):
            bucket.peek(at, 1, etag=etag)  # type: ignore[arg-type]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("may", [(), ("read",), ("write",), ("send",)])
def test_what_is_not_granted_is_denied_and_says_which_grant_is_missing(
    made: Opened, at: str, call: str, may: tuple[str, ...], tmp_path: Path
) -> None:
    needed, run = CALLS[call]
    file = tmp_path / "file"
    file.write_bytes(b"a")
    whole = made.granted()
    for key in ("b", f"{at}/a"):
        whole.put(key, b"before", TEXT)
    bucket = granted(whole, "uploads", {"may": list(may)}, "shelf")
    missing = needed - set(may)
    if not missing:
        run(bucket, f"{at}/a", file)
        return
    with pytest.raises(AccessDeniedError) as raised:
        run(bucket, f"{at}/a", file)
    assert str(raised.value) in {
        f"the function shelf has no grant to {each} the bucket uploads: add one in infra/shop.py"
        for each in missing
    }
    assert whole.get(f"{at}/a") == b"before"


def test_who_has_no_grant_is_not_told_what_is_wrong_with_a_value(made: Opened) -> None:
    with pytest.raises(AccessDeniedError):
        granted(made.granted(), "uploads", {"may": ["write"]}, "shelf").get("/")
