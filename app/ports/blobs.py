"""A bucket: blobs under keys, put and fetched by browsers through addresses that are signed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # it would cost each cold start, and only its name is needed
    from pathlib import Path

READ_BYTES = 16 * 1024**2  # what one read holds in memory unless it says more


@dataclass(frozen=True, slots=True)
class Blob:
    """What is known of a blob without its bytes. `etag` changes whenever the bytes do."""

    key: str
    size: int
    content_type: str
    etag: str


@dataclass(frozen=True, slots=True)
class Upload:
    """Where to PUT a blob, and the headers that the request must have."""

    url: str
    headers: Mapping[str, str]


class Bucket(Protocol):
    """One bucket.

    Keys are texts of 1 to 1,023 bytes in UTF-8, of segments between slashes, none of which is
    empty, `.` or `..`; no control characters, no backslash at the start. Content types are
    `type/subtype` in lower case, without parameters; a blob has 5 GB at most. Blobs appear whole or
    not at all. Every method raises InvalidValueError, AccessDeniedError, ResourceMissingError and
    UnavailableError as tables do.
    """

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """Store these bytes in place of what is there."""

    def put_file(self, key: str, file: "Path", content_type: str) -> None:
        """Store a file's bytes. Raises OSError when it cannot be read."""

    def get(self, key: str, *, at_most: int = READ_BYTES, etag: str | None = None) -> bytes:
        """The bytes; of a blob that has more than `at_most`, none are read.

        Raises BlobTooLargeError then, BlobMissingError when it is gone, and ConditionFailedError
        when it has another etag than the one that is given.
        """

    def peek(self, key: str, size: int, *, etag: str | None = None) -> bytes:
        """The first `size` bytes (1 to 16 MB), or all where there are fewer; no others are read.

        Raises BlobMissingError and ConditionFailedError as `get` does.
        """

    def head(self, key: str) -> Blob | None:
        """What is there, or None."""

    def copy(self, source: str, target: str, *, etag: str) -> None:
        """Store the blob of `source`, if it still has this etag, under `target` too.

        Not every store is sure to copy more than 1 GB. Raises BlobMissingError when it is gone,
        ConditionFailedError when it is another one.
        """

    def delete(self, key: str) -> None:
        """Remove a blob; no error when there is none."""

    def upload_url(self, key: str, content_type: str, size: int, expires_s: int) -> Upload:
        """Where anyone may PUT `size` bytes of this type within `expires_s` seconds (≤ 7 days).

        Not every store holds the sender to type and size: look at the blob before you use it.
        """

    def download_url(self, key: str, expires_s: int) -> str:
        """Where anyone may GET the blob within `expires_s` seconds (≤ 7 days)."""

    def public_url(self, key: str) -> str:
        """Where anyone may GET the blob for ever; any grant on the bucket does.

        What is replaced or deleted may be seen there for a while longer. Raises InvalidValueError
        for a bucket that was not declared public.
        """
