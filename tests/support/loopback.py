"""A small HTTP server on 127.0.0.1, in threads, for what plays one of Alibaba Cloud's services."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

from app.adapters.alicloud.keys import Keys

KEYS = Keys("LTAI-testing", "a secret of tests", "a token/of+tests=")
"""What clients sign with, and servers take: as a function has them, with a token."""

REGION = "cn-hangzhou"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. Header names are in lower case; `pairs` are the query's, still encoded."""

    method: str
    host: str
    raw_path: str
    raw_query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return unquote(self.raw_path)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        parts = [part for part in self.raw_query.split("&") if part]
        return [(name, text) for name, _, text in (part.partition("=") for part in parts)]

    @property
    def query(self) -> dict[str, str]:
        return {unquote(name): unquote(text) for name, text in self.pairs}


@dataclass(frozen=True, slots=True)
class Answered:
    """What is answered."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


@contextmanager
def serving(answer: Callable[[Asked], Answered | None]) -> Iterator[str]:
    """The address of a server that answers so, or hangs up; afterwards it is gone."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one piece
        disable_nagle_algorithm = True
        timeout = 30

        def _answer(self) -> None:
            path, _, query = self.path.partition("?")
            headers = {name.lower(): text for name, text in self.headers.items()}
            asked = Asked(
                self.command, headers.get("host", ""), path, query, headers, self._body(headers)
            )
            made = answer(asked)
            if made is None:
                self.close_connection = True
                return
            self.send_response(made.status)
            given = {"content-length": str(len(made.body)), **made.headers}
            for name, text in given.items():
                self.send_header(name, text)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(made.body)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _answer  # noqa: N815 - its names

        def _body(self, headers: Mapping[str, str]) -> bytes:
            if headers.get("transfer-encoding") != "chunked":
                return self.rfile.read(int(headers.get("content-length", "0")))
            found = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                found += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return found

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            """Say nothing."""

    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
