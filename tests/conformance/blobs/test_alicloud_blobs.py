"""The bucket on OSS: what it signs, what it asks for, and what becomes of OSS's refusals."""

import gzip
import traceback
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from app.adapters.alicloud import keys as names
from app.adapters.alicloud import oss
from app.adapters.alicloud.blobs import OssBucket, open_bucket
from app.adapters.alicloud.keys import Keys
from app.ports.errors import (
    AccessDeniedError,
    BlobMissingError,
    BlobTooLargeError,
    InvalidValueError,
    PortError,
    ResourceMissingError,
    UnavailableError,
)
from tests.support.alicloud_account import Account
from tests.support.loopback import KEYS, REGION, Answered, Asked, serving
from tests.support.oss_bucket import OssBuckets, oss_buckets
from tests.support.oss_server import Oss, oss_server
from tests.support.oss_v4 import signature

TEXT = "text/plain"
PLANTED = "planted-key"
INSIDE = "https://oss-cn-hangzhou-internal.aliyuncs.com"
STATED = {"may": ["read"], "at": "the-bucket", "endpoint": INSIDE, "region": "cn-hangzhou"}


@pytest.fixture(scope="module")
def playing() -> Iterator[tuple[Oss, OssBuckets]]:
    with oss_server() as server:
        account = Account(KEYS, REGION, {"oss": server.url}, real=False)
        with oss_buckets(account) as buckets:
            yield server, buckets


@pytest.fixture
def server(playing: tuple[Oss, OssBuckets]) -> Oss:
    playing[0].asked.clear()
    return playing[0]


@pytest.fixture
def buckets(playing: tuple[Oss, OssBuckets]) -> OssBuckets:
    return playing[1]


@pytest.fixture
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in zip((names.ID, names.SECRET, names.TOKEN), KEYS, strict=True):
        monkeypatch.setenv(name, text)


def test_what_checks_signatures_here_makes_the_one_that_oss_documents() -> None:
    # the worked example of help/en/oss/developer-reference/recommend-to-use-signature-version-4
    asked = Asked(
        method="PUT",
        host="examplebucket.oss-cn-hangzhou.aliyuncs.com",
        raw_path="/exampleobject",
        raw_query="",
        headers={
            "content-disposition": "attachment",
            "content-length": "3",
            "content-md5": "ICy5YqxZB1uWSwcVLSNLcA==",
            "content-type": "text/plain",
            "x-oss-content-sha256": "UNSIGNED-PAYLOAD",
            "x-oss-date": "20250411T064124Z",
        },
        body=b"123",
    )
    assert signature(
        asked,
        "/examplebucket/exampleobject",
        ["content-disposition", "content-length"],
        "yourAccessKeySecret",
        "20250411/cn-hangzhou/oss/aliyun_v4_request",
        "20250411T064124Z",
    ) == ("d3694c2dfc5371ee6acd35e88c4871ac95a7ba01d3a2f476768fe61218590097")


def test_an_upload_is_signed_for_its_type_and_its_size(buckets: OssBuckets) -> None:
    query = parse_qs(urlsplit(buckets.raw.upload_url("a", "image/png", 5, 60).url).query)
    # the type always is, where a request has one
    assert query["x-oss-additional-headers"] == ["content-length"]
    assert "x-oss-additional-headers" not in buckets.raw.download_url("a", 60)


@pytest.mark.parametrize("expires_s", [1, 60, 7 * 24 * 3600])
def test_an_address_lasts_as_long_as_was_asked_and_no_longer(
    server: Oss, buckets: OssBuckets, at: str, expires_s: int
) -> None:
    buckets.raw.put(at, b"a", TEXT)
    url = buckets.raw.download_url(at, expires_s)
    stated = int(parse_qs(urlsplit(url).query)["x-oss-expires"][0])
    assert expires_s - (expires_s > 60) <= stated <= expires_s  # what OSS takes ends with 7 days
    try:
        if expires_s > 1:
            server.ahead = timedelta(seconds=expires_s - 10)
            assert buckets.fetch(url) == (200, b"a")
        server.ahead = timedelta(seconds=expires_s + 1)
        assert buckets.fetch(url) == (403, b"")
    finally:
        server.ahead = timedelta()


