"""One queue's messages: what is handed out, comes back, dies, and is delivered anew.

Times are UTC epoch milliseconds.
"""

import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.runtime.emulate import QueueMessage
from infra.local.runtime.queue_file import WAIT_S, QueueFile, transaction

UNFINISHED = "it was not dealt with within the visibility time-out"
_AT_ONCE = 500  # of dead messages: a transaction stays short


@dataclass(frozen=True, slots=True)
class Taken:
    """What one look for messages gave: some to work on, and some that had all their attempts.

    `next_ms` is when to look again: now if there was anything, else when the next one becomes
    visible; None when none will by itself.
    """

    messages: tuple[QueueMessage, ...]
    died: tuple[tuple[str, str], ...]
    next_ms: int | None


@dataclass(frozen=True, slots=True)
class Dead:
    """A message that was set aside. `body` is its first characters, `bytes` its whole length."""

    id: str
    attempts: int
    reason: str
    sent_ms: int
    dead_ms: int
    body: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Look:
    """How many messages are where; `oldest_ms` is when the oldest that is not dead was sent.

    `in_flight` counts those that are worked on and those that failed and will come back.
    """

    waiting: int
    in_flight: int
    dead: int
    oldest_ms: int | None
    messages: tuple[Dead, ...]


def clock_ms() -> int:
    """UTC epoch milliseconds, as the machine's clock has them."""
    return time.time_ns() // 1_000_000


