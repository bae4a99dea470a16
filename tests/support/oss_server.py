"""OSS as far as the adapter uses it: objects of buckets, in memory, behind its signature.

Errors are those of https://www.alibabacloud.com/help/en/oss/developer-reference/error-responses,
a bucket's public access help/en/oss/user-guide/block-public-access,
ranges as help/en/oss/how-to-obtain-oss-resources-by-segmenting-http-range-requests has them, names
of objects as help/en/oss/user-guide/object-naming-conventions.
"""

import re
import threading
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import md5
from typing import NamedTuple
from urllib.parse import quote, unquote

from app.adapters.alicloud.keys import Keys
from tests.support.loopback import KEYS, REGION, Answered, Asked, serving
from tests.support.oss_v4 import DeniedError, check

_RANGE = re.compile(r"bytes=(\d+)-(\d+)", re.ASCII)
_KEY_BYTES = 1023
_KEYS_AT_ONCE = 10  # fewer than the service gives


class Stored(NamedTuple):
    """One object."""

    body: bytes
    content_type: str
    encoding: str = ""

    @property
    def etag(self) -> str:
        return f'"{md5(self.body, usedforsecurity=False).hexdigest().upper()}"'


@dataclass
class Oss:
    """What the server has. `asked` is every request; `ahead` moves its clock."""

    url: str = ""
    keys: Keys = KEYS
    region: str = REGION
    ahead: timedelta = timedelta()
    buckets: dict[str, dict[str, Stored]] = field(default_factory=dict)
    public: set[str] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)
    asked: list[Asked] = field(default_factory=list)
    refusing: tuple[str, int] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def make(self, bucket: str, *, public: bool = False) -> None:
        self.buckets[bucket] = {}
        if public:
            self.public.add(bucket)

    def answer(self, asked: Asked) -> Answered:
        try:
            found = self._answer(asked)
        except DeniedError as denied:
            found = _error(denied.code, denied.status, asked.method)
        return replace(found, headers={"x-oss-request-id": "5C06A3B6", **found.headers})

    def _answer(self, asked: Asked) -> Answered:
        bucket, _, key = asked.path.removeprefix("/").partition("/")
        now = datetime.now(UTC) + self.ahead
        signed = check(asked, f"/{bucket}/{key}", self.keys, self.region, now)
        with self.lock:
            self.asked.append(asked)
            if self.refusing is not None:
                raise DeniedError(*self.refusing)
            if signed and not key:
                return self._of_bucket(asked, bucket)
            if bucket not in self.buckets:
                raise DeniedError("NoSuchBucket", 404)
            if not signed and not (bucket in self.public and asked.method in {"GET", "HEAD"}):
                raise DeniedError("AccessDenied")
            if not 1 <= len(key.encode()) <= _KEY_BYTES or key.startswith(("/", "\\")):
                raise DeniedError("InvalidObjectName", 400)
            return self._done(asked, self.buckets[bucket], key)

    def _of_bucket(self, asked: Asked, bucket: str) -> Answered:
        """What is done to a whole bucket; nothing of it is public before both steps were taken."""
        if asked.method == "PUT" and not asked.pairs:
            self.buckets.setdefault(bucket, {})
            self.closed.add(bucket)
            return Answered(200)
        if bucket not in self.buckets:
            raise DeniedError("NoSuchBucket", 404)
        match asked.method, next(iter(asked.query), ""):
            case "PUT", "publicAccessBlock" if b"<BlockPublicAccess>false<" in asked.body:
                self.closed.discard(bucket)
            case "PUT", "acl" if asked.headers.get("x-oss-acl") == "public-read":
                if bucket in self.closed:
                    raise DeniedError("AccessDenied")
                self.public.add(bucket)
            case "GET", _ if asked.query.get("list-type") == "2":
                return _listed(self.buckets[bucket], asked.query.get("continuation-token", ""))
            case "DELETE", "":
                if self.buckets[bucket]:
                    raise DeniedError("BucketNotEmpty", 409)
                del self.buckets[bucket]
                return Answered(204)
            case _:
                raise DeniedError("InvalidArgument", 400)
        return Answered(200)

    def _done(self, asked: Asked, objects: dict[str, Stored], key: str) -> Answered:
        match asked.method:
            case "PUT" if source := asked.headers.get("x-oss-copy-source"):
                found = self._source(source, asked.headers)
                objects[key] = found
                return Answered(
                    200,
                    f"<CopyObjectResult><ETag>{found.etag}</ETag></CopyObjectResult>".encode(),
                    {"etag": found.etag, "content-type": "application/xml"},
                )
            case "PUT":
                content_type = asked.headers.get("content-type", "application/octet-stream")
                encoding = asked.headers.get("content-encoding", "")
                objects[key] = Stored(asked.body, content_type, encoding)
                return Answered(200, headers={"etag": objects[key].etag})
            case "DELETE":
                objects.pop(key, None)
                return Answered(204)
        if key not in objects:
            raise DeniedError("NoSuchKey", 404)
        found = objects[key]
        if asked.headers.get("if-match", found.etag) != found.etag:
            raise DeniedError("PreconditionFailed", 412)
        headers = {
            "etag": found.etag,
            "content-type": found.content_type,
            "last-modified": format_datetime(datetime.now(UTC), usegmt=True),
            **({"content-encoding": found.encoding} if found.encoding else {}),
        }
        if asked.method == "HEAD":
            return Answered(200, headers={**headers, "content-length": str(len(found.body))})
        return _ranged(found.body, asked.headers, headers)

    def _source(self, stated: str, headers: Mapping[str, str]) -> Stored:
        bucket, _, key = unquote(stated).removeprefix("/").partition("/")
        found = self.buckets.get(bucket, {}).get(key)
        if found is None:
            raise DeniedError("NoSuchKey", 404)
        if headers.get("x-oss-copy-source-if-match", found.etag) != found.etag:
            raise DeniedError("PreconditionFailed", 412)
        return found


