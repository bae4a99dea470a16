"""The gateway's half of `emulate: aws`: an API Gateway HTTP API, payload format 2.0, before Lambda.

docs/emulation.md gives the source of each rule, or says that none was found.
"""

import binascii
import time
from typing import Any

import orjson

from infra.local.runtime.emulate import Failure, HttpAnswer, HttpRequest, MalformedResultError, wire
from infra.local.runtime.router import Match

_TEXT_TYPES = frozenset({"application/json", "application/xml", "application/javascript"})
_PLAIN = b"text/plain;charset=UTF-8"
_JSON = b"application/json"
_ERROR = (500, b'{"message":"Internal Server Error"}')
_REFUSALS = {
    Failure.NO_ROUTE: (404, b'{"message":"Not Found"}'),
    Failure.TOO_LARGE: (413, b'{"message":"Request Entity Too Large"}'),
    Failure.FULL: (503, b'{"message":"Service Unavailable"}'),
    Failure.RAISED: _ERROR,
    Failure.CRASHED: _ERROR,
    Failure.TIMED_OUT: _ERROR,
    Failure.NOT_STARTED: _ERROR,
    Failure.MALFORMED: _ERROR,
}


class AwsGateway:
    """GatewaySide of an HTTP API with Lambda behind it."""

    def __init__(self) -> None:
        self._unique = wire.Unique()
        self._names = wire.Names(lambda name: name.decode("latin-1"))
        self._second = -1
        self._time = ""

    def new_request_id(self) -> str:
        """A fresh id in the form of Lambda's, a version 4 UUID."""
        prefix, number = self._unique.take()
        return f"{prefix[:8]}-{prefix[8:12]}-4{prefix[12:15]}-a{prefix[15:]}-{number:012x}"

    def event(self, request: HttpRequest, match: Match, request_id: str, time_ms: int) -> bytes:
        """The event, payload format 2.0, as JSON."""
        path = wire.decoded(request.path)
        names = wire.header_texts(request.headers, self._names)
        domain = wire.domain(names.get("host", ""))
        event: dict[str, Any] = {
            "version": "2.0",
            "routeKey": match.route,
            "rawPath": path,
            "rawQueryString": request.query,
            "headers": names,
            "requestContext": {
                "accountId": "000000000000",
                "apiId": "local",
                "domainName": domain,
                "domainPrefix": domain.partition(".")[0],
                "http": {
                    "method": request.method,
                    "path": path,
                    "protocol": request.protocol,
                    "sourceIp": request.source_ip,
                    "userAgent": names.get("user-agent", ""),
                },
                "requestId": request_id,
                "routeKey": match.route,
                "stage": "$default",
                "time": self._clock(time_ms // 1000),
                "timeEpoch": time_ms,
            },
            "isBase64Encoded": False,
        }
        if "cookie" in names:
            del names["cookie"]
            event["cookies"] = _cookies(request.headers)
        if request.query:
            event["queryStringParameters"] = wire.parameters(request.query)
        if match.parameters:
            event["pathParameters"] = dict(match.parameters)
        if request.body:
            event["body"], event["isBase64Encoded"] = _body(request.body, names.get("content-type"))
        return orjson.dumps(event)

    def answer(self, result: bytes, request_id: str) -> HttpAnswer:
        """The answer that a result makes: a response, or a body if it names no `statusCode`.

        Raises MalformedResultError for a response that cannot be sent.
        """
        try:
            found = orjson.loads(result)
        except ValueError:
            found = None  # no JSON (a handler may return bytes): the body as it is
        if type(found) is not dict or "statusCode" not in found:
            content = found.encode() if type(found) is str else result
            return HttpAnswer(200, [(b"content-type", _JSON), _id(request_id)], content)
        status = wire.status(found["statusCode"])
        content = wire.body(found.get("body"), found.get("isBase64Encoded"), status)
        headers = wire.headers(found.get("headers"))
        headers.pop(b"apigw-requestid", None)
        if b"content-type" not in headers and status not in wire.NO_CONTENT:
            headers[b"content-type"] = _PLAIN
        cookies = found.get("cookies")
        if not cookies:
            return HttpAnswer(status, [*headers.items(), _id(request_id)], content)
        if type(cookies) is not list or not all(type(each) is str for each in cookies):
            raise MalformedResultError(
                f"cookies is {wire.shown(cookies)}: it must be a list of texts"
            )
        more = [(b"set-cookie", wire.header_value(each)) for each in cookies]
        return HttpAnswer(status, [*headers.items(), *more, _id(request_id)], content)

    def refusal(self, failure: Failure, request_id: str) -> HttpAnswer:
        """What the HTTP API answers when Lambda gave no result."""
        status, content = _REFUSALS[failure]
        return HttpAnswer(status, [(b"content-type", _JSON), _id(request_id)], content)

    def _clock(self, second: int) -> str:
        """The time as access logs write it; made once a second."""
        if second != self._second:
            self._time = _written(second)
            self._second = second
        return self._time


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _written(second: int) -> str:
    at = time.gmtime(second)
    month = _MONTHS[at.tm_mon - 1]  # strftime's would follow the locale
    clock = f"{at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02}"
    return f"{at.tm_mday:02}/{month}/{at.tm_year:04}:{clock} +0000"


def _id(request_id: str) -> tuple[bytes, bytes]:
    return b"apigw-requestid", request_id.encode()


def _cookies(headers: list[tuple[bytes, bytes]]) -> list[str]:
    parts = (
        part.strip()
        for name, value in headers
        if name == b"cookie"
        for part in value.decode("latin-1").split(";")
    )
    return [part for part in parts if part]


def _body(content: bytes, given: str | None) -> tuple[str, bool]:
    """The body as text, and whether that text is Base64: it is unless the type says text."""
    kind = wire.content_type(given)
    if kind in _TEXT_TYPES or kind.startswith("text/"):
        try:
            return content.decode(), False
        except UnicodeDecodeError:
            pass
    return binascii.b2a_base64(content, newline=False).decode(), True
