"""Clients of a shop that goes away now and then: they try again, and remember what was promised."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

PATIENCE_S = 60.0
_AGAIN_S = 0.05


@dataclass(frozen=True, slots=True)
class Client:
    """One connection; whatever is not an answer below 500 is asked again."""

    url: str
    http: httpx.Client

    def send(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """The first answer that is about the request, and not about who could not serve it."""
        url = path if path.startswith("http") else self.url + path
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                answer = self.http.request(method, url, json=json, content=content, headers=headers)
            except httpx.TransportError as error:
                seen: object = repr(error)
            else:
                if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                    return answer
                seen = answer.status_code, answer.text
            assert time.monotonic() < until, f"no answer to {method} {path}: {seen}"
            time.sleep(_AGAIN_S)


@contextmanager
def connected(url: str) -> Iterator[Client]:
    """A client of the shop at this address."""
    with httpx.Client(trust_env=False, timeout=20) as http:
        yield Client(url, http)


@contextmanager
def repeated(disturb: Callable[[], object], every_s: float) -> Iterator[list[object]]:
    """Have something done again and again while the block runs; yields what it returned."""
    stop = threading.Event()
    done: list[object] = []

    def go_on() -> None:
        while not stop.wait(every_s):
            done.append(disturb())

    with ThreadPoolExecutor(1) as thread:
        going = thread.submit(go_on)
        try:
            yield done
        finally:
            stop.set()
        going.result()  # what went wrong there is no less wrong
