"""`upload_file` answers whether a file is in a bucket now, and tells the log alone why not."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from app.adapters.common.blobs import granted
from app.adapters.memory.blobs import MemoryBucket
from app.adapters.memory.clock import MemoryClock
from app.ports.blobs import Bucket
from app.ports.errors import AccessDeniedError, UnavailableError
from app.services.upload_file import Uploader, content_type


class Down(MemoryBucket):
    """A store that does not answer."""

    def put_file(self, key: str, file: Path, content_type: str) -> None:
        raise UnavailableError(f"no answer for {len(key)}, {file.name}, {content_type}")


@pytest.fixture
def store() -> MemoryBucket:
    return MemoryBucket(MemoryClock(0))


@pytest.fixture
def upload_file(store: MemoryBucket) -> Callable[..., bool]:
    def bucket(name: str) -> Bucket:
        if name == "others":
            raise AccessDeniedError("no grant on the bucket others")
        may = ["read"] if name == "read-only" else ["write"]
        found = Down(MemoryClock(0)) if name == "down" else store
        return granted(found, name, {"may": may}, "shelf")

    return Uploader(bucket).upload_file


@pytest.fixture
def photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file of the folder that we are in."""
    monkeypatch.chdir(tmp_path)
    Path("photo.jpg").write_bytes(b"\xff\xd8\xff")
    return "photo.jpg"


def test_a_file_goes_under_its_own_name_unless_another_is_given(
    store: MemoryBucket, upload_file: Callable[..., bool], photo: str
) -> None:
    assert upload_file(photo, "uploads") is True
    assert upload_file(photo, "uploads", "ada/me.png") is True
    assert upload_file(file_name=photo, bucket="uploads", object_name="third") is True
    for key in (photo, "ada/me.png", "third"):
        head = store.head(key)
        assert head is not None
        assert (store.get(key), head.content_type) == (b"\xff\xd8\xff", "image/jpeg")


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        (("missing.jpg", "uploads"), "FileNotFoundError"),
        ((".", "uploads", "a"), "OSError"),
        (("a\0b", "uploads", "a"), "ValueError"),
        (("photo.jpg", "uploads", ""), "InvalidValueError"),
        (("photo.jpg", "uploads", "/a"), "InvalidValueError"),
        (("photo.jpg", "read-only"), "AccessDeniedError"),
        (("photo.jpg", "others"), "AccessDeniedError"),
        (("photo.jpg", "down"), "UnavailableError"),
    ],
)
def test_what_goes_wrong_is_false_and_one_line_of_the_log(
    store: MemoryBucket,
    upload_file: Callable[..., bool],
    photo: str,
    capsys: pytest.CaptureFixture[str],
    asked: tuple[str, ...],
    error: str,
) -> None:
    assert upload_file(*asked) is False
    said = capsys.readouterr()
    (line,) = said.err.splitlines()
    found = json.loads(line)
    assert (found["failed"], found["error"]) == ("upload of a file", error)
    assert said.out == ""
    assert store.head(photo) is None


def test_whoever_calls_it_wrongly_is_told_by_an_error(upload_file: Callable[..., bool]) -> None:
    with pytest.raises(TypeError):
        upload_file("photo.jpg")


@pytest.mark.parametrize(
    ("file_name", "expected"),
    [
        ("a.jpg", "image/jpeg"),
        ("A.JPEG", "image/jpeg"),
        ("folder/a.png", "image/png"),
        ("a.txt", "text/plain"),
        ("a.pdf", "application/pdf"),
        ("a.tar.gz", "application/octet-stream"),
        ("a.nothing-known", "application/octet-stream"),
        ("a", "application/octet-stream"),
        (".png", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_a_content_type_follows_from_the_names_ending(file_name: str, expected: str) -> None:
    assert content_type(file_name) == expected
