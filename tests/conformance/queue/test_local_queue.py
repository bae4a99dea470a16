"""What only holds for the queue in a file: other processes, deaths, files that are gone."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from app.adapters.common.queue import granted
from app.adapters.local.queue import LocalQueue, open_queue
from app.bootstrap import Services
from app.ports.errors import ResourceMissingError, UnavailableError
from infra.local.runtime.queue_file import make
from tests.conformance.queue.queues import Local, opened
from tests.conftest import Counts

ROOT = Path(__file__).parents[3]
# Sends through the composition root, as functions do, and tells each message once it was taken.
SENDER = """
import sys, threading
from app.bootstrap import Services

name, threads, each = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

def send(thread):
    import os
    queue = Services(os.environ).queue("welcome")
    for number in range(each):
        body = f"{name} {thread} {number}"
        queue.send(body)
        os.write(1, (body + "\\n").encode())

threads = [threading.Thread(target=send, args=(number,)) for number in range(threads)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def environment(file: Path, durability: str = "normal") -> dict[str, str]:
    stated = {"welcome": {"may": ["send"], "at": str(file), "durability": durability}}
    return {
        "SHOP_STACK": "local",
        "SHOP_HANDLER": "auth",
        "SHOP_ADAPTERS": "local",
        "SHOP_QUEUES": json.dumps(stated),
        "PYTHONPATH": str(ROOT),
    }


def sender(file: Path, name: int, threads: int, each: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SENDER, str(name), str(threads), str(each)],
        env=environment(file),
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("durability", ["normal", "full"])
def test_64_senders_in_several_processes_lose_and_double_nothing(
    tmp_path: Path, counts: Counts, durability: str
) -> None:
    processes, each = counts(small=4, full=16), counts(small=4, full=100)
    threads = 64 // processes
    file = tmp_path / "welcome.db"
    with opened("local", tmp_path, durability) as made:
        senders = [sender(file, name, threads, each) for name in range(processes)]
        for process in senders:
            said, _ = process.communicate(timeout=120)
            assert (process.returncode, len(said.splitlines())) == (0, threads * each)
        found = made.delivered()
    assert len(found) == len(set(found)) == 64 * each


def test_a_sender_that_is_killed_loses_nothing_that_it_was_told_is_taken(tmp_path: Path) -> None:
    with opened("local", tmp_path) as made:
        process = sender(tmp_path / "welcome.db", 0, 4, 1_000_000)
        assert process.stdout is not None
        first = process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
        said, _ = process.communicate(timeout=20)
        found = made.delivered()
    told = [first, *said.splitlines(keepends=True)]
    whole = {line.rstrip("\n") for line in told if line.endswith("\n")}
    assert whole <= set(found)
    assert len(found) == len(set(found))


def test_a_queue_that_is_not_there_is_named_and_not_made(tmp_path: Path) -> None:
    stated = {"may": ["send"], "at": str(tmp_path / "welcome.db"), "durability": "full"}
    queue = granted(open_queue("welcome", stated), "welcome", stated, "auth")
    with pytest.raises(ResourceMissingError, match="no queue welcome; `make up` makes it"):
        queue.send("a")
    assert list(tmp_path.iterdir()) == []
    make(tmp_path / "welcome.db")
    queue.send("a")


def test_a_queue_whose_file_was_removed_and_made_anew_is_the_new_one(tmp_path: Path) -> None:
    with opened("local", tmp_path) as made:
        made.queue.send("lost with its file")
        for each in list(tmp_path.iterdir()):
            each.unlink()
        with pytest.raises(ResourceMissingError):
            made.queue.send("nowhere")
        make(tmp_path / "welcome.db")
        made.queue.send("here")
        assert made.delivered() == ["here"]


def test_a_file_that_others_hold_for_long_is_told_as_unavailable(tmp_path: Path) -> None:
    file = tmp_path / "welcome.db"
    make(file)
    queue = LocalQueue(file, "normal", wait_s=0.05)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(UnavailableError, match=r"welcome cannot be written now: .*locked"):
            queue.send("a secret")
        other.execute("COMMIT")
    queue.send("taken")
    queue.close()


def test_a_writer_who_is_soon_done_is_waited_for(tmp_path: Path) -> None:
    with (
        opened("local", tmp_path) as made,
        closing(
            sqlite3.connect(tmp_path / "welcome.db", isolation_level=None, check_same_thread=False)
        ) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        soon = threading.Timer(0.1, other.execute, ["COMMIT"])
        soon.start()
        made.queue.send("waits")
        soon.join()
        assert made.delivered() == ["waits"]


def test_a_file_that_is_no_queue_is_told_as_unavailable_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "welcome.db"
    for content in (b"no database at all" * 100, b""):
        file.write_bytes(content)
        queue = LocalQueue(file, "full")
        with pytest.raises(UnavailableError, match=r"not a database|no such table"):
            queue.send("a")
        queue.close()
        assert file.read_bytes() == content


@pytest.mark.parametrize(("durability", "found"), [("normal", 1), ("full", 2)])
def test_a_message_is_synced_as_the_durability_says(
    tmp_path: Path, durability: str, found: int
) -> None:
    with opened("local", tmp_path, durability) as made:
        assert isinstance(made, Local)
        made.queue.send("a")
        connection = made.raw._connection()
        assert connection.execute("PRAGMA synchronous").fetchone() == (found,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_nothing_is_opened_before_the_first_message(tmp_path: Path) -> None:
    services = Services(environment(tmp_path / "welcome.db"))
    queue = services.queue("welcome")
    with pytest.raises(ResourceMissingError):
        queue.send("a")
    assert services.queue("welcome") is queue
