"""Of a public bucket anyone may GET what he knows the key of, and do nothing else."""

import pytest

from app.adapters.common.blobs import granted
from app.ports.errors import InvalidValueError
from tests.conformance.blobs.buckets import Opened
from tests.conformance.blobs.test_blob_values import BAD_KEYS

TEXT = "text/plain"
KEYS = ["a", "a b/ü?&=#%2F+", "处理/🛒.png", "~*()[]{}|^`<>:@!$,"]


@pytest.mark.parametrize("key", KEYS)
def test_what_a_public_bucket_holds_is_fetched_by_its_address_alone(
    made: Opened, at: str, key: str
) -> None:
    bucket = made.public()
    bucket.put(f"{at}/{key}", key.encode(), TEXT)
    url = bucket.public_url(f"{at}/{key}")
    assert "?" not in url
    assert made.fetch(url) == (200, key.encode())
    bucket.delete(f"{at}/{key}")
    assert made.fetch(url) == (404, b"")


def test_a_public_address_takes_nothing(made: Opened, at: str) -> None:
    bucket = made.public()
    bucket.put(at, b"before", TEXT)
    assert made.send(bucket.public_url(at), {"content-type": TEXT}, b"mine!!") == 403
    assert made.send(bucket.public_url(f"{at}/b"), {"content-type": TEXT}, b"mine!!") == 403
    assert bucket.get(at) == b"before"
    assert bucket.head(f"{at}/b") is None


def test_signed_addresses_of_a_public_bucket_are_good_too(made: Opened, at: str) -> None:
    bucket = made.public()
    upload = bucket.upload_url(at, TEXT, 5, 60)
    assert made.send(upload.url, upload.headers, b"1234") == 403
    assert made.send(upload.url, upload.headers, b"12345") == 200
    assert made.fetch(bucket.download_url(at, 60)) == (200, b"12345")
    assert made.fetch(bucket.public_url(at)) == (200, b"12345")


def test_a_bucket_that_is_not_public_has_no_public_address_and_gives_nothing_unsigned(
    made: Opened, at: str
) -> None:
    bucket = made.granted()
    bucket.put(at, b"private", TEXT)
    with pytest.raises(InvalidValueError, match=r"uploads is not public.*use download_url"):
        bucket.public_url(at)
    unsigned = bucket.download_url(at, 60).partition("?")[0]
    for url in (unsigned, f"{unsigned}?", f"{unsigned}?v=1"):
        assert made.fetch(url) == (403, b"")


def test_any_grant_is_enough_to_tell_a_public_address(made: Opened) -> None:
    url = made.public().public_url("a")
    for may in ("read", "write"):
        assert granted(made.public(), "images", {"may": [may]}, "shelf").public_url("a") == url


def test_a_key_that_no_store_takes_has_no_public_address(made: Opened) -> None:
    for key in BAD_KEYS:
        with pytest.raises(InvalidValueError):
            made.public().public_url(key)
