"""The buckets that the suite runs on, each with what a browser does to its signed addresses.

Another store joins by one more class and its name.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import httpx

from app.adapters.common.blobs import granted
from app.adapters.local.blobs import LocalBucket, open_bucket
from app.adapters.local.secrets import read_or_make
from app.adapters.memory.blobs import MemoryBucket
from app.adapters.memory.clock import MemoryClock
from app.ports.blobs import Bucket
from tests.support.files_server import FilesServer, serving

NAMES = ("memory", "local-normal", "local-full")
USUAL = ("memory", "local-full")  # the other differs by a setting, and joins with --soak
ALL = ("read", "write")


class Opened(Protocol):
    """One adapter's bucket, empty at first."""

    def granted(self, *may: str) -> Bucket:
        """As a function has it that may do this."""

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """PUT to a signed address; the status."""

    def fetch(self, url: str) -> tuple[int, bytes]:
        """GET a signed address; the status, and the bytes where it is 200."""


class Memory:
    """The one that tests use."""

    def __init__(self) -> None:
        self.raw = MemoryBucket(MemoryClock(1_700_000_000_000))

    def granted(self, *may: str) -> Bucket:
        return granted(self.raw, "uploads", {"may": may or ALL}, "shelf")

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        return self.raw.receive(url, headers, body)

    def fetch(self, url: str) -> tuple[int, bytes]:
        return self.raw.serve(url)


class Local:
    """A folder, and the real server before it."""

    def __init__(self, server: FilesServer) -> None:
        self.server = server
        self.raw: LocalBucket = open_bucket("uploads", server.stated)
        self.secret = read_or_make(Path(server.stated["key"]))
        self._http = httpx.Client(trust_env=False, timeout=20)

    def granted(self, *may: str) -> Bucket:
        stated: dict[str, Any] = {**self.server.stated, "may": may or ALL}
        return granted(self.raw, "uploads", stated, "shelf")

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        return self._http.put(url, headers=dict(headers), content=body).status_code

    def fetch(self, url: str) -> tuple[int, bytes]:
        answer = self._http.get(url)
        return answer.status_code, answer.content if answer.is_success else b""

    def close(self) -> None:
        self._http.close()
        self.raw.close()


@contextmanager
def opened(name: str, folder: Path) -> Iterator[Opened]:
    """The bucket of this adapter."""
    if name == "memory":
        yield Memory()
        return
    with serving(folder, name.removeprefix("local-")) as server:
        local = Local(server)
        yield local
        local.close()
