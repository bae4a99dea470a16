"""Buckets on what plays OSS, made for a test, as the suite of buckets runs on them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx

from app.adapters.alicloud import oss
from app.adapters.alicloud.blobs import OssBucket
from app.adapters.common.blobs import granted
from app.ports.blobs import Bucket
from tests.support.loopback import KEYS, REGION
from tests.support.oss_server import Oss, oss_server

ALL = ("read", "write")
AT, PUBLIC_AT = "shop-test-uploads", "shop-test-images"


class OssBuckets:
    """The buckets `uploads` and, public, `images`, with what a browser does to their addresses."""

    def __init__(self, server: Oss) -> None:
        self.server = server
        self.client = oss.make(server.url, REGION, lambda: KEYS)
        for at, public in ((AT, None), (PUBLIC_AT, "")):
            server.make(at, public)
        self.raw = self.of("uploads", AT)
        self._public = self.of("images", PUBLIC_AT, public=f"{server.url}/{PUBLIC_AT}")
        self._http = httpx.Client(trust_env=False, timeout=20)

    def of(self, name: str, at: str, public: str | None = None) -> OssBucket:
        return OssBucket(name, at, lambda: self.client, lambda: self.client, public=public)

    def granted(self, *may: str) -> Bucket:
        return granted(self.raw, "uploads", {"may": may or ALL}, "shelf")

    def public(self) -> Bucket:
        return granted(self._public, "images", {"may": ALL}, "shelf")

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        return self._http.put(url, headers=dict(headers), content=body).status_code

    def fetch(self, url: str) -> tuple[int, bytes]:
        answer = self._http.get(url)
        return answer.status_code, answer.content if answer.is_success else b""

    def close(self) -> None:
        self._http.close()


@contextmanager
def oss_buckets() -> Iterator[OssBuckets]:
    """The two buckets, empty."""
    with oss_server() as server:
        made = OssBuckets(server)
        try:
            yield made
        finally:
            made.close()
