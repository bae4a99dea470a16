"""The queues that the suite runs on, each with a way to see what would be delivered."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from app.adapters.common.queue import granted
from app.adapters.local.queue import open_queue
from app.adapters.memory.queue import MemoryQueue
from app.ports.queue import Queue
from infra.local.runtime.queue_file import make
from infra.local.runtime.queue_store import QueueStore

NAMES = ("memory", "local")


class Opened(Protocol):
    """One adapter's queue, as a function that may send has it."""

    queue: Queue

    def delivered(self) -> list[str]:
        """The bodies of the messages that a consumer is handed, one by one."""


class Memory:
    """The one that tests use."""

    def __init__(self) -> None:
        self.raw = MemoryQueue()
        self.queue = granted(self.raw, "welcome", {"may": ["send"]}, "auth")

    def delivered(self) -> list[str]:
        return [message.body for message in self.raw.messages]


class Local:
    """A file, read as the local cloud reads it."""

    def __init__(self, file: Path, durability: str) -> None:
        make(file)
        self.stated: dict[str, Any] = {"may": ["send"], "at": str(file), "durability": durability}
        self.raw = open_queue("welcome", self.stated)
        self.queue = granted(self.raw, "welcome", self.stated, "auth")
        self.store = QueueStore(file, durability)

    def delivered(self) -> list[str]:
        found: list[str] = []
        while taken := self.store.receive(10, 3_600_000, 5).messages:
            found += [message.body for message in taken]
        return found


@contextmanager
def opened(name: str, folder: Path, durability: str = "normal") -> Iterator[Opened]:
    """The queue of this adapter."""
    if name == "memory":
        yield Memory()
        return
    local = Local(folder / "welcome.db", durability)
    yield local
    local.raw.close()
    local.store.close()
