from infra.capacity import StartRate


class StartBudget:
    """How many instances the provider would still start now: a bucket that refills with time."""

    def __init__(self, rate: StartRate | None) -> None:
        self._rate = rate
        self._left = float(rate.at_once) if rate else 0.0
        self._at = float("-inf")

    def take(self, now: float, wanted: int) -> int:
        """Use up so many starts, or as many as there are; how many that is."""
        if self._rate is None:
            return wanted
        self._refill(now)
        granted = min(wanted, int(self._left))
        self._left -= granted
        return granted

    def _refill(self, now: float) -> None:
        if self._rate is None:
            return
        if now > self._at:
            since = min(now - self._at, self._rate.at_once / self._rate.per_s)
            self._left = min(self._rate.at_once, self._left + since * self._rate.per_s)
            self._at = now
