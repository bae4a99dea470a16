class Mean:
    """The mean of about the last so many values, and of all while there are fewer; 0 of none."""

    __slots__ = ("_most", "count", "value")

    def __init__(self, most: int) -> None:
        self._most = most
        self.count = 0
        self.value = 0.0

    def add(self, value: float) -> None:
        """One more value."""
        self.count = min(self.count + 1, self._most)
        self.value += (value - self.value) / self.count
