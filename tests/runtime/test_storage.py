"""Signed addresses are served as long as they are to be, whatever dies and whatever changes."""

import json
import os
import shutil
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.adapters.local.blobs import LocalBucket, open_bucket
from infra import bundle
from infra.local.client import RefusedByCloudError, ask
from infra.local.runtime.changes import ChangeError
from infra.local.runtime.specs import InvalidSpecError, invalid
from infra.local.runtime.storage import StorageSpec
from tests.conftest import Counts
from tests.support.local_cloud import LocalCloud, running
from tests.support.pids import alive, wait_for
from tests.support.wire_http import asked, free_port

ROOT = Path(__file__).resolve().parents[2]
MODULE = "app.adapters.local.files"
TEXT = "text/plain"


class Stored:
    """A local cloud that serves the bucket `uploads`."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.cloud = cloud
        self.port = free_port()
        at = cloud.places.root / "buckets" / "uploads"
        at.mkdir(parents=True)
        self.stated: dict[str, Any] = {
            "at": str(at),
            "durability": "normal",
            "url": f"http://127.0.0.1:{self.port}",
            "key": str(cloud.places.root / "storage-key"),
        }
        self.files = bundle.closure(ROOT, [MODULE])
        self.code = bundle.stage(self.files, cloud.places.code)

    def spec(self, **changes: Any) -> StorageSpec:
        usual: dict[str, Any] = {
            "port": self.port,
            "module": MODULE,
            "code": str(self.code),
            "fingerprint": bundle.fingerprint(self.files),
            "buckets": json.dumps({"uploads": self.stated}),
        }
        return StorageSpec(**usual | changes)

    def put(self, **changes: Any) -> StorageSpec:
        spec = self.spec(**changes)
        self.cloud.do(self.cloud.cloud.storage.put(spec))
        return spec

    def bucket(self, port: int | None = None) -> LocalBucket:
        url = f"http://127.0.0.1:{port or self.port}"
        return open_bucket("uploads", {**self.stated, "url": url})

    @property
    def pid(self) -> int:
        found = self.cloud.cloud.storage.pid
        assert found is not None
        return found

    def serves(self, port: int | None = None) -> bool:
        """Whether a signed address takes a blob and gives it again."""
        bucket = self.bucket(port)
        upload = bucket.upload_url("probe", TEXT, 3, 60)
        sent = asked(upload.url, "PUT", [*upload.headers.items()], b"abc")
        found = asked(bucket.download_url("probe", 60))
        bucket.close()
        return (sent.status, found.status, found.body) == (200, 200, b"abc")


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running(tmp_path_factory.mktemp("storage"), "aws") as found:
        yield found


@pytest.fixture(scope="module")
def made(cloud: LocalCloud) -> Stored:
    return Stored(cloud)


@pytest.fixture
def stored(made: Stored) -> Stored:
    """It serves, as it is usually told to."""
    made.put()
    return made


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_what_is_put_serves_and_is_described_until_it_is_deleted(stored: Stored) -> None:
    assert stored.serves()
    found = stored.cloud.describe()["storage"]
    assert StorageSpec.of(found) == stored.spec()
    pid = stored.pid
    stored.cloud.do(stored.cloud.cloud.storage.delete())
    assert stored.cloud.describe()["storage"] is None
    assert not alive(pid)
    assert not listens(stored.port)
    stored.cloud.do(stored.cloud.cloud.storage.delete())


def test_the_same_specification_changes_nothing(stored: Stored) -> None:
    pid = stored.pid
    stored.put()
    assert stored.pid == pid


def test_one_that_is_killed_is_started_anew_and_clients_wait(
    stored: Stored, counts: Counts
) -> None:
    for _ in range(counts(small=1, full=30)):
        pid = stored.pid
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda pid=pid: not alive(pid))  # type: ignore[misc]
        assert stored.serves(), "whoever came while nobody served was heard afterwards"
        assert stored.pid != pid
    assert stored.cloud.log("storage ended")[-1]["status"] == -signal.SIGKILL


def test_a_change_under_requests_loses_none(stored: Stored, counts: Counts) -> None:
    enough = threading.Event()
    found: list[bool] = []

    def keep_asking() -> None:
        while not enough.is_set():
            found.append(stored.serves())

    asking = [threading.Thread(target=keep_asking) for _ in range(3)]
    for each in asking:
        each.start()
    pids = {stored.pid}
    for number in range(counts(small=4, full=60)):
        seen = len(found)
        wait_for(lambda seen=seen: len(found) > seen)  # type: ignore[misc]
        stored.put(fingerprint=f"change-{number}")
        pids.add(stored.pid)
    enough.set()
    for each in asking:
        each.join()
    assert all(found)
    assert len(pids) == counts(small=4, full=60) + 1
    wait_for(lambda: not any(map(alive, pids - {stored.pid})))


def test_another_port_is_served_instead_of_the_old_one(stored: Stored) -> None:
    other = free_port()
    stored.put(port=other)
    assert stored.serves(other)
    wait_for(lambda: not listens(stored.port))  # as soon as the old process heard of it


def test_a_port_that_is_taken_is_told_with_the_remedy_and_the_old_one_serves_on(
    stored: Stored,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ChangeError) as raised:
            stored.put(port=port)
    assert str(raised.value) == (
        f"127.0.0.1:{port} cannot be listened on (Address already in use): end what uses that "
        "port, or set local.storage_port in the stack's settings to another one"
    )
    assert stored.cloud.describe()["storage"]["port"] == stored.port
    assert stored.serves()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("raise ValueError('why')", "ValueError: why"),
        ("import sys; sys.exit('no')", "it ended\nno"),
        ("def broken(:", "SyntaxError"),
        ("", "it ended\n\\(it printed nothing\\)"),
    ],
)
def test_what_does_not_serve_is_refused_with_its_last_words_and_the_old_serves_on(
    stored: Stored, text: str, why: str, tmp_path: Path
) -> None:
    (tmp_path / "wrong.py").write_text(text)
    pid = stored.pid
    for port in (stored.port, free_port()):
        with pytest.raises(ChangeError, match=f"(?s)wrong does not serve: .*{why}"):
            stored.put(module="wrong", code=str(tmp_path), port=port)
        assert port == stored.port or not listens(port)
    assert stored.pid == pid
    assert stored.serves()


def test_code_that_is_gone_is_told(stored: Stored, tmp_path: Path) -> None:
    with pytest.raises(ChangeError, match="nowhere: No such file"):
        stored.put(code=str(tmp_path / "nowhere"))
    assert stored.serves()


def test_one_that_cannot_be_started_anew_is_tried_again_until_it_can(stored: Stored) -> None:
    hidden = stored.code.with_name("hidden")
    tried = len(stored.cloud.log("storage not started"))
    shutil.move(stored.code, hidden)
    os.kill(stored.pid, signal.SIGKILL)
    wait_for(lambda: len(stored.cloud.log("storage not started")) > tried)
    shutil.move(hidden, stored.code)
    assert stored.serves()


def test_its_environment_holds_nothing_but_what_it_needs(
    stored: Stored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the user")
    monkeypatch.setenv("PYTHONSTARTUP", "/somewhere")
    (tmp_path / "told.py").write_text("import os\nprint(sorted(os.environ), os.getcwd())\n")
    with pytest.raises(ChangeError) as raised:
        stored.put(module="told", code=str(tmp_path))
    names, _, folder = str(raised.value).rpartition(" ")
    assert folder == str(tmp_path)
    kept = {"PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR"}
    found = set(names[names.index("[") :].strip("[]").replace("'", "").split(", "))
    assert found - kept == {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "SHOP_BUCKETS"}


def test_its_requests_are_in_the_log_without_their_signatures(stored: Stored) -> None:
    bucket = stored.bucket()
    url = bucket.download_url("missing", 60)
    assert asked(url).status == 404
    bucket.close()
    wait_for(lambda: stored.cloud.log("/uploads/missing"))
    (line,) = stored.cloud.log("/uploads/missing")
    assert (line["event"], line["status"], line["method"]) == ("storage request", 404, "GET")
    assert line["time"].endswith("Z")
    assert stored.cloud.log(url.rpartition("signature=")[2]) == []


def test_the_control_socket_puts_and_deletes_it(stored: Stored) -> None:
    spec = {name: getattr(stored.spec(), name) for name in StorageSpec.RULES}
    ask(stored.cloud.places, "delete_storage")
    assert not listens(stored.port)
    ask(stored.cloud.places, "put_storage", spec=spec)
    assert ask(stored.cloud.places, "describe")["storage"] == spec
    assert stored.serves()
    with pytest.raises(RefusedByCloudError, match="port: must be a whole number"):
        ask(stored.cloud.places, "put_storage", spec={**spec, "port": 80})


def test_a_specification_is_checked_where_it_comes_in(made: Stored) -> None:
    whole = {name: getattr(made.spec(), name) for name in StorageSpec.RULES}
    assert StorageSpec.of({**whole, "port": float(made.port)}) == made.spec()
    wrong: tuple[object, ...] = ("", None, 5, [])
    for name in whole:
        for value in wrong:
            found = invalid(StorageSpec.RULES, {**whole, name: value})
            assert [each.property for each in found] == [name]
    with pytest.raises(InvalidSpecError, match="more: is not a property"):
        StorageSpec.of({**whole, "more": 1})


def test_a_cloud_that_ends_takes_it_along(tmp_path: Path) -> None:
    with running(tmp_path, "aws") as cloud:
        stored = Stored(cloud)
        stored.put()
        pid = stored.pid
        stored.put(fingerprint="another")
        pids = {pid, stored.pid}
    assert not any(map(alive, pids))
    assert not listens(stored.port)
