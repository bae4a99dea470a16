"""Stores of which one write goes wrong: tables, the queue, and the provider of payments.

Put between the composition root and the adapters. Reads are left alone: a worker who dies at one
has done the same as one who dies before the next write.
"""

from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from typing import Any

from app.ports.adapters import Adapters
from app.ports.errors import PortError, UnavailableError
from tests.support.faults import Faults, KilledError

_WRITES = frozenset({"put", "update", "delete", "send", "start", "capture", "void", "refund"})


class Fault(Enum):
    """What becomes of a write, and of who made it."""

    CRASH_BEFORE = "the worker dies before it"
    CRASH_AFTER = "the worker dies after it"
    NOT_DONE = "it is not done, and no answer comes"
    ANSWER_LOST = "it is done, and no answer comes"
    DELAYED = "no answer comes, and it is done much later"
    DELAYED_CRASH = "the worker dies, and it is done much later"


class FaultyTables(Faults):
    """Adapters whose `at`-th write (from 1) goes wrong; with at=0 they only count.

    With a `name`, as `orders.put`, it is the `at`-th of those. `deliver` does what was delayed,
    against the stores as they are then.
    """

    def __init__(
        self,
        adapters: Adapters,
        at: int = 0,
        fault: Fault = Fault.CRASH_BEFORE,
        name: str | None = None,
    ) -> None:
        super().__init__(adapters, 0, KilledError, after=False)
        self._place = at
        self._fault = fault
        self._name = name
        self._late: list[Callable[[], Any]] = []

    def call(self, name: str, run: Callable[[], Any]) -> Any:
        if name.rpartition(".")[2] not in _WRITES:
            return run()
        with self._lock:
            self.calls.append(name)
            count = self.calls.count(name) if self._name else len(self.calls)
            broken = count == self._place and self._name in (None, name)
        if not broken:
            return run()
        if self._fault in (Fault.CRASH_AFTER, Fault.ANSWER_LOST):
            run()
        if self._fault in (Fault.DELAYED, Fault.DELAYED_CRASH):
            self._late.append(run)
        if self._fault in (Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.DELAYED_CRASH):
            raise KilledError
        raise UnavailableError("no answer came")

    def deliver(self) -> int:
        """Do what was delayed, where it can still be done; how many writes."""
        late, self._late = self._late, []
        for run in late:
            with suppress(PortError):
                run()
        return len(late)