@contextmanager
def oss_server() -> Iterator[Oss]:
    """A server without buckets."""
    made = Oss()
    with serving(made.answer) as made.url:
        yield made


def _listed(objects: Mapping[str, Stored], after: str) -> Answered:
    keys = sorted(key for key in objects if key > after)
    shown, more = keys[:_KEYS_AT_ONCE], len(keys) > _KEYS_AT_ONCE
    token = f"<NextContinuationToken>{quote(shown[-1])}</NextContinuationToken>" if more else ""
    told = "".join(f"<Contents><Key>{quote(key)}</Key></Contents>" for key in shown)
    return Answered(
        200,
        f"<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>{str(more).lower()}"
        f"</IsTruncated>{token}{told}</ListBucketResult>".encode(),
        {"content-type": "application/xml"},
    )


def _ranged(body: bytes, asked: Mapping[str, str], headers: Mapping[str, str]) -> Answered:
    wanted = _RANGE.fullmatch(asked.get("range", ""))
    if wanted is None:
        return Answered(200, body, headers)
    first, last = int(wanted[1]), int(wanted[2])
    if last >= len(body):
        if asked.get("x-oss-range-behavior") != "standard":
            return Answered(200, body, headers)
        if first >= len(body):
            raise DeniedError("InvalidRange", 416)
    part = body[first : last + 1]
    told = f"bytes {first}-{first + len(part) - 1}/{len(body)}"
    return Answered(206, part, {**headers, "content-range": told})


def _error(code: str, status: int, method: str) -> Answered:
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f"<Error><Code>{code}</Code><Message>As it is.</Message><RequestId>5C06A3B6</RequestId>"
        "<HostId>oss-test</HostId></Error>"
    ).encode()
    if method == "HEAD":  # which has no body: the SDK reads this header
        return Answered(status, headers={"x-oss-err": b64encode(text).decode()})
    return Answered(status, text, {"content-type": "application/xml"})
