"""The bucket in memory is exact about when an address ends."""

from app.adapters.memory.blobs import MemoryBucket
from app.adapters.memory.clock import MemoryClock


def test_an_address_is_good_until_the_very_millisecond() -> None:
    clock = MemoryClock(1_700_000_000_123)
    bucket = MemoryBucket(clock)
    upload = bucket.upload_url("a", "text/plain", 1, 60)
    download = bucket.download_url("a", 60)
    clock.advance(59_999)
    assert bucket.receive(upload.url, upload.headers, b"a") == 200
    assert bucket.serve(download) == (200, b"a")
    clock.advance(1)
    assert bucket.receive(upload.url, upload.headers, b"b") == 403
    assert bucket.serve(download) == (403, b"")
    assert bucket.get("a") == b"a"


def test_one_buckets_addresses_are_not_anothers() -> None:
    clock = MemoryClock(1_700_000_000_000)
    one, other = MemoryBucket(clock), MemoryBucket(clock)
    other.put("a", b"secret", "text/plain")
    assert one.download_url("a", 60).startswith("memory://")
    assert other.serve(one.download_url("a", 60)) == (403, b"")
    assert other.serve("memory://nonsense") == (403, b"")


def test_header_names_are_taken_in_any_case() -> None:
    bucket = MemoryBucket(MemoryClock(1_700_000_000_000))
    upload = bucket.upload_url("a", "text/plain", 1, 60)
    assert bucket.receive(upload.url, {"Content-Type": "text/plain"}, b"a") == 200
