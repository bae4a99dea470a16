"""The HTTP gateway: finds the function that a request is for, and speaks its cloud's language.

One process, one event loop. What it serves is one reference that a change replaces, so a request
sees the old route table or the new one, never a mixture.
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from infra.local.runtime.emulate import (
    Failure,
    GatewaySide,
    HttpAnswer,
    MalformedResultError,
)
from infra.local.runtime.emulate.registry import NAMES, gateway_side
from infra.local.runtime.function import Revision
from infra.local.runtime.http_answer import PLAIN
from infra.local.runtime.http_connection import Reply
from infra.local.runtime.http_request import Request, Unread
from infra.local.runtime.logbook import Logbook, now
from infra.local.runtime.router import Match, Router
from infra.local.runtime.specs import GatewaySpec

# of a path: longer than an id is, as tokens, keys and signatures are that landed there by mistake
_LONG = re.compile(r"([^/]{12})[^/]{29,}")
_LEAST_LONG: Final = 12 + 29


@dataclass(frozen=True, slots=True)
class _Serving:
    """What is served: replaced as a whole."""

    spec: GatewaySpec
    router: Router
    side: GatewaySide


@dataclass(slots=True)  # one for each request
class _Exchange:
    """A request on its way to its answer; `began` is on the monotonic clock."""

    request: Request
    reply: Reply
    began: float
    side: GatewaySide
    request_id: str
    function: str | None


class Gateway:
    """What answers requests. `functions` is the cloud's own mapping, read at each request."""

    def __init__(self, functions: Mapping[str, Revision], logbook: Logbook) -> None:
        self._functions = functions
        self._logbook = logbook
        self._serving: _Serving | None = None
        self._sides = {name: gateway_side(name) for name in NAMES}

    @property
    def spec(self) -> GatewaySpec | None:
        """What is served."""
        return self._serving.spec if self._serving else None

    def serve(self, spec: GatewaySpec | None) -> None:
        """Serve this from the next request on."""
        self._serving = (
            _Serving(spec, Router(spec.routes), self._sides[spec.emulate]) if spec else None
        )

    def body_limit(self, request: Request) -> int | None:
        """The bytes that a request's body may have; None where no function takes it."""
        serving = self._serving
        if serving is None or self._match(serving, request) is None:
            return None
        return serving.spec.body_limit

    def answer(self, request: Request, reply: Reply) -> None:
        """Have a request answered: `reply` is called once, now or later."""
        serving = self._serving
        if serving is None:
            reply(HttpAnswer(503, [PLAIN], b"Nothing is served here.", closes=True))
            return
        began = time.monotonic()
        match = self._match(serving, request)
        revision = self._functions[match.function] if match else None
        side = self._sides[revision.spec.emulate] if revision else serving.side
        request_id = side.new_request_id()
        function = match.function if match else None
        exchange = _Exchange(request, reply, began, side, request_id, function)
        if match is None or revision is None or request.unread is Unread.UNWANTED:
            self._settle(exchange, Failure.NO_ROUTE)  # or there was none when its head came
        elif request.unread is None:
            try:
                event = side.event(request, match, request_id, time.time_ns() // 1_000_000)
            except Exception as error:  # noqa: BLE001 - whatever it is, the client has an answer
                self._break(exchange, error)
            else:
                revision.begin(request_id, event, partial(self._settle, exchange))
        elif request.unread is Unread.TOO_LARGE:
            self._settle(exchange, Failure.TOO_LARGE)
        else:
            why = request.unread.value
            self._finish(exchange, HttpAnswer(408, [PLAIN], why.encode(), closes=True), why)

    def _match(self, serving: _Serving, request: Request) -> Match | None:
        """The route of a function that runs."""
        match = serving.router.find(request.method, request.path)
        return match if match is not None and match.function in self._functions else None

    def _settle(self, exchange: _Exchange, outcome: bytes | Failure) -> None:
        """Answer with what became of a request."""
        if isinstance(outcome, bytes):
            try:
                answer = exchange.side.answer(outcome, exchange.request_id)
            except MalformedResultError:
                outcome = Failure.MALFORMED
            except Exception as error:  # noqa: BLE001 - the function goes on in any case
                return self._break(exchange, error)
            else:
                return self._finish(exchange, answer, "")
        answer = exchange.side.refusal(outcome, exchange.request_id)
        answer.closes = outcome is Failure.TOO_LARGE
        return self._finish(exchange, answer, outcome.value)

    def _break(self, exchange: _Exchange, error: Exception) -> None:
        """Answer where the gateway itself is wrong."""
        answer = HttpAnswer(500, [PLAIN], b"Internal Server Error", closes=True)
        self._finish(exchange, answer, f"the gateway failed: {error!r}")

    def _finish(self, exchange: _Exchange, answer: HttpAnswer, failure: str) -> None:
        request = exchange.request
        line = {
            "time": now(),
            "event": "request",
            "request_id": exchange.request_id,
            "method": request.method,
            "path": _logged(request.path),
            "function": exchange.function,
            "status": answer.status,
            "ms": round((time.monotonic() - exchange.began) * 1000, 3),
        }
        if failure:
            line["failure"] = failure
        self._logbook.put(line)
        exchange.reply(answer)


def _logged(path: str) -> str:
    return path if len(path) < _LEAST_LONG else _LONG.sub(r"\1…", path)
