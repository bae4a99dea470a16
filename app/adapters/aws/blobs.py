"""A bucket on S3, and addresses that S3 itself, or the CDN before it, answers."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from app.adapters.aws import clients
from app.adapters.common.blobs import public_address, too_large
from app.adapters.common.etags import ABSENT, ANOTHER, check_same, quoted
from app.ports.adapters import Stated
from app.ports.blobs import READ_BYTES, Blob, Upload
from app.ports.errors import BlobMissingError, ConditionFailedError

_MISSING = frozenset({"NoSuchKey", "404"})  # a HEAD is answered without words
_ANOTHER = frozenset({"PreconditionFailed", "412"})
_EMPTY = frozenset({"InvalidRange", "416"})


class S3Bucket:
    """The bucket that AWS calls `at`.

    `client` makes an S3 client when one is needed; `public` is the address that all of the bucket
    may be read at, if that is so.
    """

    def __init__(
        self, name: str, at: str, client: Callable[[], Any], *, public: str | None = None
    ) -> None:
        self._name = name
        self._at = at
        self._made = client
        self._public = public

    @cached_property
    def _client(self) -> Any:
        return self._made()

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """Store these bytes in place of what is there."""
        self._ask("put_object", Key=key, Body=body, ContentType=content_type)

    def put_file(self, key: str, file: Path, content_type: str) -> None:
        """Store a file's bytes. Raises OSError when it cannot be read."""
        with file.open("rb") as content:
            self._ask("put_object", Key=key, Body=content, ContentType=content_type)

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
        """What is there, or None; S3 does not tell here whether the bucket itself is missing."""
        try:
            found = self._ask("head_object", Key=key)
        except BlobMissingError:
            return None
        etag = found["ETag"].strip('"')
        return Blob(key, found["ContentLength"], found.get("ContentType", ""), etag)

    def copy(self, source: str, target: str, *, etag: str) -> None:
        """Put the blob of `source` under `target` too. Raises as the port says."""
        if source == target:  # which S3 refuses
            check_same(self.head(source), etag)
            return
        self._ask(
            "copy_object",
            Key=target,
            CopySource={"Bucket": self._at, "Key": source},
            CopySourceIfMatch=quoted(etag),
        )

    def delete(self, key: str) -> None:
        """Remove a blob; no error when there is none."""
        self._ask("delete_object", Key=key)

    def upload_url(self, key: str, content_type: str, size: int, expires_s: int) -> Upload:
        """Where anyone may PUT the blob; S3 holds the sender to type and size, which are signed.

        It ends with the credentials that sign it: a function's last for hours, not for days.
        """
        stated = {"Key": key, "ContentType": content_type, "ContentLength": size}
        return Upload(self._signed("put_object", stated, expires_s), {"content-type": content_type})

    def download_url(self, key: str, expires_s: int) -> str:
        """Where anyone may GET the blob; it, too, ends with the credentials that sign it."""
        return self._signed("get_object", {"Key": key}, expires_s)

    def public_url(self, key: str) -> str:
        """Where anyone may GET the blob, through the CDN. Raises InvalidValueError."""
        return public_address(self._name, self._public, key)

    def _read(
        self, key: str, at_most: int | None, first: int, etag: str | None
    ) -> tuple[int, bytes]:
        """The blob's size and its first bytes; none of one that has more than `at_most`."""
        held = {} if etag is None else {"IfMatch": quoted(etag)}
        try:
            answer = self._ask("get_object", Key=key, Range=f"bytes=0-{first - 1}", **held)
        except _EmptyError:
            return 0, b""
        size = int(answer["ContentRange"].rpartition("/")[2])
        with clients.translated(), answer["Body"] as body:
            return size, b"" if at_most is not None and size > at_most else body.read()

    def _signed(self, operation: str, stated: dict[str, Any], expires_s: int) -> str:
        with clients.translated():
            url: str = self._client.generate_presigned_url(
                operation, Params={"Bucket": self._at, **stated}, ExpiresIn=expires_s
            )
        return url

    def _ask(self, operation: str, **asked: Any) -> Any:
        """What S3 answers. Raises as the port says, and _EmptyError for a range of no bytes."""
        with clients.translated():
            client = self._client
            try:
                return getattr(client, operation)(Bucket=self._at, **asked)
            except client.exceptions.ClientError as error:
                said = clients.code(error)
                if said in _MISSING:
                    raise BlobMissingError(ABSENT) from error
                if said in _ANOTHER:
                    raise ConditionFailedError(ANOTHER) from error
                if said in _EMPTY:
                    raise _EmptyError from error
                raise


class _EmptyError(Exception):
    """The blob has no byte at all: every range that begins at its start is refused."""


def open_bucket(name: str, stated: Stated) -> S3Bucket:
    """The bucket that AWS calls `stated["at"]`; no client is made before it is used."""
    return S3Bucket(name, stated["at"], lambda: clients.client("s3"), public=stated.get("url"))
