"""Requests to services over the standard library's own client.

Two of Alibaba Cloud's and Stripe are asked so: their SDKs bring tens of megabytes for a request or
two. Connections are kept. One that was cut while the function stood still is noticed by the next
request, which is made again on another one.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import urlsplit

CONNECT_S = 1.0  # within a region that takes milliseconds
READ_S = 4.0  # until the next bytes of an answer
PAUSES_S = (0.05, 0.2)  # at most, before the second attempt and the third

_BROKEN = 500
_BUSY = frozenset({408, 429})


class Answer(NamedTuple):
    """What a service answered. Header names are in lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str] = {}

    @property
    def busy(self) -> bool:
        """Whether another attempt may go better."""
        return self.status >= _BROKEN or self.status in _BUSY


class SilentError(Exception):
    """There was no answer; what was asked may have been done."""


class Endpoint:
    """One service at its address, like `https://oos.cn-hangzhou.aliyuncs.com`."""

    def __init__(self, url: str, connect_s: float = CONNECT_S, read_s: float = READ_S) -> None:
        address = urlsplit(url)
        self.host = address.netloc
        self._secure = address.scheme == "https"
        self._connect_s, self._read_s = connect_s, read_s
        self._kept: deque[Any] = deque()  # those that no thread is using

    def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """The answer to one request. Raises SilentError."""
        from http.client import HTTPException  # noqa: PLC0415 - a cold start would pay

        connection = self._connection()
        try:
            connection.request(method, target, body, dict(headers))
            answer = connection.getresponse()
            told = {name.lower(): text for name, text in answer.getheaders()}
            found = Answer(answer.status, answer.read(), told)
        except (OSError, HTTPException) as error:
            connection.close()
            self.close()  # the others were cut as long ago
            raise SilentError(type(error).__name__) from error
        if connection.sock is not None:  # which the far end has not closed
            self._kept.append(connection)
        return found

    def close(self) -> None:
        """Close what is kept; another request opens a new connection."""
        with suppress(IndexError):
            while True:
                self._kept.pop().close()

    def _connection(self) -> Any:
        """One that nobody uses, or a new one. Raises SilentError."""
        with suppress(IndexError):
            return self._kept.pop()
        import http.client  # noqa: PLC0415 - a cold start would pay

        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        made: Any = kind(self.host, timeout=self._connect_s)
        try:
            made.connect()
        except OSError as error:
            made.close()
            raise SilentError(type(error).__name__) from error
        made.sock.settimeout(self._read_s)
        return made


def again_and_again(attempt: Callable[[], Answer], pauses_s: Sequence[float] = PAUSES_S) -> Answer:
    """The first answer that is not a busy one, or the last. Raises SilentError as the last did."""
    for pause_s in pauses_s:
        try:
            answer = attempt()
        except SilentError:
            pass
        else:
            if not answer.busy:
                return answer
        from random import uniform  # noqa: PLC0415 - a cold start would pay

        time.sleep(uniform(pause_s / 2, pause_s))  # noqa: S311 - no secret
    return attempt()
