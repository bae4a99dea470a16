"""Nothing that a client does, or leaves undone, holds the files server up for ever."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.adapters.common.clock import SystemClock
from app.adapters.common.signing import Allowed, signed_url
from app.adapters.local.blob_folder import BlobFolder
from app.adapters.local.drafts import Draft
from app.adapters.local.files_app import FilesApp, Limits, Served
from app.adapters.local.threads import Threads

SECRET = "a secret"
TEXT = "text/plain"
SIZE = 600_000


class Client:
    """One connection's other end; `say` is what comes in, and then nothing more."""

    def __init__(self, method: str, key: str, *say: dict[str, Any], reads: bool = True) -> None:
        put = method == "PUT"
        allowed = Allowed(method, "uploads", key, TEXT if put else "", SIZE if put else 0)
        url = signed_url("", allowed, time.time_ns() // 1_000_000 + 60_000, SECRET)
        path, _, query = url.partition("?")
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % SIZE)]
        self.aborted = False
        self.listening = asyncio.Event()
        self.said: list[dict[str, Any]] = []
        self.scope: dict[str, Any] = {
            "type": "http",
            "method": method,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": headers if put else [],
            "state": {"abort": self._abort},
        }
        self._say = iter(say)
        self._reads = reads

    @property
    def status(self) -> int:
        """Of the answer."""
        found: int = self.said[0]["status"]
        return found

    async def receive(self) -> dict[str, Any]:
        self.listening.set()
        message = next(self._say, None)
        if message is None:
            await asyncio.Event().wait()
        assert message is not None
        return message

    async def send(self, message: dict[str, Any]) -> None:
        if not self._reads and message["type"] == "http.response.body":
            await asyncio.Event().wait()
        self.said.append(message)

    def _abort(self) -> None:
        self.aborted = True


class Server:
    """The application, with little patience."""

    def __init__(self, at: Path) -> None:
        self.at = at
        self.folder = BlobFolder(at, "normal")
        self.threads = Threads(2)
        self.public = False
        self.log: list[dict[str, Any]] = []

    def app(self, **limits: Any) -> FilesApp:
        served = {"uploads": Served(self.folder, lambda: SECRET, public=self.public)}
        return FilesApp(served, SystemClock(), self.log.append, self.threads, Limits(**limits))

    def run(self, work: Callable[[], Awaitable[None]]) -> None:
        async def bounded() -> None:
            async with asyncio.timeout(20):
                await work()

        asyncio.run(bounded())

    def files(self) -> list[Path]:
        return list(self.at.glob("files/*"))

    def put(self, key: str, body: bytes) -> None:
        with self.folder.storing(key, TEXT) as draft:
            draft.write(body)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    found = Server(tmp_path)
    yield found
    found.threads.close()
    found.folder.close()


