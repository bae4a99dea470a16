"""How many instances load at once: no more than the processors have room for.

A start keeps a processor busy. Many that begin together take them all from the instances at work,
and calls wait for the very starts that are to help them.
"""

from collections import deque
from collections.abc import Callable
from typing import Protocol

Leave = Callable[[], None]
"""Tells that a start is over; more than once is no more than once."""


class Clock(Protocol):
    """What calls back later: an event loop does."""

    def call_later(self, delay: float, callback: Callable[[], None]) -> object:
        """Have `callback` called in so many seconds."""


class StartGate:
    """Lets in `most` starts at once, in the order they came.

    A place is held until the start is over, and for `hold_s` seconds at most: a handler that never
    gets loaded does not keep others from starting.
    """

    def __init__(self, most: int, hold_s: float = 1.0) -> None:
        self._most = most
        self._hold_s = hold_s
        self._inside: set[object] = set()
        self._outside: deque[Callable[[Leave], None]] = deque()

    def enter(self, clock: Clock, start: Callable[[Leave], None]) -> None:
        """Have `start` called with what tells that it is over: now, or when there is a place."""
        self._outside.append(start)
        self._let_in(clock)

    def _let_in(self, clock: Clock) -> None:
        while self._outside and len(self._inside) < self._most:
            place = object()
            self._inside.add(place)

            def leave(place: object = place) -> None:
                if place in self._inside:
                    self._inside.discard(place)
                    self._let_in(clock)

            clock.call_later(self._hold_s, leave)
            self._outside.popleft()(leave)
