"""The buckets that the suite runs on, each with what a browser does to its signed addresses.

Another store joins by one more class and its name.
"""

from collections.abc import Callable, Iterator, Mapping
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
from tests.support.oss_bucket import oss_buckets
from tests.support.s3_bucket import s3

OWN = ("memory", "local-normal", "local-full")  # stores, and signatures, of our own
NAMES = (*OWN, "aws", "alicloud")
# the other differs by a setting, and joins with --soak
USUAL = ("memory", "local-full", "aws", "alicloud")
ALL = ("read", "write")


class Opened(Protocol):
    """One adapter's bucket, empty at first."""

    def granted(self, *may: str) -> Bucket:
        """As a function has it that may do this."""

    def public(self) -> Bucket:
        """Another one, which is public, as a function has it that may do all."""

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """PUT to an address; the status."""

    def fetch(self, url: str) -> tuple[int, bytes]:
        """GET an address; the status, and the bytes where it is 200."""


class Memory:
    """The one that tests use."""

    def __init__(self) -> None:
        clock = MemoryClock(1_700_000_000_000)
        self.raw = MemoryBucket(clock, name="uploads")
        self._public = MemoryBucket(clock, name="images", public=True)

    def granted(self, *may: str) -> Bucket:
        return granted(self.raw, "uploads", {"may": may or ALL}, "shelf")

    def public(self) -> Bucket:
        return granted(self._public, "images", {"may": ALL}, "shelf")

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        return self._of(url).receive(url, headers, body)

    def fetch(self, url: str) -> tuple[int, bytes]:
        return self._of(url).serve(url)

    def _of(self, url: str) -> MemoryBucket:
        return self._public if url.startswith("memory://images/") else self.raw


class Local:
    """A folder, and the real server before it."""

    def __init__(self, server: FilesServer) -> None:
        self.server = server
        self.raw: LocalBucket = open_bucket("uploads", server.stated)
        self._public = open_bucket("images", server.public)
        self.secret = read_or_make(Path(server.stated["key"]))
        self._http = httpx.Client(trust_env=False, timeout=20)

    def granted(self, *may: str) -> Bucket:
        stated: dict[str, Any] = {**self.server.stated, "may": may or ALL}
        return granted(self.raw, "uploads", stated, "shelf")

    def public(self) -> Bucket:
        return granted(self._public, "images", {"may": ALL}, "shelf")

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        return self._http.put(url, headers=dict(headers), content=body).status_code

    def fetch(self, url: str) -> tuple[int, bytes]:
        answer = self._http.get(url)
        return answer.status_code, answer.content if answer.is_success else b""

    def close(self) -> None:
        self._http.close()
        self.raw.close()
        self._public.close()


@contextmanager
def opened(name: str, folder: Path, cloud: Callable[[str], Any]) -> Iterator[Opened]:
    """The bucket of this adapter; `cloud` has the account of a cloud, as its fixture does."""
    if name == "memory":
        yield Memory()
        return
    if name == "aws":
        with s3(cloud(name)) as found:
            yield found
        return
    if name == "alicloud":
        with oss_buckets(cloud(name)) as buckets:
            yield buckets
        return
    with serving(folder, name.removeprefix("local-")) as server:
        local = Local(server)
        yield local
        local.close()
