from collections import deque
from typing import Final

_STEP_S: Final = 1.0


class Load:
    """T, the work in flight: its mean over windows of whole seconds, up to `longest_s`.

    What waits counts as well as what is worked on. Memory is one number a second.
    """

    def __init__(self, now: float, longest_s: int) -> None:
        self._began = now
        self._mark = now  # the last whole second
        self._at = now
        self.in_flight = 0
        self._area = 0.0  # requests x seconds since the start
        self._areas: deque[float] = deque([0.0], maxlen=longest_s + 1)  # at each whole second

    def set(self, now: float, in_flight: int) -> None:
        """From now on so many requests are in flight."""
        if now - self._mark >= _STEP_S:
            self._advance(now)
        elif now > self._at:
            self._area += self.in_flight * (now - self._at)
            self._at = now
        self.in_flight = in_flight

    def mean(self, now: float, window_s: int) -> float:
        """The mean of the last `window_s`, or of all time while that is less."""
        self._advance(now)
        back = min(window_s, len(self._areas) - 1)
        spent = min(back * _STEP_S + (now - self._mark), now - self._began)
        if spent <= 0:
            return float(self.in_flight)
        return (self._area - self._areas[-1 - back]) / max(spent, _STEP_S)

    def _advance(self, now: float) -> None:
        while now - self._mark >= _STEP_S:
            steps = (now - self._mark) / _STEP_S
            limit = self._areas.maxlen or 1
            if steps > 2 * limit:  # after a long rest each second would be the same
                skipped = (int(steps) - limit) * _STEP_S
                self._area += self.in_flight * (self._mark + skipped - self._at)
                self._mark += skipped
                self._at = self._mark
                self._areas.clear()
                self._areas.append(self._area)
                continue
            self._mark += _STEP_S
            self._area += self.in_flight * (self._mark - self._at)
            self._at = self._mark
            self._areas.append(self._area)
        if now > self._at:
            self._area += self.in_flight * (now - self._at)
            self._at = now
