"""Which level of concurrency was needed when, and how many instances are held for that."""

from infra.local.runtime.scaling.idleness import LEAST_S, Idleness, Worth


class Levels:
    """The levels 1, 2, 3 … of a function: level n is in use while n instances have work.

    Since the instance that worked last is used first, the n-th of them idles as level n does.
    """

    def __init__(self, memory: float, prior: float) -> None:
        self._memory = memory
        self._prior = prior
        self._used = 0
        self._left: list[float] = []  # when each level was used last
        self._idleness: list[Idleness] = []

    def use(self, now: float, used: int) -> None:
        """From now on so many levels are in use."""
        if used == self._used:
            return
        while used > self._used:
            if self._used == len(self._left):
                self._left.append(now)
                self._idleness.append(Idleness(self._memory, self._prior))
            elif (idle_s := now - self._left[self._used]) >= LEAST_S:
                self._idleness[self._used].add(idle_s)
            self._used += 1
        while used < self._used:
            self._used -= 1
            self._left[self._used] = now

    def held(self, now: float, worth: Worth, ahead_s: float) -> int:
        """The highest level in use, or worth an instance, which is ordered `ahead_s` early."""
        left, idleness = self._left, self._idleness
        for level in range(len(left) - 1, self._used - 1, -1):
            since_s, until_s = idleness[level].keep(worth)
            idle_s = now - left[level]
            if idle_s < until_s and (since_s == 0.0 or idle_s >= since_s - ahead_s):
                return level + 1
        return self._used
