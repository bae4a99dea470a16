"""The bucket in a folder: whole whatever dies, shared by processes, and tidied of what is dead."""

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.adapters.common.signing import Allowed, signed_url
from app.adapters.local.blob_folder import BlobFolder
from app.adapters.local.blobs import LocalBucket, open_bucket
from app.domain.ids import new_id
from app.ports.errors import BlobMissingError, ResourceMissingError, UnavailableError
from tests.conformance.blobs.buckets import Local
from tests.conftest import Counts
from tests.support.files_server import serving

TEXT = "text/plain"
SIZE = 200_000
SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
def stated(tmp_path: Path) -> dict[str, Any]:
    """An empty bucket; nobody serves its addresses."""
    at = tmp_path / "uploads"
    at.mkdir()
    return {
        "may": ["read", "write"],
        "at": str(at),
        "durability": "normal",
        "url": "http://127.0.0.1:1",
        "key": str(tmp_path / "secrets" / "storage-key"),
    }


@pytest.fixture
def bucket(stated: dict[str, Any]) -> Iterator[LocalBucket]:
    found = open_bucket("uploads", stated)
    yield found
    found.close()


def files(stated: dict[str, Any]) -> list[Path]:
    return sorted(Path(stated["at"], "files").iterdir())


def put_again_and_again(stated: dict[str, Any], number: int, times: int) -> None:
    """In a process of its own."""
    bucket = open_bucket("uploads", stated)
    for _ in range(times):
        bucket.put("a", bytes([number]) * SIZE, TEXT)
    bucket.close()


@pytest.mark.long
def test_of_many_processes_that_put_at_once_one_blob_is_there_whole(
    stated: dict[str, Any], bucket: LocalBucket, counts: Counts
) -> None:
    times = counts(small=20, full=300)
    bucket.put("a", b"\0" * SIZE, TEXT)
    working = [
        SPAWN.Process(target=put_again_and_again, args=(stated, number, times))
        for number in (1, 2, 3)
    ]
    for each in working:
        each.start()
    seen = set()
    while any(each.is_alive() for each in working):
        body = bucket.get("a")
        assert body == body[:1] * SIZE
        seen.add(body[0])
    for each in working:
        each.join()
        assert each.exitcode == 0
    assert bucket.get("a")[0] in {1, 2, 3}
    assert len(files(stated)) == 1, "what was replaced is gone"


@pytest.mark.long
def test_who_is_killed_while_he_puts_leaves_the_whole_blob_of_before_or_after(
    stated: dict[str, Any], bucket: LocalBucket, counts: Counts
) -> None:
    bucket.put("a", b"\0" * SIZE, TEXT)
    for number in range(1, counts(small=3, full=60)):
        process = SPAWN.Process(target=put_again_and_again, args=(stated, number, 1_000_000))
        process.start()
        while bucket.get("a")[0] != number:
            time.sleep(0.001)
        process.kill()
        process.join()
        body = bucket.get("a")
        assert body == body[:1] * SIZE
        head = bucket.head("a")
        assert head is not None
        assert head.size == SIZE


def test_a_bucket_that_was_not_declared_is_missing(tmp_path: Path) -> None:
    at = tmp_path / "nowhere"
    stated = {"at": str(at), "durability": "full", "url": "", "key": str(tmp_path / "key")}
    bucket = open_bucket("nowhere", stated)
    for call in (
        lambda: bucket.put("a", b"", TEXT),
        lambda: bucket.get("a"),
        lambda: bucket.head("a"),
        lambda: bucket.copy("a", "b", etag="e"),
        lambda: bucket.delete("a"),
    ):
        with pytest.raises(ResourceMissingError, match=r"nowhere does not exist here; `make up`"):
            call()
    assert not at.exists()


def test_what_the_dead_left_is_removed_after_a_day_and_nothing_else(
    stated: dict[str, Any], bucket: LocalBucket
) -> None:
    folder = BlobFolder(Path(stated["at"]), "normal")
    assert folder.tidy() == 0
    bucket.put("old", b"old", TEXT)
    bucket.put("copied", b"copied", TEXT)
    (left,) = (each for each in files(stated) if each.read_bytes() == b"copied")
    drafts = [folder.draft() for _ in range(3)]
    for each in drafts:
        each.write(b"half")
    foreign = left.with_name("notes.txt")
    foreign.write_bytes(b"not ours")
    day_ago = time.time() - 25 * 3600
    for file in files(stated):
        if file != drafts[2].path:
            os.utime(file, (day_ago, day_ago))
    assert folder.tidy() == 2
    assert bucket.get("old") == b"old"
    assert bucket.get("copied") == b"copied"
    assert {drafts[2].path, foreign} < set(files(stated))
    assert len(files(stated)) == 4
    for each in drafts:
        each.close()
    folder.close()


