"""A client of the shop's own API, for commands; standard library only, one connection."""

import http.client
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

from infra.errors import PlatformError

_TIMEOUT_S = 30.0
_IDLE_S = 2.0
_JSON = "application/json"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def json(self) -> Any:
        """The body's value; None where it is empty or no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def detail(self) -> str:
        """What a problem says of itself, or the beginning of the body."""
        found = self.json
        if isinstance(found, dict) and "detail" in found:
            return f"{found['detail']}"
        return self.body[:200].decode(errors="replace")


@dataclass(slots=True)
class Shop:
    """A shop at an address; `token` is a user's bearer token, "" for nobody."""

    address: str
    token: str = field(default="", repr=False)
    _link: http.client.HTTPConnection | None = field(default=None, repr=False)
    _used: float = 0.0

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request; `body` goes as JSON, bytes as they are. Raises PlatformError unanswered."""
        sent = dict(headers or {})
        if self.token:
            sent.setdefault("authorization", f"Bearer {self.token}")
        if body is None or isinstance(body, bytes):
            return self._sent(method, path, body or b"", sent)
        sent.setdefault("content-type", _JSON)
        return self._sent(method, path, json.dumps(body).encode(), sent)

    def expect(
        self,
        status: int,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The same; the answer's JSON. Raises PlatformError for another status."""
        answer = self.ask(method, path, body, headers)
        if answer.status != status:
            raise PlatformError(
                f"{method} {path} was answered by {answer.status}, not {status}: {answer.detail}"
            )
        return answer.json

    def pages(self, path: str, member: str, **query: str) -> Iterator[Any]:
        """Each thing of a list, page after page. Raises PlatformError."""
        cursor = ""
        while True:
            asked = urlencode({**query, "limit": "100", **({"cursor": cursor} if cursor else {})})
            page = self.expect(200, "GET", f"{path}?{asked}")
            yield from page[member]
            cursor = page["cursor"]
            if not cursor:
                return

    def close(self) -> None:
        """Let the connection go."""
        if self._link is not None:
            self._link.close()
            self._link = None

    def _sent(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        if time.monotonic() - self._used > _IDLE_S:
            self.close()  # over there it may be closed already
        try:
            if self._link is None:
                self._link = _connection(urlsplit(self.address))
            self._link.request(method, path, body or None, dict(headers))
            found = self._link.getresponse()
            told = {name.lower(): value for name, value in found.getheaders()}
            answer = Answer(found.status, told, found.read())
        except (http.client.HTTPException, OSError) as error:
            self.close()
            raise _silent(self.address, error) from error
        self._used = time.monotonic()
        return answer


def put(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """The status of a PUT to an address that was handed out. Raises PlatformError."""
    return _aside("PUT", url, body, headers).status


def get(url: str) -> Answer:
    """What is at an address. Raises PlatformError."""
    return _aside("GET", url, b"", {})


def checked(address: str) -> str:
    """An address to which a token may go. Raises PlatformError."""
    parts = urlsplit(address)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not safe or parts.username or address.rstrip("/") != f"{parts.scheme}://{parts.netloc}":
        raise PlatformError(
            f"{address!r} is no address to which a token may be sent\n"
            "→ give it as https://shop.example.com"
        )
    return f"{parts.scheme}://{parts.netloc}"


def _aside(method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    parts = urlsplit(url)
    with closing(Shop(url)) as place:
        query = f"?{parts.query}" if parts.query else ""
        return place._sent(method, f"{parts.path}{query}", body, headers)  # noqa: SLF001 - ours


def _connection(parts: SplitResult) -> http.client.HTTPConnection:
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=_TIMEOUT_S)


def _silent(address: str, error: Exception) -> PlatformError:
    where = urlsplit(address)
    return PlatformError(
        f"{where.scheme}://{where.netloc} does not answer: {str(error) or type(error).__name__}\n"
        "→ make up brings the local shop up; make logs shows what went wrong there"
    )
