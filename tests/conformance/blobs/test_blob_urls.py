"""A signed address does the one thing that it was signed for, and nothing else."""

import pytest

from tests.conformance.blobs.buckets import Opened

TEXT = "text/plain"
FORBIDDEN = 403


def upload(
    made: Opened, key: str, size: int, content_type: str = TEXT
) -> tuple[str, dict[str, str]]:
    found = made.granted("write").upload_url(key, content_type, size, 60)
    return found.url, dict(found.headers)


@pytest.mark.parametrize("key", ["a", "a b/ü?&=#%2F+", "处理/🛒.png"])
@pytest.mark.parametrize("size", [1, 2_000_000])
def test_what_is_sent_to_an_address_is_the_blob_and_can_be_fetched(
    made: Opened, at: str, key: str, size: int
) -> None:
    url, headers = upload(made, f"{at}/{key}", size, "image/png")
    body = bytes(index % 251 for index in range(size))
    assert made.send(url, headers, body) == 200
    head = made.granted().head(f"{at}/{key}")
    assert head is not None
    assert (head.size, head.content_type) == (size, "image/png")
    assert made.granted().get(f"{at}/{key}") == body
    assert made.fetch(made.granted("read").download_url(f"{at}/{key}", 60)) == (200, body)


def test_the_headers_of_an_upload_are_those_a_browser_may_set(made: Opened, at: str) -> None:
    assert upload(made, at, 5)[1] == {"content-type": TEXT}


def test_an_address_takes_the_place_of_what_is_there(made: Opened, at: str) -> None:
    made.granted().put(at, b"before", TEXT)
    url, headers = upload(made, at, 5)
    for body in (b"first", b"again"):
        assert made.send(url, headers, body) == 200
        assert made.granted().get(at) == body


@pytest.mark.parametrize("body", [b"", b"1234", b"123456", b"1" * 300_000])
def test_another_size_than_was_signed_is_refused(made: Opened, at: str, body: bytes) -> None:
    url, headers = upload(made, at, 5)
    assert made.send(url, headers, body) == FORBIDDEN
    assert made.granted().head(at) is None


@pytest.mark.parametrize("sent", ["image/png", "text/plain; charset=utf-8", "TEXT/PLAIN", ""])
def test_another_type_than_was_signed_is_refused(made: Opened, at: str, sent: str) -> None:
    url, _ = upload(made, at, 5)
    assert made.send(url, {"content-type": sent}, b"12345") == FORBIDDEN
    assert made.granted().head(at) is None


def test_an_address_for_one_key_is_good_for_no_other(made: Opened, at: str) -> None:
    bucket = made.granted()
    bucket.put(f"{at}/b", b"other", TEXT)
    url, headers = upload(made, f"{at}/a", 5)
    for other in (f"{at}/b", f"{at}/a/", f"{at}/aa", f"{at}%2f{at}/a", ""):
        assert made.send(url.replace(f"{at}/a", other), headers, b"12345") == FORBIDDEN
    download = bucket.download_url(f"{at}/a", 60)
    assert made.fetch(download.replace(f"{at}/a", f"{at}/b"))[0] == FORBIDDEN
    assert bucket.get(f"{at}/b") == b"other"
    assert bucket.head(f"{at}/a") is None


def test_an_address_for_one_bucket_is_good_for_no_other(made: Opened, at: str) -> None:
    url = made.granted().download_url(at, 60)
    bucket = url.rpartition(f"/{at}")[0].rpartition("/")[2]
    assert made.fetch(url.replace(f"/{bucket}/", "/others/"))[0] == FORBIDDEN


def test_an_address_to_fetch_does_not_take_and_one_to_send_does_not_give(
    made: Opened, at: str
) -> None:
    bucket = made.granted()
    bucket.put(at, b"12345", TEXT)
    url, _ = upload(made, at, 5)
    assert made.fetch(url) == (FORBIDDEN, b"")
    download = bucket.download_url(at, 60)
    assert made.send(download, {"content-type": TEXT}, b"54321") == FORBIDDEN
    assert made.send(download, {"content-type": ""}, b"") == FORBIDDEN
    assert bucket.get(at) == b"12345"


def test_an_address_that_was_changed_is_refused(made: Opened, at: str) -> None:
    bucket = made.granted()
    bucket.put(at, b"12345", TEXT)
    address, _, query = bucket.download_url(at, 60).partition("?")
    parts = query.split("&")
    assert len(parts) > 1
    for index, part in enumerate(parts):
        before, after = parts[:index], parts[index + 1 :]
        last = "1" if part[-1] != "1" else "2"
        for changed in ([], [part[:-1]], [part[:-1] + last], [part + "0"], [part, part]):
            other = "&".join([*before, *changed, *after])
            assert made.fetch(f"{address}?{other}") == (FORBIDDEN, b""), changed
    assert made.fetch(address) == (FORBIDDEN, b"")
    assert made.fetch(f"{address}?{query}") == (200, b"12345")