@pytest.mark.usefixtures("_keys")
@pytest.mark.parametrize(
    ("url", "host"),
    [
        (None, "the-bucket.oss-cn-hangzhou.aliyuncs.com"),
        ("https://files.shop.example", "files.shop.example"),
    ],
)
def test_browsers_are_sent_to_the_bound_domain_or_to_the_public_endpoint(
    url: str | None, host: str
) -> None:
    bucket = open_bucket("uploads", {**STATED, **({"url": url} if url else {})})
    for signed in (bucket.upload_url("a b", TEXT, 1, 60).url, bucket.download_url("a b", 60)):
        address = urlsplit(signed)
        assert (address.scheme, address.netloc, address.path) == ("https", host, "/a%20b")


def test_the_public_address_is_the_bound_domains_or_the_buckets_own() -> None:
    bound = {**STATED, "url": "https://files.shop.example", "public": True}
    assert (
        open_bucket("images", bound).public_url("a b/ü?")
        == "https://files.shop.example/a%20b/%C3%BC%3F"
    )
    own = open_bucket("images", {**STATED, "public": True})
    assert own.public_url("a") == "https://the-bucket.oss-cn-hangzhou.aliyuncs.com/a"
    for private in (STATED, {**bound, "public": False}):
        with pytest.raises(InvalidValueError, match="images is not public"):
            open_bucket("images", private).public_url("a")


