"""The machine's clock."""

import time


class SystemClock:
    """The time as the machine has it."""

    def now_ms(self) -> int:
        """UTC epoch milliseconds."""
        return time.time_ns() // 1_000_000
