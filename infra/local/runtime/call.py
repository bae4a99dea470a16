"""A request on its way through a function."""

from collections.abc import Callable

from infra.local.runtime.emulate import Failure

Outcome = bytes | Failure
"""A handler's result, or why there is none."""


class Call:
    """One request, whose outcome is told to `on_outcome` once.

    `arrived` is in seconds on the fleet's clock.
    """

    __slots__ = ("_on_outcome", "arrived", "event", "request_id")

    def __init__(
        self,
        request_id: str,
        event: bytes,
        on_outcome: Callable[[Outcome], None],
        arrived: float,
    ) -> None:
        self.request_id = request_id
        self.event = event
        self.arrived = arrived
        self._on_outcome: Callable[[Outcome], None] | None = on_outcome

    def settle(self, outcome: Outcome) -> None:
        """Tell its outcome, if none was told."""
        told, self._on_outcome = self._on_outcome, None
        if told is not None:
            told(outcome)