@pytest.mark.usefixtures("_keys")
def test_a_bucket_is_opened_with_the_keys_that_the_environment_has_then(
    server: Oss, buckets: OssBuckets, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = open_bucket("uploads", {**STATED, "at": buckets.at, "endpoint": server.url})
    bucket.put(at, b"a", TEXT)
    try:
        server.keys = Keys(KEYS.id, "renewed", "renewed token")
        with pytest.raises(UnavailableError, match="InvalidSecurityToken"):
            bucket.get(at)
        monkeypatch.setenv(names.SECRET, "renewed")
        monkeypatch.setenv(names.TOKEN, "renewed token")
        assert bucket.get(at) == b"a"
        assert buckets.fetch(bucket.download_url(at, 60)) == (200, b"a")
        monkeypatch.delenv(names.SECRET)
        with pytest.raises(UnavailableError, match=f"the environment has no {names.ID}"):
            bucket.get(at)
    finally:
        server.keys = KEYS


def test_a_read_asks_for_no_more_bytes_than_it_takes_and_for_the_very_blob(
    server: Oss,
    buckets: OssBuckets,
) -> None:
    bucket = buckets.granted()
    bucket.put("noted", bytes(300_000), TEXT)
    seen = bucket.head("noted")
    assert seen is not None
    server.asked.clear()
    assert bucket.peek("noted", 16, etag=seen.etag) == bytes(16)
    with pytest.raises(BlobTooLargeError, match="has 300000 bytes"):
        bucket.get("noted", at_most=9)
    assert len(bucket.get("noted", at_most=300_000)) == 300_000
    told = [(each.headers["range"], each.headers.get("if-match")) for each in server.asked]
    assert told == [
        ("bytes=0-15", f'"{seen.etag}"'),
        ("bytes=0-9", None),
        ("bytes=0-300000", None),
    ]


def test_a_bucket_that_is_not_there_is_missing_and_not_one_blob_of_it(
    buckets: OssBuckets, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"a")
    gone = buckets.of("gone", "shop-test-never-made")
    calls: list[Callable[[], object]] = [
        lambda: gone.put("a", b"a", TEXT),
        lambda: gone.put_file("a", file, TEXT),
        lambda: gone.get("a"),
        lambda: gone.peek("a", 1),
        lambda: gone.head("a"),
        lambda: gone.delete("a"),
    ]
    for call in calls:
        with pytest.raises(ResourceMissingError, match="NoSuchBucket"):
            call()


def test_a_copy_of_a_blob_onto_itself_is_held_to_its_being_there(buckets: OssBuckets) -> None:
    with pytest.raises(BlobMissingError):
        buckets.raw.copy("nothing/there", "nothing/there", etag="any")


@pytest.mark.parametrize(
    ("code", "status", "error", "asked"),
    [
        ("AccessDenied", 403, AccessDeniedError, 1),
        ("SecurityTokenExpired", 403, UnavailableError, 1),
        ("InternalError", 500, UnavailableError, 3),
        ("QpsLimitExceeded", 503, UnavailableError, 3),
        ("PublicEndpointForbidden", 400, PortError, 1),
    ],
)
def test_a_refusal_is_the_ports_error_and_tells_nothing_of_the_key(
    server: Oss, buckets: OssBuckets, code: str, status: int, error: type[PortError], asked: int
) -> None:
    server.refusing = (code, status)
    try:
        with pytest.raises(error) as raised:
            buckets.raw.get(PLANTED)
    finally:
        server.refusing = None
    assert type(raised.value) is error
    assert code in str(raised.value)
    assert PLANTED not in "".join(traceback.format_exception(raised.value))
    assert len(server.asked) == asked


def test_a_password_for_every_host_is_not_sent_in_the_signatures_place(
    buckets: OssBuckets, at: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "netrc"
    mine.write_text(f"default login ann password {PLANTED}\n")
    monkeypatch.setenv("NETRC", str(mine))
    buckets.raw.put(at, b"a", TEXT)
    assert buckets.raw.get(at) == b"a"


@pytest.mark.parametrize(
    "body", [gzip.compress(bytes(1_000_000)), b"plain"], ids=["compressed", "not compressed"]
)
def test_what_the_sender_calls_compressed_is_read_as_it_is_stored(
    buckets: OssBuckets, at: str, body: bytes
) -> None:
    """It would be larger than `at_most`, or could not be read: no signature covers the header."""
    upload = buckets.raw.upload_url(at, "image/png", len(body), 60)
    headers = {**upload.headers, "content-encoding": "gzip"}
    assert buckets.send(upload.url, headers, body) == 200
    assert buckets.raw.get(at, at_most=len(body)) == body
    assert buckets.raw.peek(at, 2) == body[:2]


@pytest.mark.parametrize(
    "answer",
    [
        Answered(200, b"<html>", {"content-length": "6"}),
        Answered(206, b"abc", {"content-range": "bytes 0-2/*"}),
        Answered(200, b"", {"content-length": "many", "connection": "close"}),
    ],
    ids=["of another", "without a size", "no number"],
)
def test_an_answer_that_is_not_of_oss_is_an_unavailable_store(answer: Answered) -> None:
    with serving(lambda _: answer) as url:
        client = oss.make(url, "cn-hangzhou", lambda: KEYS)
        bucket = OssBucket("uploads", "the-bucket", lambda: client, lambda: client)
        calls: list[Callable[[], object]] = [
            lambda: bucket.get("a"),
            lambda: bucket.peek("a", 1),
            lambda: bucket.head("a"),
        ]
        for call in calls:
            with pytest.raises(UnavailableError):
                call()
    with serving(lambda _: Answered(200, b"no XML")) as url:
        client = oss.make(url, "cn-hangzhou", lambda: KEYS)
        bucket = OssBucket("uploads", "the-bucket", lambda: client, lambda: client)
        with pytest.raises(UnavailableError, match="CopyObject"):
            bucket.copy("a", "b", etag="any")


def test_a_body_that_ends_too_early_is_no_blob() -> None:
    headers = {"content-length": "9", "content-range": "bytes 0-8/9", "connection": "close"}
    with serving(lambda _: Answered(206, b"half", headers)) as url:
        client = oss.make(url, "cn-hangzhou", lambda: KEYS)
        with pytest.raises(UnavailableError, match="OSS did not answer"):
            OssBucket("uploads", "any", lambda: client, lambda: client).get("a")


def test_where_nothing_answers_the_bucket_is_unavailable() -> None:
    client = oss.make("http://127.0.0.1:1", "cn-hangzhou", lambda: KEYS)
    with pytest.raises(UnavailableError, match="OSS did not answer: RequestError") as raised:
        OssBucket("uploads", "any", lambda: client, lambda: client).get(PLANTED)
    assert PLANTED not in "".join(traceback.format_exception(raised.value))
