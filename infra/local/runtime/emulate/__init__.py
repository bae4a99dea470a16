"""How each cloud speaks to a function and answers for it, said once per cloud.

The gateway turns a request into the cloud's event and a result into the cloud's answer; the
worker gives the handler the event and the context that the cloud's runtime would give.
`docs/emulation.md` lists every answer with its source.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from infra.local.runtime.router import Match


class HttpRequest:
    """One request as the gateway read it.

    `path` is as sent (percent-encoded), `query` the raw query string, header names are lower case.
    """

    __slots__ = ("body", "headers", "method", "path", "protocol", "query", "source_ip")

    def __init__(
        self,
        method: str,
        path: str,
        query: str,
        protocol: str,
        source_ip: str,
        headers: list[tuple[bytes, bytes]],
        body: bytes = b"",
    ) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.protocol = protocol
        self.source_ip = source_ip
        self.headers = headers
        self.body = body


@dataclass(slots=True)  # made for each request, and freezing costs more than the rest of it
class HttpAnswer:
    """What goes back to the client, on a connection that `closes` then.

    Header names are lower case, names and values legal; content-length and connection are the
    server's.
    """

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    closes: bool = False


class Failure(Enum):
    """Why a request got no answer from its handler."""

    NO_ROUTE = "no route matches"
    TOO_LARGE = "the body is over the limit"
    FULL = "every instance is busy and no more may start"
    RAISED = "the handler raised"
    CRASHED = "the instance died while it worked"
    TIMED_OUT = "the handler did not finish within its time-out"
    NOT_STARTED = "the instance could not load its handler"
    MALFORMED = "the handler's result is no HTTP answer"


@dataclass(frozen=True, slots=True)
class Identity:
    """What a worker knows of the function that it runs."""

    function: str
    handler: str
    memory_mb: int
    timeout_s: int
    revision: str


@dataclass(slots=True)  # made for each request, and freezing costs more than the rest of it
class Invocation:
    """One call as the worker got it. `deadline` is on the monotonic clock, in seconds."""

    request_id: str
    deadline: float


class MalformedResultError(Exception):
    """The handler's result cannot be turned into an HTTP answer."""


class GatewaySide(Protocol):
    """A cloud as seen from the gateway. All of it is pure but `new_request_id`."""

    def new_request_id(self) -> str:
        """A fresh id in the cloud's own form."""

    def event(self, request: HttpRequest, match: Match, request_id: str, time_ms: int) -> bytes:
        """The cloud's event for a request that took a route, as JSON; UTC epoch milliseconds."""

    def answer(self, result: bytes, request_id: str) -> HttpAnswer:
        """The answer that the cloud makes of a handler's JSON result.

        Raises MalformedResultError where the cloud would refuse the result.
        """

    def refusal(self, failure: Failure, request_id: str) -> HttpAnswer:
        """What the cloud answers when there is no result."""


class WorkerSide(Protocol):
    """A cloud as seen from the handler. Pure."""

    def environment(self, identity: Identity) -> dict[str, str]:
        """The variables that the cloud's runtime sets by itself."""

    def decode(self, event: bytes) -> Any:
        """The event as the handler's first argument."""

    def context(self, identity: Identity, invocation: Invocation) -> Any:
        """The handler's second argument."""

    def encode(self, result: Any) -> bytes:
        """The handler's result as JSON. Raises TypeError where the runtime could not encode it."""


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """One message on its way to a consumer. Times are UTC epoch milliseconds.

    `attempt` counts from 1: how often it has been handed out, this time included.
    """

    id: str
    body: str
    attempt: int
    sent_ms: int
    first_received_ms: int


class TriggerSide(Protocol):
    """How a cloud's queues and schedules call a function. Pure but for the ids that it makes."""

    def queue_event(self, queue: str, messages: Sequence[QueueMessage]) -> bytes:
        """The cloud's event for a batch of messages, as JSON."""

    def failed(self, result: bytes, ids: Sequence[str]) -> frozenset[str]:
        """Those of the batch's ids that a handler's result leaves in the queue.

        Where the cloud cannot tell from the result, or takes none, it is all or nothing.
        """

    def schedule_event(self, schedule: str, due_ms: int) -> bytes:
        """The cloud's event for a schedule that is due at this time, as JSON."""
