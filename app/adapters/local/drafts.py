"""A file that is being written, and will be a blob when it is whole."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.ports.errors import UnavailableError


class Draft:
    """A file that is being written: `size` bytes so far. For one thread at a time."""

    def __init__(self, path: Path, bucket: str) -> None:
        self.path = path
        self.size = 0
        self._bucket = bucket
        self._digest = hashlib.sha256()
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)

    @property
    def etag(self) -> str:
        """Of what was written so far."""
        return self._digest.hexdigest()

    def write(self, data: bytes) -> None:
        """Append all of it. Raises UnavailableError."""
        left = memoryview(data)
        with translated(self._bucket):
            while left:
                left = left[os.write(self._file, left) :]
        self._digest.update(data)
        self.size += len(data)

    def close(self, *, sync: bool = False) -> None:
        """Let go of the file, on the disk before that if asked for. Can be repeated."""
        file, self._file = self._file, -1
        if file >= 0:
            try:
                if sync:
                    _sync(file)
            finally:
                os.close(file)


@contextmanager
def translated(bucket: str) -> Iterator[None]:
    """What the system refuses, as UnavailableError."""
    try:
        yield
    except OSError as error:
        raise UnavailableError(
            f"the bucket {bucket} cannot be used now: {error.strerror}"
        ) from error


def sync_folder(folder: Path) -> None:
    """Have the names in this folder survive the machine's death."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _sync(descriptor)
    finally:
        os.close(descriptor)


def _sync(descriptor: int) -> None:
    if hasattr(fcntl, "F_FULLFSYNC"):  # macOS: through the disk's own memory too
        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
    else:
        os.fsync(descriptor)
