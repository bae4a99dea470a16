"""Buckets on OSS, or on what plays it, made for a test, as the suite of buckets runs on them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from secrets import token_hex

import httpx

from app.adapters.alicloud import oss
from app.adapters.alicloud.blobs import OssBucket
from app.adapters.common.blobs import granted
from app.ports.blobs import Bucket
from tests.support.alicloud_account import Account

ALL = ("read", "write")


class OssBuckets:
    """The buckets `uploads` and, public, `images`, with what a browser does to their addresses."""

    def __init__(self, account: Account) -> None:
        self.client = oss.make(account.at["oss"], account.region, lambda: account.keys)
        self._sdk = oss.sdk()
        self.at, self.public_at = (f"shop-test-{name}-{token_hex(6)}" for name in ("up", "images"))
        self._made: list[str] = []
        self._make(self.at)
        self._make(self.public_at)
        self._open(self.public_at)
        self.raw = self.of("uploads", self.at)
        self._public = self.of("images", self.public_at, public=account.bucket_at(self.public_at))
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
        for at in self._made:
            asked = self._sdk.ListObjectsV2Request(bucket=at, encoding_type="url")
            for page in self.client.list_objects_v2_paginator().iter_page(asked):
                for each in page.contents or ():
                    self.client.delete_object(self._sdk.DeleteObjectRequest(at, each.key))
            self.client.delete_bucket(self._sdk.DeleteBucketRequest(at))

    def _make(self, at: str) -> None:
        self.client.put_bucket(self._sdk.PutBucketRequest(at))
        self._made.append(at)

    def _open(self, at: str) -> None:
        """Let everybody read it, which each new bucket forbids at first."""
        block = self._sdk.PublicAccessBlockConfiguration(block_public_access=False)
        self.client.put_bucket_public_access_block(
            self._sdk.PutBucketPublicAccessBlockRequest(at, block)
        )
        self.client.put_bucket_acl(self._sdk.PutBucketAclRequest(at, "public-read"))


@contextmanager
def oss_buckets(account: Account) -> Iterator[OssBuckets]:
    """The two buckets, empty; afterwards there are none."""
    made = OssBuckets(account)
    try:
        yield made
    finally:
        made.close()
