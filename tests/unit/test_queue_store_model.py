"""Whatever is done to it, a queue's file does what a few lines of plain Python do."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from infra.local.runtime.emulate import QueueMessage
from infra.local.runtime.queue_file import make
from infra.local.runtime.queue_store import UNFINISHED, QueueStore

PICKS = st.lists(st.integers(0, 30), max_size=4)


@dataclass
class Kept:
    """One message as the model has it."""

    id: str
    sent: int
    visible: int
    attempts: int = 0
    first: int | None = None
    reason: str | None = None
    dead: int | None = None

    @property
    def number(self) -> int:
        """How many were sent before it."""
        return int(self.id.partition("-")[2])


class StoreMachine(RuleBasedStateMachine):
    """Does the same to the store and to a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.file = Path(self.folder.name) / "queue.db"
        self.now = 1000
        self.kept: dict[str, Kept] = {}
        self.handed: list[QueueMessage] = []
        self.gone: set[str] = set()
        self.sent = 0

    @initialize()
    def begin(self) -> None:
        make(self.file)
        self.store = QueueStore(self.file, "normal", lambda: self.now)
        self.sender = sqlite3.connect(self.file, isolation_level=None)

    def teardown(self) -> None:
        self.store.close()
        self.sender.close()
        self.folder.cleanup()

    @rule(ms=st.integers(0, 40))
    def pass_time(self, ms: int) -> None:
        self.now += ms

    @rule()
    def send(self) -> None:
        self.sent += 1
        number = f"{self.sent * 7919 % 1000:03}-{self.sent}"  # in no order
        self.sender.execute(
            "INSERT INTO messages (id, body, sent_ms, visible_ms) VALUES (?, ?, ?, ?)",
            (number, number, self.now, self.now),
        )
        self.kept[number] = Kept(number, self.now, self.now)

    @rule(most=st.integers(1, 4), visibility=st.integers(1, 30), attempts=st.integers(1, 3))
    def receive(self, most: int, visibility: int, attempts: int) -> None:
        taken = self.store.receive(most, visibility, attempts)
        visible = [
            each for each in self.kept.values() if each.dead is None and each.visible <= self.now
        ]
        visible = sorted(visible, key=lambda each: (each.visible, each.number))[:most]
        for each in visible:
            if each.attempts >= attempts:
                each.dead, each.reason = self.now, each.reason or UNFINISHED
        died = [(each.id, each.reason) for each in visible if each.dead is not None]
        assert list(taken.died) == died
        alive = [each for each in visible if each.dead is None]
        for each in alive:
            each.visible = self.now + visibility
            each.attempts += 1
            each.first = self.now if each.first is None else each.first
        expected = [
            QueueMessage(each.id, each.id, each.attempts, each.sent, each.first or 0)
            for each in alive
        ]
        assert list(taken.messages) == expected
        self.handed += taken.messages
        if visible:
            assert taken.next_ms == self.now
        else:
            later = [each.visible for each in self.kept.values() if each.dead is None]
            assert taken.next_ms == min(later, default=None)

    def some(self, picks: Sequence[int]) -> list[QueueMessage]:
        """Some of all that was ever handed out, late ones among them."""
        found = [self.handed[pick % len(self.handed)] for pick in picks] if self.handed else []
        return list(dict.fromkeys(found))

    @rule(done=PICKS, failed=PICKS, reason=st.sampled_from(["raised", "named"]))
    def settle(self, done: list[int], failed: list[int], reason: str) -> None:
        first, second = self.some(done), self.some(failed)
        self.store.settle(first, second, reason)
        for each in first:
            self.gone.add(each.id)
            self.kept.pop(each.id, None)
        for each in second:
            found = self.kept.get(each.id)
            if found and found.dead is None and found.attempts == each.attempt:
                found.reason = reason

    @rule(picks=PICKS, ms=st.integers(-5, 20))
    def release(self, picks: list[int], ms: int) -> None:
        messages = self.some(picks)
        self.store.release(messages, self.now + ms)
        for each in messages:
            found = self.kept.get(each.id)
            if found and found.dead is None and found.attempts == each.attempt:
                found.visible, found.attempts = self.now + ms, found.attempts - 1

    @rule(picks=st.none() | PICKS, purge=st.booleans())
    def change_dead(self, picks: list[int] | None, purge: bool) -> None:  # noqa: FBT001 - drawn
        ids = None if picks is None else [each.id for each in self.some(picks)]
        meant = [
            each
            for each in self.kept.values()
            if each.dead is not None and (ids is None or each.id in ids)
        ]
        changed = self.store.purge(ids) if purge else self.store.redrive(ids)
        assert sorted(changed) == sorted(each.id for each in meant)
        for each in meant:
            del self.kept[each.id]
            if purge:
                self.gone.add(each.id)
            else:
                self.kept[each.id] = Kept(each.id, each.sent, self.now)

    @rule()
    def die_and_return(self) -> None:
        self.store.close()

    @invariant()
    def all_that_was_sent_is_there_or_was_removed(self) -> None:
        if not hasattr(self, "store"):
            return
        with closing(sqlite3.connect(self.file)) as other:
            rows = other.execute(
                "SELECT id, sent_ms, visible_ms, attempts, first_received_ms, reason, dead_ms"
                " FROM messages"
            ).fetchall()
        assert {row[0]: Kept(*row) for row in rows} == self.kept
        assert len(self.kept) + len(self.gone) == self.sent

    @invariant()
    def the_counts_are_right(self) -> None:
        if not hasattr(self, "store"):
            return
        alive = [each for each in self.kept.values() if each.dead is None]
        look = self.store.look(100, 100)
        waiting = sum(each.visible <= self.now for each in alive)
        assert (look.waiting, look.in_flight) == (waiting, len(alive) - waiting)
        assert look.oldest_ms == min((each.sent for each in alive), default=None)
        assert {each.id for each in look.messages} == self.kept.keys() - {e.id for e in alive}


TestStore = StoreMachine.TestCase
TestStore.settings = settings(
    max_examples=settings().max_examples if settings().max_examples > 1000 else 60,
    stateful_step_count=30,
)
