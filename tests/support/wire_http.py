"""HTTP as bytes over a socket: what a well-behaved client would not let a test send."""

import http.client
import socket
from collections.abc import Iterable
from dataclasses import dataclass

from infra.local import ports

LIMIT_S = 20.0
free_port = ports.free_port


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


def asking(path: str, *headers: str, method: str = "GET", body: bytes = b"") -> bytes:
    """A request as it is sent."""
    lines = [f"{method} {path} HTTP/1.1", "host: localhost", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def request(
    port: int,
    path: str,
    method: str = "GET",
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
) -> Answer:
    """One request on a connection of its own."""
    lines = ["connection: close", *[f"{name}: {value}" for name, value in headers]]
    if body:
        lines.append(f"content-length: {len(body)}")
    return sent(port, asking(path, *lines, method=method, body=body), method=method)


def asked(
    url: str, method: str = "GET", headers: Iterable[tuple[str, str]] = (), body: bytes = b""
) -> Answer:
    """The same, of an address on this machine (`http://127.0.0.1:8080/a?b`)."""
    host, _, path = url.removeprefix("http://").partition("/")
    return request(int(host.rpartition(":")[2]), f"/{path}", method, headers, body)


def sent(port: int, *parts: bytes, method: str = "GET") -> Answer:
    """The answer to these bytes on a connection of its own, one send each."""
    with socket.create_connection(("127.0.0.1", port), timeout=LIMIT_S) as link:
        for part in parts:
            link.sendall(part)
        return answer(link, method)


def answer(link: socket.socket, method: str = "GET") -> Answer:
    """The next answer on a connection; of two at once the second is lost."""
    reply = http.client.HTTPResponse(link, method=method)
    try:
        reply.begin()
        body = reply.read()
    finally:
        reply.close()
    headers = {name.lower(): value for name, value in reply.getheaders()}
    return Answer(reply.status, headers, body)
