"""One run of a shop's life with planted secrets, and all that anybody was told in it."""

import json
import socket
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from tests.support import project_processes as processes
from tests.support.planted import Planted
from tests.support.project import CLIENT, Project, Ran

CLUMSY = '''\
"""Fails, in whichever way it is asked to, while it has a secret at hand."""

import os
import signal

from app.bootstrap import Services
from app.messages import Request, Response, json_response
from app.operation import Hidden, Operation

LINE = "filler " * 500


class Body(Hidden):
    password: str
    how: str


def fail(request: Request, services: Services, *, body: Body) -> Response:
    password = body.password
    if body.how == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    if body.how == "exits":
        raise SystemExit(f"WORDS %r %r" % (request, body))
    try:
        raise KeyError(request)
    except KeyError:
        raise RuntimeError(f"WORDS {request!r} {body!r} {services!r} {len(password)}")


def fill(request: Request, services: Services) -> Response:
    for _ in range(16):
        print(LINE)
    return json_response(200, {})


ROUTES = {"POST /clumsy": Operation(fail, takes=Body), "GET /clumsy": fill}
'''


@dataclass(frozen=True, slots=True)
class Life:
    """A shop, what was planted in it, and what came out of it: answers and commands' outputs."""

    shop: Project
    planted: Planted = field(default_factory=Planted)
    answers: dict[str, bytes] = field(default_factory=dict)
    outputs: dict[str, bytes] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)  # threads ask, too

    def ask(self, method: str, path: str, *, gives: str = "", **options: Any) -> httpx.Response:
        """One request; of its answer all is kept but what it is there to give, under this name."""
        url = path if path.startswith("http") else self.shop.url + path
        answer = CLIENT.request(method, url, **{"timeout": 40, **options})
        head = f"{answer.status_code} {answer.reason_phrase} {answer.headers.multi_items()}"
        body = answer.text
        if gives and answer.is_success:
            given = answer.json()[gives]
            assert body.count(given) == 1, "it is given more than once"
            body = body.replace(given, "")
        name = f"{next(self._numbers)}: {method} → {answer.status_code}"
        self.answers[name] = f"{head}\n{body}".encode()
        return answer

    def say(self, words: bytes) -> None:
        """Something that is no HTTP, to the port of the gateway."""
        with socket.create_connection(("127.0.0.1", self.shop.places.port), 10) as wire:
            wire.sendall(words)
            heard = b""
            while more := wire.recv(4096):
                heard += more
        self.answers[f"{next(self._numbers)}: no HTTP"] = heard

    def run(self, module: str, *words: str) -> Ran:
        """A command."""
        return self.told(module, self.shop.run(module, *words))

    def told(self, name: str, ran: Ran) -> Ran:
        """Keep what a command printed."""
        self.outputs[f"{next(self._numbers)}: {name}"] = ran.output.encode()
        return ran

    def secret(self, *words: str, value: bytes | None = None) -> int:
        """`make secret`, its value through standard input; its exit code."""
        with subprocess.Popen(
            [self.shop.root / ".venv/bin/python", "-m", "infra.cli.secret", *words],
            cwd=self.shop.root,
            env=self.shop.env(),
            stdin=subprocess.DEVNULL if value is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as ran:
            said = ran.communicate(value, timeout=60)[0]
        number = next(self._numbers)
        self.outputs[f"{number}: secret"] = said
        self.plant_keys(f"after {number}")
        return ran.returncode

    def plant_keys(self, when: str) -> None:
        """All secrets as they are now."""
        for each in self.shop.places.secrets.iterdir():
            self.planted.keys(f"{each.name} {when}", each.read_text(encoding="utf-8"))

    def workers(self) -> list[int]:
        """Its workers."""
        return processes.named(self.shop.root, "runtime.zygote")[1:]  # the first forks the others

    def poison(self, body: str) -> None:
        """A message that had all its attempts but one, and dies when that one has failed."""
        file = self.shop.places.data / "queues" / "welcome.db"
        with closing(sqlite3.connect(file, timeout=10, isolation_level=None)) as queue:
            queue.execute(
                "INSERT INTO messages (id, body, sent_ms, visible_ms, attempts)"
                " VALUES ('poison', ?, 1, 1, 4)",
                (body,),
            )
            # once it has failed, it need not wait for its time-out
            soon = "UPDATE messages SET visible_ms = 1 WHERE id = 'poison' AND reason IS NOT NULL"
            processes.wait_for(lambda: queue.execute(soon).rowcount, 20, "the poison's failure")
        processes.wait_for(lambda: self.logged("message dead"), 20, "the poison's end")

    def logged(self, event: str) -> list[dict[str, Any]]:
        """The lines of this event in both parts of the log."""
        return [line for line in self.log() if line["event"] == event]

    def log(self) -> list[dict[str, Any]]:
        """The lines of both parts of the log."""
        parts = [self.older, self.shop.places.log]
        lines = [line for part in parts if part.exists() for line in part.read_bytes().splitlines()]
        return [json.loads(line) for line in lines]

    def wait_for_log(self, size: int) -> None:
        """Return once both parts of the log have so many bytes."""
        parts = (self.older, self.shop.places.log)
        processes.wait_for(
            lambda: sum(each.stat().st_size for each in parts if each.exists()) > size,
            10,
            f"{size} bytes of log",
        )

    @property
    def older(self) -> Path:
        """The older part of the log, once there is one."""
        return self.shop.places.log.with_name(self.shop.places.log.name + ".1")

    def running(self) -> Mapping[str, bytes]:
        """What others on the machine may see of its processes: words and variables."""
        if not processes.PROC.exists():
            return {f"{pid}": words.encode() for pid, words in self.shop.processes().items()}
        found = {}
        for pid in self.shop.processes():
            for name in ("cmdline", "environ"):
                try:
                    found[f"{pid} {name}"] = (processes.PROC / str(pid) / name).read_bytes()
                except OSError:  # it has just ended
                    continue
        return found
