"""A queue's file hands out each message again until it is dealt with, and loses none."""

import sqlite3
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from infra.local.runtime.queue_file import StoreError, make
from infra.local.runtime.queue_store import UNFINISHED, Look, QueueStore, Taken

VISIBILITY_MS = 1000
START_MS = 1_700_000_000_000


class Clock:
    """Time as a test says it is."""

    def __init__(self) -> None:
        self.ms = START_MS

    def __call__(self) -> int:
        return self.ms


class Queue:
    """A store with a clock of its own, and a sender beside it."""

    def __init__(self, file: Path, wait_s: float = 0.05) -> None:
        self.file = file
        self.clock = Clock()
        make(file)
        self.store = QueueStore(file, "normal", self.clock, wait_s)

    def send(self, number: str, body: str = "a body") -> None:
        with closing(sqlite3.connect(self.file, isolation_level=None)) as sender:
            sender.execute(
                "INSERT INTO messages (id, body, sent_ms, visible_ms) VALUES (?, ?, ?, ?)",
                (number, body, self.clock.ms, self.clock.ms),
            )

    def take(self, most: int = 10, attempts: int = 2) -> Taken:
        return self.store.receive(most, VISIBILITY_MS, attempts)

    def ids(self, most: int = 10, attempts: int = 2) -> list[str]:
        return [each.id for each in self.take(most, attempts).messages]

    def look(self) -> Look:
        return self.store.look(10, 5)

    def kill(self, *numbers: str) -> None:
        """Have these messages, and no others, use up their attempts."""
        for number in numbers:
            self.send(number)
        assert len(self.ids(attempts=1)) == len(numbers)
        self.clock.ms += VISIBILITY_MS
        assert len(self.take(attempts=1).died) == len(numbers)


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    found = Queue(tmp_path / "welcome.db")
    yield found
    found.store.close()


def test_the_file_is_its_owners_alone_and_made_once(queue: Queue) -> None:
    queue.send("kept")
    make(queue.file)
    files = list(queue.file.parent.iterdir())
    assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}
    assert queue.ids() == ["kept"]


def test_a_message_comes_as_it_was_sent_and_tells_its_attempts(queue: Queue) -> None:
    body = 'ü 处理 🛒 \t "quoted" \\ \n'
    queue.send("one", body)
    sent = queue.clock.ms
    queue.clock.ms += 5
    (first,) = queue.take().messages
    queue.clock.ms += VISIBILITY_MS
    (second,) = queue.take().messages
    assert (first.id, first.body, first.attempt) == ("one", body, 1)
    assert (second.id, second.body, second.attempt) == ("one", body, 2)
    assert {first.sent_ms, second.sent_ms} == {sent}
    assert {first.first_received_ms, second.first_received_ms} == {sent + 5}


def test_what_is_visible_longest_comes_first_and_no_more_than_asked_for(queue: Queue) -> None:
    for number in ("b", "c", "a", "d"):
        queue.send(number)
        queue.clock.ms += 1
    assert queue.ids(most=2) == ["b", "c"]
    assert queue.ids() == ["a", "d"]
    queue.send("new")
    queue.clock.ms += VISIBILITY_MS
    assert queue.ids() == ["new", "b", "c", "a", "d"]  # of one moment as they were sent


def test_a_message_is_hidden_for_its_time_out_to_the_millisecond(queue: Queue) -> None:
    queue.send("one")
    assert queue.take().next_ms == queue.clock.ms  # there may be more
    back_ms = queue.clock.ms + VISIBILITY_MS
    queue.clock.ms = back_ms - 1
    assert queue.take() == Taken((), (), back_ms)
    queue.clock.ms = back_ms
    assert queue.ids() == ["one"]


def test_what_was_dealt_with_is_gone_and_the_rest_comes_back(queue: Queue) -> None:
    for number in ("done", "failed"):
        queue.send(number)
    done, failed = queue.take().messages
    queue.store.settle([done], [failed], "why")
    assert queue.look() == Look(0, 1, 0, START_MS, ())
    queue.clock.ms += VISIBILITY_MS
    assert queue.ids() == ["failed"]


