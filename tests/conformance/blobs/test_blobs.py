"""Every bucket keeps blobs whole under their keys, and says by name what it cannot do."""

from pathlib import Path

import pytest

from app.ports.blobs import READ_BYTES, Blob
from app.ports.errors import BlobMissingError, BlobTooLargeError, ConditionFailedError
from tests.conformance.blobs.buckets import Opened

TEXT = "text/plain"
KEYS = [
    "a",
    "a/b/c",
    "with space + plus & more?=#%25",
    "ünï/处理/🛒",
    "e\u0301",
    "\u00e9",
    "'quotes' \"double\" ; DROP TABLE objects",
    ".hidden/...",
    "trailing\\backslash\\",
    "~*()[]{}|^`<>:@!$,",
    "\u200b\u202e\u00a0",
]


@pytest.mark.parametrize("body", [b"", b"\0", b"a" * 5_000_000], ids=["empty", "one byte", "5 MB"])
def test_a_blob_comes_out_as_it_was_put(made: Opened, at: str, body: bytes) -> None:
    bucket = made.granted()
    bucket.put(f"{at}/a", body, "application/octet-stream")
    assert bucket.get(f"{at}/a") == body
    head = bucket.head(f"{at}/a")
    assert head is not None
    assert head == Blob(f"{at}/a", len(body), "application/octet-stream", head.etag)


def test_any_key_finds_its_own_blob_and_no_other(made: Opened, at: str) -> None:
    bucket = made.granted()
    for number, key in enumerate(KEYS):
        bucket.put(f"{at}/{key}", b"%d" % number, TEXT)
    assert [bucket.get(f"{at}/{key}") for key in KEYS] == [b"%d" % n for n in range(len(KEYS))]
    for key in KEYS[::2]:
        bucket.delete(f"{at}/{key}")
    assert [key for key in KEYS if bucket.head(f"{at}/{key}") is None] == KEYS[::2]


def test_a_key_of_1023_bytes_is_a_key(made: Opened) -> None:
    bucket = made.granted()
    for key in ("k" * 1023, "ü" * 511 + "u"):
        bucket.put(key, b"long", TEXT)
        assert bucket.get(key) == b"long"
        assert made.send(*_upload(made, key, b"mine"), b"mine") == 200
        assert made.fetch(bucket.download_url(key, 60)) == (200, b"mine")


def _upload(made: Opened, key: str, body: bytes) -> tuple[str, dict[str, str]]:
    upload = made.granted().upload_url(key, TEXT, len(body), 60)
    return upload.url, dict(upload.headers)


def test_a_key_may_be_the_beginning_of_another(made: Opened, at: str) -> None:
    bucket = made.granted()
    for key in (at, f"{at}/a", f"{at}/a/b"):
        bucket.put(key, key.encode(), TEXT)
    assert bucket.get(f"{at}/a") == f"{at}/a".encode()
    assert bucket.get(at) == at.encode()


def test_what_is_put_takes_the_place_of_what_was_there(made: Opened, at: str) -> None:
    bucket = made.granted()
    seen = set()
    for body, content_type in ((b"one", TEXT), (b"two", TEXT), (b"longer", "image/png")):
        bucket.put(f"{at}/a", body, content_type)
        head = bucket.head(f"{at}/a")
        assert head is not None
        assert (head.size, head.content_type) == (len(body), content_type)
        assert bucket.get(f"{at}/a") == body
        seen.add(head.etag)
    assert len(seen) == 3


def test_a_read_takes_no_more_bytes_than_it_says(made: Opened, at: str) -> None:
    bucket = made.granted()
    bucket.put(f"{at}/a", b"12345", TEXT)
    bucket.put(f"{at}/empty", b"", TEXT)
    assert bucket.get(f"{at}/a", at_most=5) == b"12345"
    assert bucket.get(f"{at}/empty", at_most=0) == b""
    for at_most in (0, 1, 4):
        with pytest.raises(BlobTooLargeError, match=f"has 5 bytes, and at most {at_most} were"):
            bucket.get(f"{at}/a", at_most=at_most)


def test_a_read_that_names_no_limit_takes_16_mb(made: Opened, at: str) -> None:
    bucket = made.granted()
    bucket.put(at, bytes(READ_BYTES + 1), TEXT)
    with pytest.raises(BlobTooLargeError, match="has 16777217 bytes"):
        bucket.get(at)
    assert len(bucket.get(at, at_most=READ_BYTES + 1)) == READ_BYTES + 1


def test_the_first_bytes_are_read_or_all_where_there_are_fewer(made: Opened, at: str) -> None:
    bucket = made.granted()
    bucket.put(f"{at}/a", b"12345", TEXT)
    bucket.put(f"{at}/empty", b"", TEXT)
    assert [bucket.peek(f"{at}/a", size) for size in (1, 4, 5, 6, READ_BYTES)] == [
        b"1",
        b"1234",
        b"12345",
        b"12345",
        b"12345",
    ]
    assert bucket.peek(f"{at}/empty", 1) == b""


