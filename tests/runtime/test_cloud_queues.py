"""What is sent is worked on at least once, again when it was not dealt with, and not for ever."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.runtime.changes import ChangeError
from infra.local.runtime.queue_store import QueueStore
from tests.conftest import Counts
from tests.support.local_cloud import LocalCloud, running
from tests.support.pids import wait_for
from tests.support.queue_cloud import QueueOfCloud

SECOND_MS = 1000


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running(tmp_path_factory.mktemp("queues"), "aws") as found:
        yield found


@pytest.mark.parametrize("emulate", ["aws", "alicloud"])
def test_a_message_is_delivered_once_and_is_gone_under_either_emulation(
    tmp_path: Path, emulate: str
) -> None:
    with running(tmp_path, emulate) as cloud:
        queue = QueueOfCloud(cloud, "welcome").open()
        queue.send('ü 处理 🛒 "secret-body" \n')
        wait_for(lambda: queue.lines("batch") and queue.counts() == (0, 0, 0))
        (seen,) = queue.seen()
        assert seen["body"] == 'ü 处理 🛒 "secret-body" \n'
        (line,) = queue.lines("batch")
        assert (line["count"], line["failed"], line["function"]) == (1, 0, "welcome")
        assert line["request_id"]
        assert line["ms"] > 0
        assert cloud.log("secret-body") == []


def test_waiting_messages_come_in_batches_and_none_is_lost(aws: LocalCloud, counts: Counts) -> None:
    count = counts(small=45, full=5000)
    queue = QueueOfCloud(aws, "batches", visibility_s=60)
    queue.send(*(f"message {number}" for number in range(count)))
    queue.open()
    wait_for(lambda: queue.counts() == (0, 0, 0), limit_s=120)
    assert sorted(queue.bodies()) == sorted(f"message {number}" for number in range(count))
    assert {line["ApproximateReceiveCount"] for line in queue.seen()} == {"1"}
    sizes = [line["count"] for line in queue.lines("batch")]
    assert max(sizes) == 10
    assert sum(sizes) == count


TOLD = {
    "the handler raised",
    "the instance died while it worked",
    "the handler did not finish within its time-out",
}


def failures(queue: QueueOfCloud) -> set[str]:
    """Why batches failed as a whole."""
    return {line["failure"] for line in queue.lines("batch") if "failure" in line}


def test_what_was_not_dealt_with_comes_back_after_its_time_out_and_nothing_else_does(
    aws: LocalCloud,
) -> None:
    queue = QueueOfCloud(aws, "again", batch_size=1, max_concurrency=6).open(
        timeout_s=1, max_instances=6
    )
    bodies = ["once raise", "once die", "once hang", "once fail", "well", "well too"]
    queue.send(*bodies)
    # the one that hangs comes back when its first attempt is just being ended
    wait_for(lambda: queue.counts() == (0, 0, 0) and failures(queue) >= TOLD)
    for body in bodies:
        seen = [line for line in queue.seen() if line["body"] == body]
        assert len({line["id"] for line in seen}) == 1
        attempts = [int(line["ApproximateReceiveCount"]) for line in seen]
        first = int(seen[0]["ApproximateFirstReceiveTimestamp"])
        assert attempts == sorted(set(attempts))
        if not body.startswith("once"):  # unless this machine was busy for a second
            ended = [line["at"] for line in queue.seen(ended=True) if line["id"] == seen[0]["id"]]
            assert attempts == [1] or ended[0] > first + SECOND_MS / 2
        else:
            assert attempts[:2] == [1, 2]
            assert seen[1]["at"] >= first + SECOND_MS
            assert seen[1]["ApproximateFirstReceiveTimestamp"] == str(first)
    assert failures(queue) == TOLD


def test_of_a_batch_only_the_named_ones_come_back(aws: LocalCloud) -> None:
    queue = QueueOfCloud(aws, "partial")
    queue.send("a", "once fail", "b")
    queue.open()
    wait_for(lambda: queue.counts() == (0, 0, 0))
    assert queue.bodies() == ["a", "once fail", "b", "once fail"]
    assert [(line["count"], line["failed"]) for line in queue.lines("batch")] == [(3, 1), (1, 0)]


def test_after_its_attempts_a_message_is_dead_until_it_is_redriven(aws: LocalCloud) -> None:
    queue = QueueOfCloud(aws, "dead", max_attempts=1, batch_size=1).open()
    queue.send("raise", "fail")
    wait_for(lambda: queue.counts() == (0, 0, 2))
    assert sorted(queue.bodies()) == ["fail", "raise"]
    dead = {each["body"]: each for each in queue.look()["messages"]}
    assert {body: (each["attempts"], each["reason"]) for body, each in dead.items()} == {
        "raise": (1, "the handler raised"),
        "fail": (1, "the handler named it as failed"),
    }
    lines = {line["id"]: line["reason"] for line in queue.lines("message dead")}
    assert lines == {each["id"]: each["reason"] for each in dead.values()}
    number = dead["raise"]["id"]
    found = aws.do(aws.cloud.queues.redrive("dead", [number, "nowhere"]))
    assert found == {"count": 1, "missing": ["nowhere"]}
    wait_for(lambda: len(queue.bodies()) == 3)
    assert queue.seen()[-1]["ApproximateReceiveCount"] == "1"
    assert aws.do(aws.cloud.queues.purge("dead")) == {"count": 1, "missing": []}
    assert queue.look()["dead"] == 0
    aws.do(aws.cloud.queues.delete("dead"))


@pytest.mark.parametrize("most", [1, 3])
def test_no_more_batches_than_allowed_are_worked_on_at_once(aws: LocalCloud, most: int) -> None:
    queue = QueueOfCloud(aws, f"at-once-{most}", batch_size=1, max_concurrency=most)
    queue.send(*["nap"] * 5)
    queue.open(max_instances=5)
    wait_for(lambda: queue.counts() == (0, 0, 0))
    began = [(line["at"], 1) for line in queue.seen()]
    ended = [(line["at"], -1) for line in queue.seen(ended=True)]
    assert len(began) == len(ended) == 5
    at_once, highest = 0, 0
    for _, change in sorted(began + ended):
        at_once += change
        highest = max(highest, at_once)
    assert highest == most


def test_a_killed_consumer_loses_no_message(aws: LocalCloud, tmp_path: Path) -> None:
    queue = QueueOfCloud(aws, "killed").open()
    gate = tmp_path / "gate"
    queue.send(f"gate {gate}")
    wait_for(queue.seen)
    os.kill(queue.seen()[0]["pid"], signal.SIGKILL)
    wait_for(lambda: queue.lines("batch"))
    gate.touch()
    wait_for(lambda: queue.counts() == (0, 0, 0))
    first, second = queue.seen()
    assert first["pid"] != second["pid"]
    assert second["ApproximateReceiveCount"] == "2"


def test_the_next_batch_goes_to_the_new_revision_while_the_old_one_finishes(
    aws: LocalCloud, tmp_path: Path
) -> None:
    queue = QueueOfCloud(aws, "turn", visibility_s=60).open()
    gate = tmp_path / "gate"
    queue.send(f"gate {gate}")
    wait_for(queue.seen)
    queue.put_function(revision=2)
    queue.send("after")
    wait_for(lambda: len(queue.seen()) == 2)
    gate.touch()
    wait_for(lambda: queue.counts() == (0, 0, 0))
    assert [line["revision"] for line in queue.seen()] == [1, 2]
    assert [line["revision"] for line in queue.seen(ended=True)] == [2, 1]


def test_a_full_function_uses_up_an_attempt_and_is_then_left_alone_for_a_while(
    aws: LocalCloud, tmp_path: Path
) -> None:
    queue = QueueOfCloud(aws, "full", batch_size=1, max_concurrency=2).open(max_instances=1)
    gate = tmp_path / "gate"
    queue.send(f"gate {gate}")
    wait_for(queue.seen)
    queue.send(*["a"] * 20)
    wait_for(lambda: queue.lines("batch"))
    assert failures(queue) == {"every instance is busy and no more may start"}
    assert queue.counts()[0] > 10  # those that wait have lost no attempt
    gate.touch()
    wait_for(lambda: queue.counts() == (0, 0, 0))
    assert len(queue.seen()) == 21


def test_a_deleted_queue_finishes_its_batch_and_keeps_the_rest(
    aws: LocalCloud, tmp_path: Path
) -> None:
    queue = QueueOfCloud(aws, "kept", batch_size=1, max_concurrency=1, visibility_s=60).open()
    gate = tmp_path / "gate"
    queue.send(f"gate {gate}")
    wait_for(queue.seen)
    queue.send("waits")
    gate.touch()
    aws.do(aws.cloud.queues.delete("kept"))
    seen = len(queue.seen(ended=True))
    assert seen >= 1
    with pytest.raises(ChangeError, match="there is no queue kept"):
        queue.look()
    store = QueueStore(queue.file, "normal")
    found = store.look(10, 10)
    store.close()
    assert (found.waiting + found.in_flight, found.dead) == (2 - seen, 0)
    queue.put()
    wait_for(lambda: queue.counts() == (0, 0, 0))
    assert len(queue.seen(ended=True)) == 2


def test_new_settings_count_from_the_next_batch_and_disturb_none(
    aws: LocalCloud, tmp_path: Path
) -> None:
    queue = QueueOfCloud(aws, "settings", batch_size=1, max_concurrency=1, visibility_s=60).open()
    gate = tmp_path / "gate"
    queue.send(f"gate {gate}")
    wait_for(queue.seen)
    queue.send(*["nap"] * 3)
    queue.put(max_concurrency=2, batch_size=3, durability="full")
    wait_for(lambda: len(queue.seen()) == 4)
    gate.touch()
    wait_for(lambda: queue.counts() == (0, 0, 0))
    assert queue.seen()[-1]["count"] == 3
    assert aws.describe()["queues"]["settings"]["durability"] == "full"
    assert {line["ApproximateReceiveCount"] for line in queue.seen()} == {"1"}