def test_a_late_batch_settles_what_it_did_but_not_a_later_ones_failure(queue: Queue) -> None:
    for number in ("a", "b"):
        queue.send(number)
    late = queue.take(attempts=3).messages
    queue.clock.ms += VISIBILITY_MS
    again = queue.take(attempts=3).messages
    queue.store.settle([late[0]], [late[1]], "late")
    queue.store.settle([], [again[1]], "later")
    queue.clock.ms += VISIBILITY_MS
    assert queue.ids(attempts=3) == ["b"]
    queue.clock.ms += VISIBILITY_MS
    assert queue.take(attempts=3).died == (("b", "later"),)


def test_after_its_attempts_a_message_is_set_aside_with_the_last_reason(queue: Queue) -> None:
    queue.send("poison", "a longer body")
    queue.store.settle([], queue.take().messages, "first")
    queue.clock.ms += VISIBILITY_MS
    queue.store.settle([], queue.take().messages, "the handler raised")
    queue.clock.ms += VISIBILITY_MS
    assert queue.take() == Taken((), (("poison", "the handler raised"),), queue.clock.ms)
    (dead,) = queue.look().messages
    assert (dead.id, dead.attempts, dead.reason) == ("poison", 2, "the handler raised")
    assert (dead.sent_ms, dead.dead_ms) == (START_MS, START_MS + 2 * VISIBILITY_MS)
    assert (dead.body, dead.bytes) == ("a lon", 13)
    assert queue.take() == Taken((), (), None)


def test_one_that_nobody_settled_dies_too_and_says_so(queue: Queue) -> None:
    queue.send("lost")
    queue.take(attempts=1)
    queue.clock.ms += VISIBILITY_MS
    assert queue.take(attempts=1).died == (("lost", UNFINISHED),)


def test_fewer_attempts_hold_for_messages_that_had_more(queue: Queue) -> None:
    queue.send("old")
    for _ in range(3):
        assert queue.ids(attempts=5) == ["old"]
        queue.clock.ms += VISIBILITY_MS
    assert [number for number, _ in queue.take(attempts=2).died] == ["old"]


def test_many_that_die_at_once_do_not_hide_those_that_live(queue: Queue) -> None:
    numbers = [f"{number:04}" for number in range(1201)]
    rows = [(each, "b", queue.clock.ms, queue.clock.ms - 1, 2) for each in numbers]
    with closing(sqlite3.connect(queue.file)) as sender, sender:
        sender.executemany(
            "INSERT INTO messages (id, body, sent_ms, visible_ms, attempts) VALUES (?,?,?,?,?)",
            rows,
        )
    queue.send("alive")
    died: list[str] = []
    alive: list[str] = []
    while (taken := queue.take()).died:
        assert taken.next_ms == queue.clock.ms
        died += [number for number, _ in taken.died]
        alive += [each.id for each in taken.messages]
    assert sorted(died) == numbers
    assert alive == ["alive"]
    assert queue.look().dead == len(queue.store.redrive()) == 1201
    assert queue.look().waiting == 1201


def test_what_is_released_was_never_handed_out(queue: Queue) -> None:
    queue.send("one")
    for _ in range(5):
        taken = queue.take()
        assert taken.messages[0].attempt == 1
        queue.store.release(taken.messages, queue.clock.ms)
    queue.store.release(queue.take().messages, queue.clock.ms + 7)
    assert queue.take().messages == ()
    assert queue.take().next_ms == queue.clock.ms + 7


def test_a_redriven_message_starts_anew(queue: Queue) -> None:
    queue.kill("a", "b")
    queue.clock.ms += 5
    assert queue.store.redrive(["b", "c"]) == ("b",)
    assert queue.look().dead == 1
    (message,) = queue.take().messages
    assert (message.id, message.attempt, message.first_received_ms) == ("b", 1, queue.clock.ms)
    assert queue.store.redrive() == ("a",)
    assert queue.store.redrive() == ()
    assert queue.ids() == ["a"]


def test_only_dead_messages_are_purged(queue: Queue) -> None:
    queue.kill("a", "b", "c")
    queue.send("alive")
    assert queue.store.purge(["alive", "c"]) == ("c",)
    assert sorted(queue.store.purge()) == ["a", "b"]
    assert queue.look() == Look(1, 0, 0, queue.clock.ms, ())


def test_a_clock_that_was_set_back_keeps_no_dead_message_from_redrive(queue: Queue) -> None:
    queue.kill("a")
    queue.clock.ms -= 3_600_000
    assert queue.store.redrive() == ("a",)
    assert queue.ids() == ["a"]


