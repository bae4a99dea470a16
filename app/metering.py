"""What one call of a function takes: time at work, time in its stores, units of them, messages.

Packed and loaded only where the environment asks for it (`SHOP_METER`), as `make measure` does.
Each call that went well prints one line, `{"metered": {…}}`:

    trigger     "http", "queue" or "schedule"
    of          the route's key, the consumer's name, or the schedule's
    count       how many it was: a batch's messages, otherwise 1
    compute_ms  CPU time of the process, outside of stores
    store_ms    time in stores, as a clock on the wall shows it
    calls       of stores
    reads       units by table: one is 4 KB
    writes      units by table: one is 1 KB
    sends       messages by queue

A process has one call at a time.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter_ns, process_time_ns
from typing import TypeVar

from app.adapters.common.metered import MeteredAdapters
from app.ports.adapters import Adapters

Answer = TypeVar("Answer")
Called = Callable[[object, object], Answer]

_MS = 1_000_000


@dataclass(slots=True)
class _Spent:
    """What a call has taken so far; times in ns."""

    aside_ns: int = 0
    store_ns: int = 0
    calls: int = 0
    reads: Counter[str] = field(default_factory=Counter)
    writes: Counter[str] = field(default_factory=Counter)
    sends: Counter[str] = field(default_factory=Counter)


class Meter:
    """Counts what the call that runs asks of its stores."""

    def __init__(
        self,
        write: Callable[[str], object] | None = None,
        cpu_ns: Callable[[], int] = process_time_ns,
        wall_ns: Callable[[], int] = perf_counter_ns,
    ) -> None:
        """`write` takes a line (standard output by default); the clocks are in nanoseconds."""
        self._write = write
        self._cpu_ns = cpu_ns
        self._wall_ns = wall_ns
        self._spent = _Spent()

    def adapters(self, adapters: Adapters) -> Adapters:
        """The same adapters, counted."""
        return MeteredAdapters(adapters, self)

    def measured(
        self,
        trigger: str,
        call: Called[Answer],
        of: Callable[[object, object], tuple[str, int]],
        good: Callable[[Answer], bool],
    ) -> Called[Answer]:
        """The function that the cloud calls, which prints a line of each call that was `good`.

        `of` tells what a call's (event, context) is for, and how many it is.
        """

        def run(event: object, context: object) -> Answer:
            self._spent = spent = _Spent()
            begun = self._cpu_ns()
            answer = call(event, context)
            compute = self._cpu_ns() - begun - spent.aside_ns
            name, count = of(event, context) if good(answer) else ("", 0)
            if count:
                self._print(trigger, name, count, compute)
            return answer

        return run

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Work that is not the function's own: what a store does, and the counting of it."""
        begun = self._cpu_ns()
        try:
            yield
        finally:
            self._spent.aside_ns += self._cpu_ns() - begun

    @contextmanager
    def store(self) -> Iterator[None]:
        """One call of a store."""
        self._spent.calls += 1
        begun = self._wall_ns()
        try:
            yield
        finally:
            self._spent.store_ns += self._wall_ns() - begun

    def read(self, table: str, units: int) -> None:
        """So many units were read."""
        self._spent.reads[table] += units

    def wrote(self, table: str, units: int) -> None:
        """So many units were written."""
        self._spent.writes[table] += units

    def sent(self, queue: str) -> None:
        """A message was sent."""
        self._spent.sends[queue] += 1

    def _print(self, trigger: str, of: str, count: int, compute_ns: int) -> None:
        spent = self._spent
        metered = {
            "trigger": trigger,
            "of": of,
            "count": count,
            "compute_ms": compute_ns / _MS,
            "store_ms": spent.store_ns / _MS,
            "calls": spent.calls,
            "reads": spent.reads,
            "writes": spent.writes,
            "sends": spent.sends,
        }
        (self._write or sys.stdout.write)(f"{json.dumps({'metered': metered})}\n")
