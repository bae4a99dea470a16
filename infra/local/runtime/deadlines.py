"""When calls are to end: one timer for all of a function, since all have the same time-out."""

import asyncio
import time
from collections.abc import Callable, Iterable

from infra.local.runtime.instances import Instance


class Deadlines:
    """Calls `on_over(instance)` for each instance at work whose call is over its time.

    `at_work()` are those that have a call now, `timeout_s` what each call has. The timer is set for
    the first deadline of all; that of a call which has ended is passed over when it comes.
    """

    def __init__(
        self,
        timeout_s: float,
        at_work: Callable[[], Iterable[Instance]],
        on_over: Callable[[Instance], None],
    ) -> None:
        self._timeout_s = timeout_s
        self._at_work = at_work
        self._on_over = on_over
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, instance: Instance) -> None:
        """An instance begins with a call now: its deadline is set."""
        instance.deadline = time.monotonic() + self._timeout_s
        if self._timer is None:
            self._timer = self._loop.call_later(self._timeout_s, self._look)

    def cancel(self) -> None:
        """No call is to come."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        now, at_work = time.monotonic(), list(self._at_work())
        first = min((each.deadline for each in at_work if each.deadline > now), default=None)
        self._timer = self._loop.call_later(first - now, self._look) if first else None
        for instance in at_work:
            if instance.deadline <= now:
                self._on_over(instance)
