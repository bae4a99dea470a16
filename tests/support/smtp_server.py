"""A mail server on the loopback: takes letters, asks who sends them, refuses what it is told to."""

import base64
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

USER, PASSWORD = "shop", "p:ss/w@rd %"


@dataclass
class SmtpServer:
    """What it got, and what it answers instead of what it should.

    `answers` maps a command (or "greeting", or "letter", which ends one) to a reply; "" hangs up
    there, "silence" never answers. `said` are the commands that it got, each with whether it was
    encrypted.
    """

    context: ssl.SSLContext
    implicit: bool = False
    offers_starttls: bool = True
    answers: dict[str, str] = field(default_factory=dict)
    letters: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    said: list[tuple[str, bool]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        """As the secret smtp-url has it."""
        scheme = "smtps" if self.implicit else "smtp+starttls"
        return f"{scheme}://{USER}:p%3Ass%2Fw%40rd%20%25@127.0.0.1:{self.port}"


@contextmanager
def serving(server: SmtpServer) -> Iterator[SmtpServer]:
    """The server, which runs until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server.port = listening.getsockname()[1]
        ended = threading.Event()
        thread = threading.Thread(target=_accept, args=(server, listening, ended))
        thread.start()
        try:
            yield server
        finally:
            ended.set()
            with suppress(OSError), socket.create_connection(("127.0.0.1", server.port), 1):
                pass  # wakes it
            thread.join()


def _accept(server: SmtpServer, listening: socket.socket, ended: threading.Event) -> None:
    while not ended.is_set():
        connection, _ = listening.accept()
        with connection:
            if ended.is_set():
                return
            connection.settimeout(5)
            talk = _Talk(server, connection, ended)
            with suppress(OSError, _HungUpError):
                talk.run()
            talk.close()


class _HungUpError(Exception):
    """The client is gone, or we are."""


class _Talk:
    """One connection."""

    def __init__(
        self, server: SmtpServer, connection: socket.socket, ended: threading.Event
    ) -> None:
        self._server = server
        self._ended = ended
        self._secure = False
        self._connection = connection
        self._file = connection.makefile("rb")

    def run(self) -> None:
        if self._server.implicit:
            self._encrypt()
        self._answer("greeting", "220 loopback")
        while True:
            line = self._line().decode("ascii")
            command = line.partition(" ")[0].upper()
            self._server.said.append((line, self._secure))
            handle = getattr(self, f"_{command.lower()}", None)
            if handle is None:
                self._send("502 no such command")
            else:
                handle(line)

    def close(self) -> None:
        """Hang up."""
        self._file.close()
        self._connection.close()

    def _ehlo(self, _line: str) -> None:
        offered = ["250-loopback"]
        if self._server.offers_starttls and not self._secure:
            offered.append("250-STARTTLS")
        self._answer("EHLO", "\r\n".join([*offered, "250 AUTH PLAIN"]))

    def _starttls(self, _line: str) -> None:
        if self._answer("STARTTLS", "220 go on").startswith("220"):
            self._encrypt()

    def _auth(self, line: str) -> None:
        given = base64.b64decode(line.split(" ")[2]).decode()
        right = given == f"\0{USER}\0{PASSWORD}"
        self._answer("AUTH", "235 welcome" if right else "535 who are you")

    def _mail(self, _line: str) -> None:
        self._answer("MAIL", "250 ok")

    def _rcpt(self, _line: str) -> None:
        self._answer("RCPT", "250 ok")

    def _rset(self, _line: str) -> None:
        self._send("250 ok")

    def _data(self, _line: str) -> None:
        if not self._answer("DATA", "354 go on").startswith("354"):
            return
        lines: list[bytes] = []
        while (line := self._line()) != b".":
            lines.append(line.removeprefix(b"."))
        raw = b"".join(each + b"\r\n" for each in lines)
        if self._server.answers.get("letter", "250").startswith("250"):  # before it is told
            self._server.raw.append(raw)
            self._server.letters.append(message_from_bytes(raw, policy=default))
        self._answer("letter", "250 taken")

    def _encrypt(self) -> None:
        self._file.close()
        secured = self._server.context.wrap_socket(self._connection, server_side=True)
        self._connection, self._file, self._secure = secured, secured.makefile("rb"), True

    def _answer(self, what: str, usual: str) -> str:
        told = self._server.answers.get(what, usual)
        if told == "silence":
            self._ended.wait(5)
        if told in ("", "silence"):
            raise _HungUpError
        self._send(told)
        return told

    def _send(self, text: str) -> None:
        self._connection.sendall(f"{text}\r\n".encode("ascii"))

    def _line(self) -> bytes:
        line = self._file.readline()
        if not line:
            raise _HungUpError
        return line.rstrip(b"\r\n")


def secrets(url: str) -> Mapping[str, str]:
    """The secret that names a server."""
    return {"smtp-url": url}