def test_looking_shows_the_last_dead_first_and_not_all(queue: Queue) -> None:
    for number in ("a", "b", "c"):
        queue.kill(number)
    found = queue.store.look(2, 5)
    assert (found.dead, [each.id for each in found.messages]) == (3, ["c", "b"])


def test_a_body_that_is_no_text_is_handed_out_as_one_and_holds_up_no_other(queue: Queue) -> None:
    queue.send("good")
    for number, body in (("blob", "x'ff61'"), ("text", "CAST(x'ff61' AS TEXT)")):
        with closing(sqlite3.connect(queue.file, isolation_level=None)) as sender:
            sender.execute(f"INSERT INTO messages (id, body, sent_ms, visible_ms) "  # noqa: S608 - ours
                           f"VALUES ('{number}', {body}, {START_MS}, {START_MS})")  # fmt: skip
    taken = queue.take(attempts=1)
    bodies = {each.id: each.body for each in taken.messages}
    assert bodies == {"good": "a body", "blob": "\ufffda", "text": "\ufffda"}
    queue.clock.ms += VISIBILITY_MS
    queue.take(attempts=1)
    assert {(each.id, each.body, each.bytes) for each in queue.look().messages} == {
        ("good", "a bod", 6),
        ("blob", "\ufffda", 2),
        ("text", "\ufffda", 2),
    }


def test_a_file_that_is_gone_is_told_and_found_when_it_is_there_again(queue: Queue) -> None:
    queue.send("first")
    queue.take()
    for each in list(queue.file.parent.iterdir()):
        each.unlink()
    with pytest.raises(StoreError, match="No such file"):
        queue.take()
    make(queue.file)
    queue.send("second")
    assert queue.ids() == ["second"]


def test_a_file_that_was_replaced_under_an_open_connection_is_the_one_that_counts(
    queue: Queue,
) -> None:
    assert queue.ids() == []
    other = Queue(queue.file.with_name("other.db"))
    other.send("in the other")
    with closing(sqlite3.connect(other.file)) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    other.store.close()
    other.file.replace(queue.file)
    assert queue.ids() == ["in the other"]


def test_a_broken_file_is_told_and_never_taken_for_empty(tmp_path: Path) -> None:
    file = tmp_path / "broken.db"
    file.write_bytes(b"no database" * 1000)
    for use in (lambda: make(file), lambda: QueueStore(file, "full").receive(1, 1, 1)):
        with pytest.raises(StoreError, match="not a database"):
            use()
    assert file.read_bytes() == b"no database" * 1000


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No such file"):
        make(tmp_path / "nowhere" / "queue.db")
    (tmp_path / "link.db").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError):
        make(tmp_path / "link.db")
    assert not (tmp_path / "elsewhere").exists()


def test_a_writer_that_holds_the_file_is_waited_for_but_not_for_ever(queue: Queue) -> None:
    queue.send("one")
    with closing(sqlite3.connect(queue.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert queue.look().waiting == 1  # readers do not wait at all
        with pytest.raises(StoreError, match="locked"):
            queue.take()
        other.execute("COMMIT")
    assert queue.ids() == ["one"]


@pytest.mark.parametrize(("durability", "found"), [("normal", 1), ("full", 2)])
def test_the_file_is_synced_as_the_durability_says(
    queue: Queue, durability: str, found: int
) -> None:
    queue.store.set_durability(durability)
    with queue.store._file.reading() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (found,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_senders_and_a_receiver_at_once_lose_and_double_nothing(tmp_path: Path) -> None:
    queue = Queue(tmp_path / "busy.db", wait_s=10)
    count = 100

    def send(name: int) -> None:
        for each in range(count):
            queue.send(f"{name}-{each}")

    sending = [threading.Thread(target=send, args=(name,)) for name in range(4)]
    for each in sending:
        each.start()
    found: list[str] = []
    until = time.monotonic() + 20
    while len(found) < 4 * count and time.monotonic() < until:
        taken = queue.store.receive(10, 3_600_000, 5).messages
        queue.store.settle(taken, [], "")
        found += [each.id for each in taken]
    for each in sending:
        each.join()
    assert len(set(found)) == len(found) == 4 * count
    assert queue.look() == Look(0, 0, 0, None, ())
    queue.store.close()


def test_a_store_that_was_never_opened_is_closed_without_harm(tmp_path: Path) -> None:
    QueueStore(tmp_path / "none.db", "full").close()
    assert list(tmp_path.iterdir()) == []
