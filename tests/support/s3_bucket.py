"""Buckets on AWS, or on what plays it, made for a test and removed after it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any
from urllib.parse import unquote

import httpx
from botocore.awsrequest import AWSResponse

from app.adapters.aws import clients
from app.adapters.aws.blobs import S3Bucket
from app.adapters.common.blobs import granted
from app.ports.blobs import Bucket
from app.ports.errors import BlobMissingError
from tests.support.sigv4 import allowed

CDN = "https://images.example"
ALL = ("read", "write")


class S3:
    """The buckets `uploads` and, public, `images`, with what a browser does to their addresses.

    Nobody runs a CDN here: an address of its is taken for the key that it has to lead to.
    """

    def __init__(self, connection: Mapping[str, Any]) -> None:
        """`connection` is how boto3's clients are made; with one of its own, moto is behind it."""
        self._secret: str | None = connection.get("aws_secret_access_key")
        self.client = clients.make("s3", **connection)
        if self._secret is not None:
            self.client.meta.events.register("before-call.s3.CopyObject", self._held_to_its_etag)
        self.at = self._make("uploads")
        self.public_at = self._make("images")
        self.raw = S3Bucket("uploads", self.at, lambda: self.client)
        self._public = S3Bucket("images", self.public_at, lambda: self.client, public=CDN)
        self._http = httpx.Client(trust_env=False, timeout=20)

    def granted(self, *may: str) -> Bucket:
        return granted(self.raw, "uploads", {"may": may or ALL}, "shelf")

    def public(self) -> Bucket:
        return granted(self._public, "images", {"may": ALL}, "shelf")

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        if url.startswith(f"{CDN}/") or not self._allowed("PUT", url, headers, len(body)):
            return 403
        return self._http.put(url, headers=dict(headers), content=body).status_code

    def fetch(self, url: str) -> tuple[int, bytes]:
        if url.startswith(f"{CDN}/"):
            return self._through_cdn(unquote(url.removeprefix(f"{CDN}/")))
        if not self._allowed("GET", url, {}, 0):
            return 403, b""
        answer = self._http.get(url)
        return answer.status_code, answer.content if answer.is_success else b""

    def close(self) -> None:
        self._http.close()
        for at in (self.at, self.public_at):
            for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=at):
                if there := [{"Key": each["Key"]} for each in page.get("Contents", ())]:
                    self.client.delete_objects(Bucket=at, Delete={"Objects": there})
            self.client.delete_bucket(Bucket=at)

    def _make(self, name: str) -> str:
        at = f"shop-test-{name}-{token_hex(6)}"
        region = self.client.meta.region_name
        # the oldest region alone must not be named
        where: dict[str, Any] = {"CreateBucketConfiguration": {"LocationConstraint": region}}
        if region == "us-east-1":
            where = {}
        self.client.create_bucket(Bucket=at, **where)
        return at

    def _held_to_its_etag(self, params: Mapping[str, Any], **_: object) -> Any:
        """What S3 answers to a copy of another blob than was stated, which moto carries out."""
        stated = params["headers"].get("x-amz-copy-source-if-match")
        bucket, key = unquote(params["headers"]["x-amz-copy-source"]).split("/", 1)
        try:
            found = self.client.head_object(Bucket=bucket, Key=key)["ETag"]
        except self.client.exceptions.ClientError:
            return None  # moto says that it is missing
        if stated is None or stated == found:
            return None
        answer = AWSResponse("", 412, {}, None)
        return answer, {
            "Error": {"Code": "PreconditionFailed"},
            "ResponseMetadata": {"HTTPStatusCode": 412},
        }

    def _allowed(self, method: str, url: str, headers: Mapping[str, str], size: int) -> bool:
        """Whether the signature is right; S3 itself tells, and moto asks for none."""
        if self._secret is None:
            return True
        return allowed(method, url, headers, size, self._secret, datetime.now(UTC))

    def _through_cdn(self, key: str) -> tuple[int, bytes]:
        try:
            return 200, self._public.get(key)
        except BlobMissingError:
            return 404, b""


@contextmanager
def s3(connection: Mapping[str, Any]) -> Iterator[S3]:
    """The two buckets, empty; afterwards there are none."""
    made = S3(connection)
    try:
        yield made
    finally:
        made.close()
