"""A request on its way through a function."""

import asyncio

from infra.local.runtime.emulate import Failure


class Call:
    """One request: `outcome` becomes the handler's result or a Failure.

    `arrived` is in seconds on the fleet's clock.
    """

    __slots__ = ("arrived", "event", "outcome", "request_id")

    def __init__(
        self,
        request_id: str,
        event: bytes,
        outcome: asyncio.Future[bytes | Failure],
        arrived: float,
    ) -> None:
        self.request_id = request_id
        self.event = event
        self.outcome = outcome
        self.arrived = arrived

    def settle(self, outcome: bytes | Failure) -> None:
        """Answer it, unless whoever waited for it was cancelled."""
        if not self.outcome.done():
            self.outcome.set_result(outcome)