def body(data: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": data, "more_body": more}


def test_a_body_that_stops_is_answered_408_and_leaves_nothing(server: Server) -> None:
    client = Client("PUT", "a", body(bytes(500_000)))
    app = server.app(idle_s=0.05)
    server.run(lambda: app(client.scope, client.receive, client.send))
    assert client.status == 408
    assert server.files() == []
    assert [line["status"] for line in server.log] == [408]


def test_a_body_that_takes_too_long_in_all_is_cut_off_and_leaves_nothing(server: Server) -> None:
    class Slow(Client):
        async def receive(self) -> dict[str, Any]:
            await asyncio.sleep(0.02)
            return body(bytes(300_000))

    client = Slow("PUT", "a")
    app = server.app(idle_s=10, total_s=0.2)
    server.run(lambda: app(client.scope, client.receive, client.send))
    assert client.aborted
    assert server.files() == []
    assert server.log[0]["failure"] == "it took too long"


def test_a_client_that_leaves_is_not_answered_and_leaves_nothing(server: Server) -> None:
    client = Client("PUT", "a", body(bytes(500_000)), {"type": "http.disconnect"})
    app = server.app()
    server.run(lambda: app(client.scope, client.receive, client.send))
    assert client.said == []
    assert server.files() == []
    assert [line["status"] for line in server.log] == [499]


def test_a_client_that_does_not_read_is_cut_off(server: Server) -> None:
    server.put("a", bytes(SIZE))
    client = Client("GET", "a", reads=False)
    app = server.app(idle_s=0.05)
    server.run(lambda: app(client.scope, client.receive, client.send))
    assert client.aborted
    assert server.log[0]["failure"] == "it took too long"


def test_one_request_too_many_is_told_to_come_again(server: Server) -> None:
    server.put("a", b"a")
    slow = [Client("PUT", f"slow/{number}", body(b"1")) for number in range(2)]
    many, later = Client("GET", "a"), Client("GET", "a")
    app = server.app(requests=2, idle_s=10)

    async def work() -> None:
        waiting = [asyncio.create_task(app(c.scope, c.receive, c.send)) for c in slow]
        await asyncio.gather(*(each.listening.wait() for each in slow))
        await app(many.scope, many.receive, many.send)
        for each in waiting:
            each.cancel()
        await asyncio.wait(waiting)
        await app(later.scope, later.receive, later.send)

    server.run(work)
    assert (many.status, later.status) == (503, 200)
    assert (b"retry-after", b"1") in many.said[0]["headers"]
    assert len(server.files()) == 1, "what was cancelled left nothing"


def test_who_is_refused_and_goes_on_sending_takes_nobodys_place(server: Server) -> None:
    server.put("a", b"a")
    strangers = [Client("PUT", f"not/{number}", body(b"1")) for number in range(2)]
    guest = Client("GET", "a")
    app = server.app(requests=2)

    async def work() -> None:
        for stranger in strangers:
            stranger.scope["query_string"] = b"expires=1&signature=forged"
        waiting = [asyncio.create_task(app(c.scope, c.receive, c.send)) for c in strangers]
        await asyncio.gather(*(each.listening.wait() for each in strangers))
        await app(guest.scope, guest.receive, guest.send)
        for each in waiting:
            each.cancel()
        await asyncio.wait(waiting)

    server.run(work)
    assert guest.status == 200


def test_what_is_committed_while_the_request_is_cancelled_stays(server: Server) -> None:
    """A commit cannot be taken back: its file must not be, either."""
    client = Client("PUT", "a", body(bytes(SIZE), more=False))
    app = server.app()
    committing = asyncio.Event()
    commit = server.folder.commit

    async def work() -> None:
        loop = asyncio.get_running_loop()

        def slowly(*arguments: Any) -> None:
            loop.call_soon_threadsafe(committing.set)
            time.sleep(0.05)
            commit(*arguments)

        server.folder.commit = slowly  # type: ignore[assignment, method-assign]
        task = asyncio.create_task(app(client.scope, client.receive, client.send))
        await committing.wait()
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    server.run(work)
    blob, file = server.folder.open("a")
    with file:
        assert file.read() == bytes(SIZE)
    assert blob.size == SIZE


def test_a_file_that_is_made_while_the_request_is_cancelled_is_removed(server: Server) -> None:
    client = Client("PUT", "a", body(bytes(SIZE), more=False))
    app = server.app()
    making = asyncio.Event()
    draft = server.folder.draft

    async def work() -> None:
        loop = asyncio.get_running_loop()

        def slowly() -> Draft:
            loop.call_soon_threadsafe(making.set)
            time.sleep(0.05)
            return draft()

        server.folder.draft = slowly  # type: ignore[method-assign]
        task = asyncio.create_task(app(client.scope, client.receive, client.send))
        await making.wait()
        task.cancel()
        await asyncio.wait([task])

    server.run(work)
    assert (server.at / "files").is_dir()
    assert server.files() == []


@pytest.mark.parametrize(
    ("public", "method", "query", "status"),
    [
        (True, "GET", b"", 200),
        (True, "HEAD", b"", 200),
        (True, "GET", b"v=2", 200),  # no CDN that we use looks at it
        (True, "GET", b"expires=1&signature=forged", 403),
        (True, "PUT", b"", 403),
        (True, "PUT", b"v=2", 403),
        (False, "GET", b"", 403),
        (False, "HEAD", b"", 403),
        (False, "GET", b"v=2", 403),
    ],
)
def test_only_a_public_bucket_gives_without_a_signature_and_none_takes(
    server: Server, *, public: bool, method: str, query: bytes, status: int
) -> None:
    server.put("a", b"a")
    server.public = public
    client = Client(method, "a", body(bytes(SIZE), more=False))
    client.scope["query_string"] = query
    app = server.app()
    server.run(lambda: app(client.scope, client.receive, client.send))
    assert client.status == status
    caching = dict(client.said[0]["headers"])[b"cache-control"]
    assert caching == (b"public" if status == 200 else b"no-store")
    assert len(server.files()) == 1


def test_a_signed_address_of_a_public_bucket_is_its_owners_and_a_missing_blob_is_told(
    server: Server,
) -> None:
    server.put("a", b"a")
    server.public = True
    signed, missing = Client("GET", "a"), Client("GET", "b")
    missing.scope["query_string"] = b""
    app = server.app()

    async def work() -> None:
        for each in (signed, missing):
            await app(each.scope, each.receive, each.send)

    server.run(work)
    assert (signed.status, missing.status) == (200, 404)
    assert (b"cache-control", b"private") in signed.said[0]["headers"]


def test_another_protocol_than_http_is_left_alone(server: Server) -> None:
    client = Client("GET", "a")
    app = server.app()
    server.run(lambda: app({"type": "lifespan"}, client.receive, client.send))
    assert (client.said, server.log) == ([], [])