class QueueStore:
    """The messages of one queue; used by one thread at a time. Every method raises StoreError."""

    def __init__(
        self,
        file: Path,
        durability: str,
        now_ms: Callable[[], int] = clock_ms,
        wait_s: float = WAIT_S,
    ) -> None:
        """`durability` is `normal` or `full`; the file must have been made.

        Other writers are waited for `wait_s` seconds.
        """
        self._file = QueueFile(file, durability, wait_s)
        self._now_ms = now_ms

    def receive(self, most: int, visibility_ms: int, max_attempts: int) -> Taken:
        """Hand out up to `most` visible messages, those that are visible longest first.

        They are not visible again until `visibility_ms` from now. Those of them that were handed
        out `max_attempts` times already are set aside instead.
        """
        now = self._now_ms()
        with self._file.reading() as connection:
            if not _visible(connection, now, 1):  # only look: no other writer is held up
                return Taken((), (), _next(connection, now))
        with self._file.writing() as connection:
            found = _visible(connection, now, most)
            died = [
                (number, reason or UNFINISHED)
                for number, _, attempts, _, _, reason in found
                if attempts >= max_attempts
            ]
            connection.executemany(
                "UPDATE messages SET dead_ms = ?, reason = ? WHERE id = ?",
                [(now, reason, number) for number, reason in died],
            )
            messages = [
                QueueMessage(
                    id=number,
                    body=body,
                    attempt=attempts + 1,
                    sent_ms=sent,
                    first_received_ms=now if first is None else first,
                )
                for number, body, attempts, sent, first, _ in found
                if attempts < max_attempts
            ]
            connection.executemany(
                "UPDATE messages SET visible_ms = ?, attempts = ?, first_received_ms = ?"
                " WHERE id = ?",
                [
                    (now + visibility_ms, each.attempt, each.first_received_ms, each.id)
                    for each in messages
                ],
            )
        return Taken(tuple(messages), tuple(died), now)  # there may be more at once

    def settle(
        self, done: Sequence[QueueMessage], failed: Sequence[QueueMessage], reason: str
    ) -> None:
        """Remove what was dealt with, whoever else has it by now.

        The rest comes back when its time-out ends; `reason` says why it was not dealt with.
        """
        with self._file.writing() as connection:
            connection.executemany(
                "DELETE FROM messages WHERE id = ?", [(each.id,) for each in done]
            )
            connection.executemany(
                "UPDATE messages SET reason = ? WHERE id = ? AND attempts = ? AND dead_ms IS NULL",
                [(reason, each.id, each.attempt) for each in failed],
            )

    def release(self, messages: Sequence[QueueMessage], visible_ms: int) -> None:
        """Take these back as if they had not been handed out; they are visible at this time."""
        with self._file.writing() as connection:
            connection.executemany(
                "UPDATE messages SET visible_ms = ?, attempts = attempts - 1"
                " WHERE id = ? AND attempts = ? AND dead_ms IS NULL",
                [(visible_ms, each.id, each.attempt) for each in messages],
            )

    def look(self, most: int, body_characters: int) -> Look:
        """Count the messages, and show the `most` that died last."""
        now = self._now_ms()
        with self._file.reading() as connection, transaction(connection, "DEFERRED"):
            (waiting, in_flight, oldest) = connection.execute(
                "SELECT count(*) FILTER (WHERE visible_ms <= ?1),"
                " count(*) FILTER (WHERE visible_ms > ?1), min(sent_ms)"
                " FROM messages WHERE dead_ms IS NULL",
                (now,),
            ).fetchone()
            (dead,) = connection.execute(
                "SELECT count(*) FROM messages WHERE dead_ms IS NOT NULL"
            ).fetchone()
            rows = connection.execute(
                "SELECT id, attempts, reason, sent_ms, dead_ms,"
                " CAST(substr(body, 1, ?) AS BLOB), length(CAST(body AS BLOB)) FROM messages"
                " WHERE dead_ms IS NOT NULL ORDER BY dead_ms DESC, rowid DESC LIMIT ?",
                (body_characters, most),
            ).fetchall()
        shown = [(*row[:5], row[5].decode(errors="replace"), row[6]) for row in rows]
        return Look(waiting, in_flight, dead, oldest, tuple(Dead(*row) for row in shown))

    def redrive(self, ids: Sequence[str] | None = None) -> tuple[str, ...]:
        """Have dead messages, all or these, delivered anew; the ids of those that will be."""
        return self._change_dead(
            "UPDATE messages SET dead_ms = NULL, reason = NULL, attempts = 0,"
            " first_received_ms = NULL, visible_ms = ?1",
            ids,
        )

    def purge(self, ids: Sequence[str] | None = None) -> tuple[str, ...]:
        """Remove dead messages, all or these, for good; the ids of those that are gone."""
        return self._change_dead("DELETE FROM messages", ids)

    def set_durability(self, durability: str) -> None:
        """Have what is written from now on last as this says."""
        self._file.set_durability(durability)

    def close(self) -> None:
        """Let the file go; the next use opens it again."""
        self._file.close()

    def _change_dead(self, statement: str, ids: Sequence[str] | None) -> tuple[str, ...]:
        """Change some at a time, so that no sender waits for long."""
        if ids is not None:
            return tuple(
                each
                for start in range(0, len(ids), _AT_ONCE)
                for each in self._change_some(statement, ids[start : start + _AT_ONCE])
            )
        with self._file.reading() as connection:  # what dies from now on is not meant
            (last,) = connection.execute("SELECT max(dead_ms) FROM messages").fetchone()
        changed: list[str] = []
        while some := self._dead(last):
            changed += self._change_some(statement, some)
        return tuple(changed)

    def _change_some(self, statement: str, ids: Sequence[str]) -> list[str]:
        one = f"{statement} WHERE id = ?2 AND dead_ms IS NOT NULL RETURNING id"
        now = self._now_ms()
        changed: list[str] = []
        with self._file.writing() as connection:
            for each in ids:
                changed += [row[0] for row in connection.execute(one, (now, each)).fetchall()]
        return changed

    def _dead(self, last: int | None) -> list[str]:
        with self._file.reading() as connection:
            rows = connection.execute(
                "SELECT id FROM messages WHERE dead_ms <= ? LIMIT ?", (last, _AT_ONCE)
            ).fetchall()
        return [number for (number,) in rows]


def _visible(connection: sqlite3.Connection, now: int, most: int) -> list[tuple[Any, ...]]:
    rows = connection.execute(
        "SELECT id, CAST(body AS BLOB), attempts, sent_ms, first_received_ms, reason FROM messages"
        " WHERE dead_ms IS NULL AND visible_ms <= ? ORDER BY visible_ms, rowid LIMIT ?",
        (now, most),
    )
    # a body that is no text dies of its own attempts, and holds up no other
    return [(number, body.decode(errors="replace"), *rest) for number, body, *rest in rows]


def _next(connection: sqlite3.Connection, now: int) -> int | None:
    (found,) = connection.execute(
        "SELECT min(visible_ms) FROM messages WHERE dead_ms IS NULL AND visible_ms > ?", (now,)
    ).fetchone()
    return None if found is None else int(found)