@pytest.mark.parametrize("body", [b"", b"looked at"])
def test_a_read_of_another_blob_than_was_looked_at_is_refused(
    made: Opened, at: str, body: bytes
) -> None:
    bucket = made.granted()
    bucket.put(at, body, TEXT)
    seen = bucket.head(at)
    assert seen is not None
    assert bucket.get(at, etag=seen.etag) == body
    assert bucket.peek(at, 3, etag=seen.etag) == body[:3]
    bucket.put(at, b"replaced", TEXT)
    for etag in (seen.etag, "0" * 64, "*", f'"{seen.etag}"', "ü"):
        with pytest.raises(ConditionFailedError):
            bucket.get(at, etag=etag)
        with pytest.raises(ConditionFailedError):
            bucket.peek(at, 3, etag=etag)


def test_a_file_is_put_as_its_bytes_are(made: Opened, at: str, tmp_path: Path) -> None:
    file = tmp_path / "a file"
    for body in (b"", b"x", bytes(range(256)) * 10_000):
        file.write_bytes(body)
        made.granted().put_file(f"{at}/a", file, "image/png")
        assert made.granted().get(f"{at}/a") == body
    head = made.granted().head(f"{at}/a")
    assert head is not None
    assert (head.size, head.content_type) == (2_560_000, "image/png")


def test_a_file_that_cannot_be_read_is_an_oserror_and_changes_nothing(
    made: Opened, at: str, tmp_path: Path
) -> None:
    bucket = made.granted()
    bucket.put(f"{at}/a", b"before", TEXT)
    with pytest.raises(FileNotFoundError):
        bucket.put_file(f"{at}/a", tmp_path / "missing", TEXT)
    with pytest.raises(OSError, match="is no regular file"):
        bucket.put_file(f"{at}/a", tmp_path, TEXT)
    assert bucket.get(f"{at}/a") == b"before"


def test_what_is_not_there_is_missing(made: Opened, at: str) -> None:
    bucket = made.granted()
    assert bucket.head(f"{at}/a") is None
    for etag in (None, "any"):
        with pytest.raises(BlobMissingError):
            bucket.get(f"{at}/a", at_most=0, etag=etag)
        with pytest.raises(BlobMissingError):
            bucket.peek(f"{at}/a", 1, etag=etag)
    with pytest.raises(BlobMissingError):
        bucket.copy(f"{at}/a", f"{at}/b", etag="any")
    bucket.delete(f"{at}/a")
    assert made.fetch(bucket.download_url(f"{at}/a", 60)) == (404, b"")


def test_a_deleted_blob_is_gone_and_can_be_deleted_again(made: Opened, at: str) -> None:
    bucket = made.granted()
    bucket.put(f"{at}/a", b"a", TEXT)
    for _ in range(2):
        bucket.delete(f"{at}/a")
        assert bucket.head(f"{at}/a") is None
    bucket.put(f"{at}/a", b"again", TEXT)
    assert bucket.get(f"{at}/a") == b"again"


def test_a_copy_is_the_same_blob_and_outlives_its_source(made: Opened, at: str) -> None:
    bucket = made.granted()
    bucket.put(f"{at}/a", b"bytes", "image/png")
    bucket.put(f"{at}/b", b"to be replaced", TEXT)
    source = bucket.head(f"{at}/a")
    assert source is not None
    bucket.copy(f"{at}/a", f"{at}/b", etag=source.etag)
    bucket.copy(f"{at}/a", f"{at}/a", etag=source.etag)
    bucket.copy(f"{at}/b", f"{at}/c", etag=source.etag)
    assert bucket.head(f"{at}/b") == Blob(f"{at}/b", 5, "image/png", source.etag)
    bucket.delete(f"{at}/a")
    bucket.put(f"{at}/b", b"another", TEXT)
    assert bucket.get(f"{at}/c") == b"bytes"
    assert made.fetch(bucket.download_url(f"{at}/c", 60)) == (200, b"bytes")


def test_a_copy_of_another_blob_than_was_looked_at_is_refused(made: Opened, at: str) -> None:
    bucket = made.granted()
    bucket.put(f"{at}/a", b"looked at", TEXT)
    seen = bucket.head(f"{at}/a")
    assert seen is not None
    bucket.put(f"{at}/a", b"replaced", TEXT)
    for etag in (seen.etag, "0" * 64, "*", f'"{seen.etag}"', "ü"):
        with pytest.raises(ConditionFailedError):
            bucket.copy(f"{at}/a", f"{at}/b", etag=etag)
    assert bucket.head(f"{at}/b") is None