def test_a_draft_that_was_taken_for_dead_becomes_no_blob(
    stated: dict[str, Any], bucket: LocalBucket
) -> None:
    folder = BlobFolder(Path(stated["at"]), "normal")
    draft = folder.draft()
    draft.write(b"slow")
    folder.finish(draft)
    os.utime(draft.path, (0, 0))
    assert folder.tidy() == 1
    with pytest.raises(UnavailableError, match="write it again"):
        folder.commit(draft, "a", TEXT)
    assert bucket.head("a") is None
    folder.close()


def test_a_put_that_fails_in_the_middle_leaves_no_file(
    stated: dict[str, Any], bucket: LocalBucket
) -> None:
    folder = BlobFolder(Path(stated["at"]), "normal")

    def break_off() -> None:
        with folder.storing("a", TEXT) as draft:
            draft.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    assert files(stated) == []
    assert bucket.head("a") is None


def test_a_disk_that_refuses_is_unavailable_and_the_blob_of_before_stays(
    stated: dict[str, Any], bucket: LocalBucket
) -> None:
    bucket.put("a", b"before", TEXT)
    folder = BlobFolder(Path(stated["at"]), "normal")
    draft = folder.draft()
    draft.close()  # a closed descriptor stands for a disk that takes no more
    with pytest.raises(UnavailableError, match="the bucket uploads cannot be used now"):
        draft.write(b"more")
    folder.discard(draft)
    assert bucket.get("a") == b"before"
    assert len(files(stated)) == 1


def test_a_blob_whose_file_is_damaged_or_gone_is_never_given(
    stated: dict[str, Any], bucket: LocalBucket
) -> None:
    bucket.put("a", b"whole", TEXT)
    (file,) = files(stated)
    file.write_bytes(b"hal")
    with pytest.raises(UnavailableError, match="damaged"):
        bucket.get("a")
    file.unlink()
    with pytest.raises(UnavailableError, match="gone"):
        bucket.get("a")
    bucket.put("a", b"again", TEXT)
    assert bucket.get("a") == b"again"


def test_what_is_open_stays_readable_when_its_key_is_replaced_or_deleted(
    stated: dict[str, Any], bucket: LocalBucket
) -> None:
    folder = BlobFolder(Path(stated["at"]), "normal")
    bucket.put("a", b"first", TEXT)
    _, file = folder.open("a")
    bucket.put("a", b"second", TEXT)
    bucket.delete("a")
    with file:
        assert file.read() == b"first"
    with pytest.raises(BlobMissingError):
        folder.open("a")
    assert files(stated) == []
    folder.close()


def test_the_files_are_their_owners_alone(stated: dict[str, Any], bucket: LocalBucket) -> None:
    bucket.put("a", b"a", TEXT)
    bucket.download_url("a", 60)
    kept = [*files(stated), Path(stated["at"], "files"), Path(stated["key"])]
    assert [each.stat().st_mode & 0o077 for each in kept] == [0, 0, 0]


def test_a_name_of_a_file_is_no_address_and_holds_no_key(
    stated: dict[str, Any], bucket: LocalBucket
) -> None:
    bucket.put("pending/ada/passport.png", b"a", TEXT)
    (file,) = files(stated)
    assert len(file.name) == len(new_id(0))
    with pytest.raises(BlobMissingError):
        bucket.get(file.name)


@pytest.mark.parametrize("durability", ["normal", "full"])
def test_an_address_is_not_good_when_its_time_is_over(tmp_path: Path, durability: str) -> None:
    with serving(tmp_path, durability) as server:
        local = Local(server)
        local.granted().put("a", b"a", TEXT)
        now_ms = time.time_ns() // 1_000_000
        for ends_ms, status in ((now_ms - 1, 403), (now_ms + 60_000, 200)):
            allowed = Allowed("GET", "uploads", "a")
            url = signed_url(server.stated["url"], allowed, ends_ms, local.secret)
            assert local.fetch(url)[0] == status
            allowed = Allowed("PUT", "uploads", "b", TEXT, 1)
            url = signed_url(server.stated["url"], allowed, ends_ms, local.secret)
            assert local.send(url, {"content-type": TEXT}, b"b") == status
        local.close()
        assert server.end(signal.SIGTERM) == 0
