"""Whether the thread that hands out calls has time left to hand out more of them."""

import os
import time
from collections.abc import Callable
from typing import Final

_EVERY_S: Final = 1.0
_CROWDED: Final = 0.9


class Pressure:
    """How much of its time a thread is at work or waits for a processor; asked by that thread.

    `wanted_s` tells the seconds of both since its start, `now` those that have passed.
    """

    def __init__(
        self,
        wanted_s: Callable[[], float] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wanted_s = wanted_s or wanted
        self._now = now
        self._at = now()
        self._had_s = self._wanted_s()
        self._crowded = False

    def crowded(self) -> bool:
        """Whether it had a tenth of the last second or less to rest."""
        at = self._now()
        if at - self._at >= _EVERY_S:
            had_s = self._wanted_s()
            self._crowded = (had_s - self._had_s) / (at - self._at) >= _CROWDED
            self._at, self._had_s = at, had_s
        return self._crowded


def wanted() -> float:
    """Seconds that this thread worked, and on Linux those that it waited for a processor, too."""
    try:
        schedstat = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
    except OSError:
        return time.thread_time()
    try:
        at_work, waited, _ = os.read(schedstat, 128).split()
        return (int(at_work) + int(waited)) / 1e9
    except (OSError, ValueError):  # a kernel that keeps no such account
        return time.thread_time()
    finally:
        os.close(schedstat)
