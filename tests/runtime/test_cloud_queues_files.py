"""A queue's file is locked, gone, or left by a supervisor that died, and no message is lost."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from infra.local.runtime.changes import ChangeError
from infra.local.runtime.queue_store import UNFINISHED, QueueStore
from tests.support.local_cloud import LocalCloud, running
from tests.support.pids import wait_for
from tests.support.queue_cloud import QueueOfCloud


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running(tmp_path_factory.mktemp("queues"), "aws") as found:
        yield found


def test_a_new_supervisor_goes_on_with_what_the_old_one_left(tmp_path: Path) -> None:
    with running(tmp_path, "aws") as cloud:
        queue = QueueOfCloud(cloud, "left", batch_size=2, max_concurrency=1).open()
        queue.send(*["nap"] * 8)
        wait_for(queue.seen)
    assert len(queue.seen()) == len(queue.seen(ended=True)) < 8  # it finished its last batch
    before = len(queue.seen())
    dead = QueueStore(queue.file, "normal")  # one that took some and was killed
    taken = [each.id for each in dead.receive(2, 1000, 3).messages]
    dead.close()
    shutil.rmtree(cloud.places.code)
    with running(tmp_path, "aws") as cloud:
        queue = QueueOfCloud(cloud, "left", batch_size=2).open()
        wait_for(lambda: queue.counts() == (0, 0, 0))
    attempts = {line["id"]: line["ApproximateReceiveCount"] for line in queue.seen()[before:]}
    assert len({line["id"] for line in queue.seen()}) == len(queue.seen()) == 8
    assert {number for number, attempt in attempts.items() if attempt == "2"} == set(taken)


def test_a_file_that_is_locked_costs_time_and_no_message(aws: LocalCloud) -> None:
    queue = QueueOfCloud(aws, "locked").open()
    with closing(sqlite3.connect(queue.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        insert = "INSERT INTO messages (id, body, sent_ms, visible_ms) VALUES ('a', 'b', 1, 1)"
        other.execute(insert)
        other.execute("COMMIT")
        wait_for(lambda: queue.counts() == (0, 0, 0))
        other.execute(insert)
        other.execute("BEGIN IMMEDIATE")
        wait_for(lambda: queue.lines("queue failed") or len(queue.seen()) == 2)
        other.execute("COMMIT")
    wait_for(lambda: queue.counts() == (0, 0, 0))
    assert {line["body"] for line in queue.seen()} == {"b"}


def test_a_file_that_is_gone_is_told_and_used_again_once_it_is_made(aws: LocalCloud) -> None:
    queue = QueueOfCloud(aws, "gone").open()
    for suffix in ("", "-wal", "-shm"):
        queue.file.with_name(queue.file.name + suffix).unlink(missing_ok=True)
    wait_for(lambda: queue.lines("queue failed"))
    with pytest.raises(ChangeError, match=r"the queue gone cannot be used: .*No such file"):
        queue.look()
    everything = aws.do(aws.cloud.queues.look())
    assert "cannot be used" in everything["gone"]["error"]
    queue.put()
    queue.send("here again")
    wait_for(lambda: queue.bodies() == ["here again"])


def test_a_function_that_is_away_costs_no_attempt(aws: LocalCloud) -> None:
    queue = QueueOfCloud(aws, "away").open()
    aws.do(aws.cloud.delete_function("away"))
    queue.send("waits")
    waiting, out, dead = queue.counts()  # out: it was looked for before the function went
    assert (waiting + out, dead) == (1, 0)
    queue.put_function()
    wait_for(lambda: queue.counts() == (0, 0, 0))
    assert queue.seen()[0]["ApproximateReceiveCount"] == "1"


def test_one_that_was_never_settled_says_so_when_it_dies(aws: LocalCloud) -> None:
    queue = QueueOfCloud(aws, "unsettled", max_attempts=1)
    queue.send("lost")
    killed = QueueStore(queue.file, "normal")
    assert len(killed.receive(1, 1, 1).messages) == 1
    killed.close()
    queue.open()
    wait_for(lambda: queue.counts() == (0, 0, 1))
    assert [line["reason"] for line in queue.lines("message dead")] == [UNFINISHED]
    assert queue.seen() == []
    assert json.dumps(queue.lines("message dead")).count("lost") == 0
