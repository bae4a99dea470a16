"""A bucket of the local cloud: a folder, and addresses that its own small server answers."""

from pathlib import Path
from urllib.parse import quote

from app.adapters.common.blobs import check_there, public_address
from app.adapters.common.clock import SystemClock
from app.adapters.common.signing import Allowed, signed_url
from app.adapters.local.blob_folder import BlobFolder
from app.adapters.local.secrets import read_or_make
from app.ports.adapters import Stated
from app.ports.blobs import READ_BYTES, Blob, Upload
from app.ports.clock import Clock

_PART = 1024 * 1024


class LocalBucket:
    """One bucket. `url` is the server's address, `key` the file of the key that signs for it."""

    def __init__(
        self,
        name: str,
        folder: BlobFolder,
        url: str,
        key: Path,
        clock: Clock,
        *,
        public: bool = False,
    ) -> None:
        self._name = name
        self._public = public
        self._folder = folder
        self._url = url
        self._key = key
        self._clock = clock

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """Store these bytes in place of what is there."""
        with self._folder.storing(key, content_type) as draft:
            draft.write(body)

    def put_file(self, key: str, file: Path, content_type: str) -> None:
        """Store a file's bytes. Raises OSError when it cannot be read."""
        with file.open("rb") as content, self._folder.storing(key, content_type) as draft:
            while part := content.read(_PART):
                draft.write(part)

    def get(self, key: str, *, at_most: int = READ_BYTES, etag: str | None = None) -> bytes:
        """The bytes. Raises as the port says."""
        return self._read(key, -1, at_most, etag)

    def peek(self, key: str, size: int, *, etag: str | None = None) -> bytes:
        """The first bytes. Raises as the port says."""
        return self._read(key, size, None, etag)

    def head(self, key: str) -> Blob | None:
        """What is there, or None."""
        return self._folder.find(key)

    def copy(self, source: str, target: str, *, etag: str) -> None:
        """Put the blob of `source` under `target` too. Raises as the port says."""
        self._folder.copy(source, target, etag)

    def delete(self, key: str) -> None:
        """Remove a blob; no error when there is none."""
        self._folder.delete(key)

    def upload_url(self, key: str, content_type: str, size: int, expires_s: int) -> Upload:
        """Where anyone may PUT the blob; the server holds the sender to type and size."""
        url = self._signed(Allowed("PUT", self._name, key, content_type, size), expires_s)
        return Upload(url, {"content-type": content_type})

    def download_url(self, key: str, expires_s: int) -> str:
        """Where anyone may GET the blob."""
        return self._signed(Allowed("GET", self._name, key), expires_s)

    def public_url(self, key: str) -> str:
        """Where anyone may GET the blob for ever. Raises InvalidValueError."""
        base = f"{self._url}/{quote(self._name, safe='')}" if self._public else None
        return public_address(self._name, base, key)

    def close(self) -> None:
        """Let go of this thread's connection; the next use opens another."""
        self._folder.close()

    def _read(self, key: str, size: int, at_most: int | None, etag: str | None) -> bytes:
        blob, file = self._folder.open(key)
        with file:
            check_there(blob, at_most, etag)
            return file.read(size)

    def _signed(self, allowed: Allowed, expires_s: int) -> str:
        expires_ms = self._clock.now_ms() + 1000 * expires_s
        return signed_url(self._url, allowed, expires_ms, read_or_make(self._key))


def open_bucket(name: str, stated: Stated) -> LocalBucket:
    """The bucket in the folder `stated["at"]`; nothing is opened yet."""
    folder = BlobFolder(Path(stated["at"]), stated["durability"])
    public = bool(stated.get("public"))
    key = Path(stated["key"])
    return LocalBucket(name, folder, stated["url"], key, SystemClock(), public=public)
