"""The bucket on S3: what it signs, what it asks for, and what becomes of S3's refusals."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from app.adapters.aws import clients
from app.adapters.aws.blobs import S3Bucket, open_bucket
from app.ports.errors import (
    BlobMissingError,
    BlobTooLargeError,
    InvalidValueError,
    ResourceMissingError,
)
from tests.conformance.blobs.buckets import Opened
from tests.support.s3_bucket import S3
from tests.support.sigv4 import signed_headers

ADAPTERS = ("aws",)
TEXT = "text/plain"
KEYS = {"region_name": "eu-central-1", "aws_access_key_id": "k", "aws_secret_access_key": "s"}


@pytest.fixture
def s3(made: Opened) -> S3:
    assert isinstance(made, S3)
    return made


def on_aws() -> S3Bucket:
    """A bucket of the real cloud, of which nothing is asked but signatures."""
    return S3Bucket("uploads", "shop-aws-dev-uploads-1", lambda: clients.make("s3", **KEYS))


def test_an_upload_is_signed_for_its_type_and_its_size(s3: S3) -> None:
    for bucket in (on_aws(), s3.raw):
        url = bucket.upload_url("a", "image/png", 5, 60).url
        assert signed_headers(url) == {"host", "content-type", "content-length"}
        assert signed_headers(bucket.download_url("a", 60)) == {"host"}


def test_an_address_is_the_buckets_own_in_its_region() -> None:
    # the one without a region is redirected as long as a bucket is new
    for url in (on_aws().upload_url("a b", TEXT, 1, 60).url, on_aws().download_url("a b", 60)):
        address = urlsplit(url)
        assert address.netloc == "shop-aws-dev-uploads-1.s3.eu-central-1.amazonaws.com"
        assert (address.scheme, address.path) == ("https", "/a%20b")


def test_an_address_where_no_bucket_has_a_name_of_its_own_has_it_in_its_path() -> None:
    client = clients.make("s3", **KEYS, endpoint_url="http://127.0.0.1:1")
    bucket = S3Bucket("uploads", "the-bucket", lambda: client)
    assert bucket.download_url("a", 60).startswith("http://127.0.0.1:1/the-bucket/a?")


def test_a_read_asks_for_no_more_bytes_than_it_takes_and_for_the_very_blob(s3: S3) -> None:
    asked: list[tuple[str, str]] = []

    def note(request: Any, **_: object) -> None:
        asked.append((_text(request, "Range"), _text(request, "If-Match")))

    bucket = s3.granted()
    bucket.put("noted", bytes(300_000), TEXT)
    seen = bucket.head("noted")
    assert seen is not None
    s3.client.meta.events.register("before-send.s3.GetObject", note)
    try:
        assert bucket.peek("noted", 16, etag=seen.etag) == bytes(16)
        with pytest.raises(BlobTooLargeError, match="has 300000 bytes"):
            bucket.get("noted", at_most=9)
        assert len(bucket.get("noted", at_most=300_000)) == 300_000
    finally:
        s3.client.meta.events.unregister("before-send.s3.GetObject", note)
    assert asked == [
        ("bytes=0-15", f'"{seen.etag}"'),
        ("bytes=0-9", ""),
        ("bytes=0-300000", ""),
    ]


def _text(request: Any, header: str) -> str:
    found = request.headers.get(header, b"")
    return found.decode() if isinstance(found, bytes) else str(found)


def test_a_bucket_that_is_not_there_is_missing_and_not_one_blob_of_it(
    s3: S3, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"a")
    gone = S3Bucket("gone", "shop-test-never-made-4711", lambda: s3.client)
    calls: list[Callable[[], object]] = [
        lambda: gone.put("a", b"a", TEXT),
        lambda: gone.put_file("a", file, TEXT),
        lambda: gone.get("a"),
        lambda: gone.peek("a", 1),
        lambda: gone.delete("a"),
    ]
    for call in calls:
        with pytest.raises(ResourceMissingError, match="NoSuchBucket"):
            call()
    # S3 answers a HEAD without words
    assert gone.head("a") is None


def test_a_copy_of_a_blob_onto_itself_is_held_to_its_etag_and_to_its_being_there(s3: S3) -> None:
    with pytest.raises(BlobMissingError):
        s3.raw.copy("nothing/there", "nothing/there", etag="any")


def test_the_public_address_is_the_cdns() -> None:
    stated = {"may": ["write"], "at": "b"}
    bucket = open_bucket("images", {**stated, "url": "https://d1.cloudfront.net"})
    assert bucket.public_url("a b/ü?") == "https://d1.cloudfront.net/a%20b/%C3%BC%3F"
    with pytest.raises(InvalidValueError, match="images is not public"):
        open_bucket("images", stated).public_url("a")
