"""A bucket on OSS, and addresses that OSS itself answers.

Functions reach it inside of Alibaba Cloud's network, browsers by a domain that is bound to the
bucket, or by OSS's own public one: of that, accounts opened after March 2025 may not use those of
mainland China for data, which OSS refuses as PublicEndpointForbidden.
"""

import os
from collections.abc import Callable
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from app.adapters.alicloud import oss
from app.adapters.common.blobs import public_address, too_large
from app.adapters.common.etags import ABSENT, ANOTHER, check_same, quoted
from app.ports.adapters import Stated
from app.ports.blobs import READ_BYTES, Blob, Upload
from app.ports.errors import BlobMissingError, ConditionFailedError

_GONE, _OTHER, _NO_BYTES = 404, 412, 416
_NO_BUCKET = "NoSuchBucket"
_LONGEST = timedelta(days=7)
_MEANWHILE = timedelta(milliseconds=500)  # seconds are counted when it is signed, cut to whole ones


class OssBucket:
    """The bucket that OSS calls `at`.

    `client` makes a client for what the function does, `browsers` one for what it signs for them;
    `public` is the address that all of the bucket may be read at, if that is so.
    """

    def __init__(
        self,
        name: str,
        at: str,
        client: Callable[[], Any],
        browsers: Callable[[], Any],
        *,
        public: str | None = None,
    ) -> None:
        self._name = name
        self._at = at
        self._made, self._made_for_browsers = client, browsers
        self._public = public

    @cached_property
    def _client(self) -> Any:
        return self._made()

    @cached_property
    def _browsers(self) -> Any:
        return self._made_for_browsers()

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """Store these bytes in place of what is there."""
        self._ask("put_object", "PutObject", key=key, body=body, content_type=content_type)

    def put_file(self, key: str, file: Path, content_type: str) -> None:
        """Store a file's bytes. Raises OSError when it cannot be read."""
        with file.open("rb") as content:
            # an empty file would be sent as a stream that does not tell its size
            body = content if os.fstat(content.fileno()).st_size else b""
            self._ask("put_object", "PutObject", key=key, body=body, content_type=content_type)

    def get(self, key: str, *, at_most: int = READ_BYTES, etag: str | None = None) -> bytes:
        """The bytes. Raises as the port says."""
        size, body = self._read(key, at_most, at_most + 1, etag)
        if size > at_most:
            raise too_large(size, at_most)
        return body

    def peek(self, key: str, size: int, *, etag: str | None = None) -> bytes:
        """The first bytes. Raises as the port says."""
        return self._read(key, None, size, etag)[1]

    def head(self, key: str) -> Blob | None:
        """What is there, or None."""
        try:
            found = self._ask("head_object", "HeadObject", key=key)
        except BlobMissingError:
            return None
        if found.content_length is None or found.etag is None:
            raise oss.unreadable("HeadObject")
        return Blob(key, found.content_length, found.content_type or "", found.etag.strip('"'))

    def copy(self, source: str, target: str, *, etag: str) -> None:
        """Put the blob of `source` under `target` too. Raises as the port says.

        Within a bucket OSS copies what is larger than 5 GB, too, but no more than 1 GB where the
        encryption changes, and does not say whether the bucket's own counts as a change
        (help/en/oss/developer-reference/copyobject). The shop keeps uploads of 10 MB at most.
        """
        if source == target:
            check_same(self.head(source), etag)
            return
        self._ask("copy_object", "CopyObject", key=target, source_key=source, if_match=quoted(etag))

    def delete(self, key: str) -> None:
        """Remove a blob; no error when there is none."""
        self._ask("delete_object", "DeleteObject", key=key)

    def upload_url(self, key: str, content_type: str, size: int, expires_s: int) -> Upload:
        """Where anyone may PUT the blob; OSS holds the sender to type and size, which are signed.

        It ends with the credentials that sign it: a function's last for hours, not for days.
        """
        stated = {"key": key, "content_type": content_type, "content_length": size}
        return Upload(self._signed("PutObject", stated, expires_s), {"content-type": content_type})

    def download_url(self, key: str, expires_s: int) -> str:
        """Where anyone may GET the blob; it, too, ends with the credentials that sign it."""
        return self._signed("GetObject", {"key": key}, expires_s)

    def public_url(self, key: str) -> str:
        """Where anyone may GET the blob. Raises InvalidValueError."""
        return public_address(self._name, self._public, key)

    def _read(
        self, key: str, at_most: int | None, first: int, etag: str | None
    ) -> tuple[int, bytes]:
        """The blob's size and its first bytes; none of one that has more than `at_most`."""
        held = {} if etag is None else {"if_match": quoted(etag)}
        try:
            answer = self._ask(
                "get_object",
                "GetObject",
                key=key,
                range_header=f"bytes=0-{first - 1}",
                range_behavior="standard",  # or of a smaller blob OSS would give all, without it
                **held,
            )
        except _EmptyError:
            return 0, b""
        told = (answer.content_range or "").rpartition("/")[2]
        with answer.body as body:
            if not (told.isascii() and told.isdigit()):
                raise oss.unreadable("GetObject")
            size = int(told)
            return size, b"" if at_most is not None and size > at_most else oss.read(body)

    def _signed(self, operation: str, stated: dict[str, Any], expires_s: int) -> str:
        lasting = min(timedelta(seconds=expires_s) + _MEANWHILE, _LONGEST)
        with oss.translated(operation):
            request = getattr(oss.sdk(), f"{operation}Request")(bucket=self._at, **stated)
            url: str = self._browsers.presign(request, expires=lasting).url
        return url

    def _ask(self, method: str, operation: str, **asked: Any) -> Any:
        """What OSS answers. Raises as the port says, and _EmptyError for a range of no bytes."""
        with oss.translated(operation):
            request = getattr(oss.sdk(), f"{operation}Request")(bucket=self._at, **asked)
            try:
                return getattr(self._client, method)(request)
            except oss.sdk().exceptions.OperationError as error:
                said, status = oss.code(error)
                # `from None`: the SDK puts the key into its words
                if status == _GONE and said != _NO_BUCKET:
                    raise BlobMissingError(ABSENT) from None
                if status == _OTHER:
                    raise ConditionFailedError(ANOTHER) from None
                if status == _NO_BYTES:
                    raise _EmptyError from None
                raise


class _EmptyError(Exception):
    """The blob has no byte at all: every range that begins at its start is refused."""


def open_bucket(name: str, stated: Stated) -> OssBucket:
    """The bucket that OSS calls `stated["at"]`; no client is made before it is used.

    `endpoint` is where the function reaches OSS in the bucket's `region`, `url` a domain that is
    bound to the bucket, if there is one; `public` says whether anyone may read it.
    """
    at, endpoint, region = stated["at"], stated["endpoint"], stated["region"]
    url = stated.get("url")
    return OssBucket(
        name,
        at,
        lambda: oss.client(endpoint, region),
        lambda: oss.client(url or oss.public(endpoint), region, bound=bool(url)),
        public=(url or _own_address(at, oss.public(endpoint))) if stated.get("public") else None,
    )


def _own_address(at: str, endpoint: str) -> str:
    """What OSS calls a bucket without a domain of its own: by its path where hosts are numbers."""
    address = urlsplit(endpoint)
    if (address.hostname or "").replace(".", "").isdigit():
        return f"{endpoint}/{at}"
    return f"{address.scheme}://{at}.{address.netloc}"
