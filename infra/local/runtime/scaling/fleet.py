"""One revision's calls and instances: who waits, who works, who goes, as a scaler decides.

Calls wait in one queue, first in first out, and instances pull from it: of all ways to spread work
it waits least, since nothing is ever queued behind a slow instance.
"""

from collections import deque
from collections.abc import Callable, Hashable
from typing import Final, Generic, TypeVar

from infra.local.runtime.emulate import Failure
from infra.local.runtime.scaling.balancer import Balance, idle_one, least_outstanding
from infra.local.runtime.scaling.decisions import NOTHING, Decision, Scaler
from infra.local.runtime.scaling.maintenance import Bounds, Life, Upkeep
from infra.local.runtime.scaling.staff import Staff

_REST_S: Final = 1.0
_BET_S: Final = 1.0  # so long a call waits where that was to be faster than a start, and was not
_FOREVER: Final = float("inf")

Call = TypeVar("Call", bound=Hashable)
Instance = TypeVar("Instance", bound=Hashable)


class Fleet(Generic[Call, Instance]):
    """The instances of one revision of one function, each of which takes `slots` calls at once.

    `maximum` bounds the instances, `minimum` are kept, `queue_s` is how long a call may wait when
    no other instance may start (0: it is refused at once). Times are seconds on the clock `now`.
    """

    def __init__(  # noqa: PLR0913 - what a fleet is, by name
        self,
        staff: Staff[Call, Instance],
        scaler: Scaler,
        *,
        minimum: int,
        maximum: int,
        queue_s: float,
        now: Callable[[], float],
        slots: int = 1,
        balance: Balance = Balance.RECENT,
        bounds: Bounds | None = None,
    ) -> None:
        self._staff = staff
        self.scaler = scaler
        self.minimum = min(minimum, maximum)
        self.maximum = maximum
        self.slots = slots
        self._queue_s = queue_s
        self._now = now
        self.balance = balance
        self.upkeep: Upkeep[Instance] = Upkeep(bounds)
        self.in_flight = 0
        self.busy: dict[Instance, dict[Call, float]] = {}  # with the time that each was taken
        self.idle: dict[Instance, float] = {}  # since when; the longest idle one first
        self.waiting: deque[tuple[Call, float, float]] = deque()  # since when, until when at most
        self.reason, self.reason_at = "", -_FOREVER  # of the last decision to change something
        self.retired = False
        self._ordered: deque[float] = deque()  # when those that start were ordered
        self._told = False  # that it is drained
        self._short_until = -_FOREVER  # since a worn one has gone: calls wait for another
        self._rests_until = -_FOREVER  # since one did not start

    @property
    def starting(self) -> int:
        """Instances that were ordered and are not ready."""
        return len(self._ordered)

    @property
    def size(self) -> int:
        """Instances there are or soon will be."""
        return len(self._ordered) + len(self.busy) + len(self.idle)

    def waited(self, now: float) -> float:
        """How long the call that waits longest has waited; 0 where none waits."""
        return now - self.waiting[0][1] if self.waiting else 0.0

    def open(self, least: int = 0) -> None:
        """Start what must always be there, and at least so many."""
        self._start(max(self.minimum, least) - self.size)

    def arrive(self, call: Call) -> None:
        """Take a call: an instance gets it, or it waits for one, or it is refused."""
        now = self._now()
        instance = None if self.waiting else self._free()
        if instance is not None:
            self._assign(instance, call, now)
        else:
            self.waiting.append((call, now, _FOREVER))
        decision = self.scaler.arrived(now, self)
        if decision is not NOTHING:
            self._follow(decision, now)
        if (
            instance is None
            and len(self.waiting) > self.starting * self.slots
            and (decision.capped or self.size >= self.maximum)
        ):
            self.waiting.pop()
            patience_s = max(self._queue_s, _BET_S if now < self._short_until else 0)
            if patience_s > 0:
                self.waiting.append((call, now, now + patience_s))
            else:
                self._staff.fail(call, Failure.FULL)

    def ready(self, instance: Instance) -> None:
        """A started instance can work."""
        now = self._now()
        self.scaler.started(now - self._ordered.popleft())
        self.upkeep.lives[instance] = Life(now)
        self._next(instance, now)
        if self.upkeep.worn:
            self._let_go(next(iter(self.upkeep.worn)))

    def start_failed(self) -> None:
        """An instance did not start: the call that waited longest is told, the rest try again."""
        self._ordered.popleft()
        self._rests_until = self._now() + _REST_S
        if self.waiting:
            self._staff.fail(self.waiting.popleft()[0], Failure.NOT_STARTED)
        self._start_for_waiting()

    def done(self, instance: Instance, call: Call) -> None:
        """An instance finished a call."""
        now = self._now()
        began = self.busy[instance].pop(call)
        self.in_flight -= 1
        self.upkeep.lives[instance].served += 1
        self.scaler.finished(now, now - began, self)
        if self.upkeep.bounds is not None and not self.retired:
            self._look_after(instance, now)
        self._next(instance, now)

    def lost(self, instance: Instance) -> None:
        """An instance is gone, whatever it was doing; its calls are the caller's to answer."""
        if instance not in self.busy and self.idle.pop(instance, None) is None:
            return  # it was stopped, or is lost already
        self.in_flight -= len(self.busy.pop(instance, ()))
        self.upkeep.forget(instance)
        self._start_for_waiting()

    def tick(self) -> None:
        """Refuse what waited too long, and do what the scaler decides.

        The minimum is restored here and nowhere else, and not right after one that did not start:
        what cannot start is then tried now and then, not for ever in a row.
        """
        now = self._now()
        self._refuse_overdue(now)
        if self.retired:
            if now >= self._rests_until:
                self._start_for_waiting()
            return
        for instance in list(self.idle):
            self._look_after(instance, now)
        if now < self._rests_until:
            return
        self._follow(self.scaler.tick(now, self), now)
        self.open(least=self.size + 1 if self.upkeep.worn and not self.starting else 0)

    def retire(self) -> None:
        """Take no more calls (the caller sends none); finish those that are here, then be gone."""
        self.retired = True
        self.minimum = 0
        for instance in list(self.idle):
            self._stop(instance)
        self._announce_drained()

    def _refuse_overdue(self, now: float) -> None:
        stuck = self.size >= self.maximum and not self._ordered
        since = now - max(self._queue_s, _BET_S) if stuck else -_FOREVER
        for each in [each for each in self.waiting if each[2] <= now or each[1] <= since]:
            self.waiting.remove(each)
            self._staff.fail(each[0], Failure.FULL)

    def _free(self) -> Instance | None:
        """The instance that takes the next call, or None when all are full."""
        if self.slots == 1:
            return idle_one(self.idle, self.balance)
        outstanding = dict.fromkeys(reversed(self.idle), 0)
        outstanding |= {e: len(c) for e, c in self.busy.items() if e not in self.upkeep.leaving}
        return least_outstanding(outstanding, self.slots)

    def _assign(self, instance: Instance, call: Call, now: float) -> None:
        self.idle.pop(instance, None)
        self.busy.setdefault(instance, {})[call] = now
        self.in_flight += 1
        self._staff.assign(instance, call)

    def _next(self, instance: Instance, now: float) -> None:
        """An instance has room: for calls that wait, or to rest."""
        calls = self.busy.setdefault(instance, {})
        leaves = instance in self.upkeep.leaving
        while self.waiting and len(calls) < self.slots and not leaves:
            self._assign(instance, self.waiting.popleft()[0], now)
        if calls:
            return
        del self.busy[instance]
        self.idle[instance] = now
        if leaves or self.retired:
            self._stop(instance)
            self._start_for_waiting()

    def _follow(self, decision: Decision[Instance], now: float) -> None:
        if decision.start or decision.stop or decision.capped:
            self.reason, self.reason_at = decision.reason, now
        for instance in decision.stop:
            if instance in self.idle and self.size > self.minimum:
                self._stop(instance)
        self._start(decision.start)

    def _start(self, count: int) -> None:
        for _ in range(min(count, self.maximum - self.size)):
            self._ordered.append(self._now())
            self._staff.start()

    def _stop(self, instance: Instance) -> None:
        del self.idle[instance]
        self._staff.stop(instance, worn=self.upkeep.forget(instance))

    def _look_after(self, instance: Instance, now: float) -> None:
        """Replace a worn one: another starts, then it goes; at the maximum it goes first, alone."""
        if not (why := self.upkeep.newly_worn(instance, now)):
            return
        if self.size < self.maximum:
            self.upkeep.worn[instance] = None
            self._start(1)
        elif self._ordered or self.upkeep.leaving:
            return
        else:
            self._short_until = now + _BET_S
            self._let_go(instance)
        self.reason, self.reason_at = why, now

    def _let_go(self, instance: Instance) -> None:
        """A worn instance takes no more calls, and ends with those that it has."""
        self.upkeep.worn.pop(instance, None)
        self.upkeep.leaving.add(instance)
        if instance in self.idle:
            self._stop(instance)

    def _start_for_waiting(self) -> None:
        """Start what those who wait lack."""
        self._start(-(-len(self.waiting) // self.slots) - self.starting)
        self._announce_drained()

    def _announce_drained(self) -> None:
        if self.retired and not (self.size or self.waiting or self._told):
            self._told = True
            self._staff.drained()
