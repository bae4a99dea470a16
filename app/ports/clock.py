"""The time."""

from typing import Protocol


class Clock(Protocol):
    """What time it is."""

    def now_ms(self) -> int:
        """UTC epoch milliseconds; may go back a little when the machine's clock is set."""
