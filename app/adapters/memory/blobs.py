"""A bucket in memory, with what a browser could do to it through its addresses."""

import hashlib
import secrets
import threading
from collections.abc import Mapping
from pathlib import Path

from app.adapters.common.blobs import check_there, public_address
from app.adapters.common.signing import Allowed, NotSignedError, place, signed_url, unsigned, verify
from app.ports.blobs import READ_BYTES, Blob, Upload
from app.ports.clock import Clock
from app.ports.errors import BlobMissingError, ConditionFailedError

_HERE = "memory:/"


class MemoryBucket:
    """Blobs under keys. `receive` and `serve` are the other end of the addresses it signs."""

    def __init__(self, clock: Clock, *, name: str = "bucket", public: bool = False) -> None:
        """`clock` says when an address has expired; `public` serves what is not signed, too."""
        self._clock = clock
        self._name = name
        self._public = public
        self._blobs: dict[str, tuple[Blob, bytes]] = {}
        self._secret = secrets.token_urlsafe(32)
        self._lock = threading.Lock()  # of what reads before it writes

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """Store these bytes in place of what is there."""
        etag = hashlib.sha256(body).hexdigest()
        self._blobs[key] = Blob(key, len(body), content_type, etag), body

    def put_file(self, key: str, file: Path, content_type: str) -> None:
        """Store a file's bytes. Raises OSError when it cannot be read."""
        self.put(key, file.read_bytes(), content_type)

    def get(self, key: str, *, at_most: int = READ_BYTES, etag: str | None = None) -> bytes:
        """The bytes. Raises as the port says."""
        blob, body = self._there(key)
        check_there(blob, at_most, etag)
        return body

    def peek(self, key: str, size: int, *, etag: str | None = None) -> bytes:
        """The first bytes. Raises as the port says."""
        blob, body = self._there(key)
        check_there(blob, None, etag)
        return body[:size]

    def head(self, key: str) -> Blob | None:
        """What is there, or None."""
        found = self._blobs.get(key)
        return found[0] if found else None

    def copy(self, source: str, target: str, *, etag: str) -> None:
        """Store the blob of `source` under `target` too.

        Raises BlobMissingError and ConditionFailedError.
        """
        with self._lock:
            blob, body = self._there(source)
            if blob.etag != etag:
                raise ConditionFailedError("the blob is not the one that was to be copied")
            self.put(target, body, blob.content_type)

    def delete(self, key: str) -> None:
        """Remove a blob; no error when there is none."""
        self._blobs.pop(key, None)

    def upload_url(self, key: str, content_type: str, size: int, expires_s: int) -> Upload:
        """Where `receive` takes `size` bytes of this type."""
        url = self._signed(Allowed("PUT", self._name, key, content_type, size), expires_s)
        return Upload(url, {"content-type": content_type})

    def download_url(self, key: str, expires_s: int) -> str:
        """Where `serve` gives the blob."""
        return self._signed(Allowed("GET", self._name, key), expires_s)

    def public_url(self, key: str) -> str:
        """Where `serve` gives the blob for ever. Raises InvalidValueError."""
        return public_address(self._name, f"{_HERE}/{self._name}" if self._public else None, key)

    def receive(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """PUT, as a browser would: 200, or 403 when this is not what was signed."""
        sent = {name.lower(): value for name, value in headers.items()}
        content_type = sent.get("content-type", "")
        try:
            key = self._verified("PUT", url, content_type, len(body))
        except NotSignedError:
            return 403
        self.put(key, body, content_type)
        return 200

    def serve(self, url: str) -> tuple[int, bytes]:
        """GET, as a browser would: 200 with the bytes, 403 or 404 without any."""
        try:
            key = self._verified("GET", url)
        except NotSignedError:
            return 403, b""
        found = self._blobs.get(key)
        return (200, found[1]) if found else (404, b"")

    def _signed(self, allowed: Allowed, expires_s: int) -> str:
        expires_ms = self._clock.now_ms() + 1000 * expires_s
        return signed_url(_HERE, allowed, expires_ms, self._secret)

    def _verified(self, method: str, url: str, content_type: str = "", size: int = 0) -> str:
        path, _, query = url.removeprefix(_HERE).partition("?")
        bucket, key = place(path)
        if self._public and method == "GET" and bucket == self._name and unsigned(query):
            return key
        allowed = Allowed(method, bucket, key, content_type, size)
        verify(self._secret, allowed, query, self._clock.now_ms())
        return key

    def _there(self, key: str) -> tuple[Blob, bytes]:
        found = self._blobs.get(key)
        if found is None:
            raise BlobMissingError("there is no blob under this key")
        return found
