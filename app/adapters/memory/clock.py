"""A clock that stands still until it is moved."""

import threading


class MemoryClock:
    """Time as a test, or a simulation, says it is."""

    def __init__(self, start_ms: int) -> None:
        """`start_ms`: UTC epoch milliseconds."""
        self._now_ms = start_ms
        self._lock = threading.Lock()

    def now_ms(self) -> int:
        """UTC epoch milliseconds."""
        return self._now_ms

    def advance(self, ms: int) -> None:
        """Move on, or back when negative, as machines' clocks may."""
        with self._lock:
            self._now_ms += ms
