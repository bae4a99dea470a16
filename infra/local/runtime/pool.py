"""Which instance takes which call: the rule of one function's instances, without any I/O.

Calls wait in one queue, first in first out, and instances pull from it: of all ways to spread
work it waits least, since nothing is ever queued behind a slow instance. An idle instance that was
used last is used first, so that surplus ones age and can go.
"""

from collections import deque
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from infra.local.runtime.emulate import Failure

_REST_S = 1.0

Call = TypeVar("Call")
Instance = TypeVar("Instance")
Call_contra = TypeVar("Call_contra", contravariant=True)
Instance_contra = TypeVar("Instance_contra", contravariant=True)


class Staff(Protocol[Call_contra, Instance_contra]):
    """What a pool asks of the outside."""

    def start(self) -> None:
        """Begin to start one instance; `ready` or `start_failed` follows."""

    def assign(self, instance: Instance_contra, call: Call_contra) -> None:
        """Give the call to an idle instance; `done` or `lost` follows."""

    def stop(self, instance: Instance_contra) -> None:
        """End an idle instance; nothing follows."""

    def fail(self, call: Call_contra, failure: Failure) -> None:
        """Answer a call that no instance took."""

    def drained(self) -> None:
        """A retired pool has nothing left."""


class Pool(Generic[Call, Instance]):
    """The instances of one revision of one function.

    `maximum` bounds the instances, `minimum` are kept, `queue_s` is how long a call may wait when
    all of them are busy (0: it is refused at once), `keep_alive_s` how long one may idle. Times are
    seconds on the clock `now`.
    """

    def __init__(
        self,
        staff: Staff[Call, Instance],
        *,
        minimum: int,
        maximum: int,
        queue_s: float,
        keep_alive_s: float,
        now: Callable[[], float],
    ) -> None:
        self._staff = staff
        self._minimum = min(minimum, maximum)
        self._maximum = maximum
        self._queue_s = queue_s
        self._now = now
        self.keep_alive_s = keep_alive_s
        self.starting = 0
        self.busy: dict[Instance, Call] = {}
        self.idle: dict[Instance, float] = {}  # since when; the last one was used last
        self.waiting: deque[tuple[Call, float]] = deque()  # with the time it may wait until
        self.retired = False
        self._told = False  # that it is drained
        self._rests_until = float("-inf")  # since one did not start

    @property
    def size(self) -> int:
        """Instances there are or soon will be."""
        return self.starting + len(self.busy) + len(self.idle)

    def open(self, least: int = 0) -> None:
        """Start what must always be there, and at least so many."""
        for _ in range(max(self._minimum, least) - self.size):
            self._start()

    def arrive(self, call: Call) -> None:
        """Take a call: give it to an idle instance, start one for it, let it wait, or refuse it."""
        if self.idle:
            instance, _ = self.idle.popitem()
            self._assign(instance, call)
        elif len(self.waiting) < self.starting:
            self.waiting.append((call, float("inf")))
        elif self.size < self._maximum:
            self.waiting.append((call, float("inf")))
            self._start()
        elif self._queue_s > 0:
            self.waiting.append((call, self._now() + self._queue_s))
        else:
            self._staff.fail(call, Failure.FULL)

    def ready(self, instance: Instance) -> None:
        """A started instance can work."""
        self.starting -= 1
        self._next(instance)

    def start_failed(self) -> None:
        """An instance did not start: the call that waited longest is told, the rest try again."""
        self.starting -= 1
        self._rests_until = self._now() + _REST_S
        if self.waiting:
            self._staff.fail(self.waiting.popleft()[0], Failure.NOT_STARTED)
        self._start_for(len(self.waiting))

    def done(self, instance: Instance) -> None:
        """An instance finished its call."""
        del self.busy[instance]
        self._next(instance)

    def lost(self, instance: Instance) -> None:
        """An instance is gone, whatever it was doing; its call is the caller's to answer."""
        self.idle.pop(instance, None)
        self.busy.pop(instance, None)
        self._start_for(len(self.waiting))

    def tick(self) -> None:
        """Refuse what waited too long, end what idled too long, start what must be there.

        The minimum is restored here and nowhere else, and not right after one that did not start:
        what cannot start is then tried now and then, not for ever in a row.
        """
        now = self._now()
        overdue = [entry for entry in self.waiting if entry[1] <= now]
        for entry in overdue:
            self.waiting.remove(entry)
            self._staff.fail(entry[0], Failure.FULL)
        for instance, since in list(self.idle.items()):
            if self.size <= self._minimum or now - since < self.keep_alive_s:
                break
            del self.idle[instance]
            self._staff.stop(instance)
        if now >= self._rests_until:
            self.open()

    def retire(self) -> None:
        """Take no more calls (the caller sends none); finish those that are here, then be gone."""
        self.retired = True
        self._minimum = 0
        while self.idle:
            self._staff.stop(self.idle.popitem()[0])
        self._announce_drained()

    def _start(self) -> None:
        self.starting += 1
        self._staff.start()

    def _assign(self, instance: Instance, call: Call) -> None:
        self.busy[instance] = call
        self._staff.assign(instance, call)

    def _next(self, instance: Instance) -> None:
        if self.waiting:
            self._assign(instance, self.waiting.popleft()[0])
        elif self.retired:
            self._staff.stop(instance)
            self._announce_drained()
        else:
            self.idle[instance] = self._now()

    def _start_for(self, calls: int) -> None:
        """Start as many as so many waiting calls now lack."""
        for _ in range(min(calls - self.starting, self._maximum - self.size)):
            self._start()
        self._announce_drained()

    def _announce_drained(self) -> None:
        if self.retired and not (self.size or self.waiting or self._told):
            self._told = True
            self._staff.drained()
