"""The gateway's half of `emulate: alicloud`: Function Compute 3.0 behind a custom domain.

The function has an HTTP trigger and a built-in Python runtime; the event has format v1.
docs/emulation.md gives the source of each rule, or says that none was found.
"""

import binascii
import time

import orjson

from infra.local.runtime.emulate import Failure, HttpAnswer, HttpRequest, wire
from infra.local.runtime.router import Match

_TEXT_TYPES = frozenset({
    "", "application/json", "application/xml", "application/javascript",
    "application/x-www-form-urlencoded",
})  # fmt: skip
_JSON = b"application/json"
_PLAIN = b"text/plain; charset=utf-8"
_OWN = (b"x-fc-request-id", b"x-fc-error-type")
_COMMON = b"FcCommonError"
_UNHANDLED = b"UnhandledInvocationError"


def _platform(code: str, message: str) -> bytes:
    return orjson.dumps({"errorCode": code, "errorMessage": message})


def _function(message: str) -> bytes:
    return orjson.dumps({"errorMessage": message})


_REFUSALS = {
    Failure.NO_ROUTE: (404, _COMMON, _platform("DomainRouteNotFound", "no route matches")),
    Failure.TOO_LARGE: (
        400,
        _COMMON,
        _platform("EntityTooLarge", "payload size exceeds maximum allowed size"),
    ),
    Failure.FULL: (429, _COMMON, _platform("ResourceExhausted", "every instance is busy")),
    Failure.RAISED: (502, _UNHANDLED, _function("the function raised an exception")),
    Failure.CRASHED: (
        502,
        _UNHANDLED,
        _function("Process exited unexpectedly before completing request"),
    ),
    Failure.TIMED_OUT: (502, _UNHANDLED, _function("Function time out")),
    Failure.NOT_STARTED: (502, _UNHANDLED, _function("the handler could not be loaded")),
    Failure.MALFORMED: (502, _COMMON, _platform("BadResponse", "the response is not valid")),
}


class AlicloudGateway:
    """GatewaySide of Function Compute's HTTP trigger."""

    def __init__(self) -> None:
        self._unique = wire.Unique()
        self._names = wire.Names(_capitalised)
        self._second = -1
        self._time = ""

    def new_request_id(self) -> str:
        """A fresh id in Function Compute's form: `1-`, the time, and what makes it unique."""
        prefix, number = self._unique.take()
        return f"1-{int(time.time()):08x}-{prefix[:8]}-{number:012x}"

    def event(
        self,
        request: HttpRequest,
        match: Match,  # noqa: ARG002 - these events do not tell the route
        request_id: str,
        time_ms: int,
    ) -> bytes:
        """The event, format v1, as JSON."""
        names = wire.header_texts(request.headers, self._names)
        domain = wire.domain(names.get("Host", ""))
        text, encoded = _body(request.body, names.get("Content-Type"))
        return orjson.dumps(
            {
                "version": "v1",
                "rawPath": request.path,
                "body": text,
                "isBase64Encoded": encoded,
                "headers": names,
                "queryParameters": wire.parameters(request.query),
                "requestContext": {
                    "accountId": "0000000000000000",
                    "domainName": domain,
                    "domainPrefix": domain.partition(".")[0],
                    "http": {
                        "method": request.method,
                        "path": wire.decoded(request.path),
                        "protocol": request.protocol,
                        "sourceIp": request.source_ip,
                        "userAgent": names.get("User-Agent", ""),
                    },
                    "requestId": request_id,
                    "time": self._clock(time_ms // 1000),
                    "timeEpoch": str(time_ms),
                },
            }
        )

    def answer(self, result: bytes, request_id: str) -> HttpAnswer:
        """The answer that a result makes: a response, or a body if it names no `statusCode`.

        Raises MalformedResultError for a response that cannot be sent.
        """
        try:
            found = orjson.loads(result)
        except ValueError:
            return HttpAnswer(200, [(b"content-type", _PLAIN), _id(request_id)], result)
        if type(found) is not dict or "statusCode" not in found:
            return HttpAnswer(200, [(b"content-type", _JSON), _id(request_id)], result)
        status = wire.status(found["statusCode"])
        content = wire.body(found.get("body"), found.get("isBase64Encoded"), status)
        headers = wire.headers(found.get("headers"))
        for name in _OWN:
            headers.pop(name, None)
        if b"content-type" not in headers and status not in wire.NO_CONTENT:
            headers[b"content-type"] = _JSON
        return HttpAnswer(status, [*headers.items(), _id(request_id)], content)

    def refusal(self, failure: Failure, request_id: str) -> HttpAnswer:
        """What Function Compute answers when the function gave no result."""
        status, kind, content = _REFUSALS[failure]
        headers = [(b"content-type", _JSON), _id(request_id), (b"x-fc-error-type", kind)]
        return HttpAnswer(status, headers, content)

    def _clock(self, second: int) -> str:
        """The time in ISO 8601; made once a second."""
        if second != self._second:
            self._time = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))
            self._second = second
        return self._time


def _id(request_id: str) -> tuple[bytes, bytes]:
    return b"x-fc-request-id", request_id.encode()


def _capitalised(name: bytes) -> str:
    """A header's name as Function Compute writes it: `User-Agent`."""
    return "-".join(part[:1].upper() + part[1:] for part in name.decode("latin-1").split("-"))


def _body(content: bytes, given: str | None) -> tuple[str, bool]:
    """The body as text, and whether that text is Base64: it is where the body is binary."""
    if not content:
        return "", False
    kind = wire.content_type(given)
    if kind in _TEXT_TYPES or kind.startswith("text/"):
        try:
            return content.decode(), False
        except UnicodeDecodeError:
            pass
    return binascii.b2a_base64(content, newline=False).decode(), True
