"""Registrations, logins and point reads through HTTP, beside what SQLite itself does here.

All in one run and in turn, since a machine's own speed comes and goes. Everything is durable: each
write is synced, ours and SQLite's.
"""

import http.client
import json
import os
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from argon2 import PasswordHasher

from bench import sqlite_alone
from bench.cloud import Cloud
from bench.contestants import await_answer
from bench.load import Generator
from infra import shop
from infra.cli.commands import Progress
from infra.errors import PlatformError
from infra.local import plan
from infra.local.ports import free_port
from infra.model import Platform
from infra.settings import Settings
from infra.settings_local import Local

CLIENTS = 16
PASSWORD = "a password for measuring"  # noqa: S105 - guards nothing
_WAIT_MS = 20_000
_INSTANCES = 4
_JSON = {"content-type": "application/json"}
_CREATED = 201


@dataclass(frozen=True, slots=True)
class Rates:
    """What was done a second, round by round."""

    hashes: list[float]
    sqlite_writes: list[float]
    sqlite_reads: list[float]
    registrations: list[float]
    logins: list[float]
    point_reads: list[float]


def measure(
    root: Path, generator: Generator, *, rounds: int, seconds: int, progress: Progress
) -> Rates:
    """Each rate in turn, `rounds` times `seconds`, of a shop in `root`. Raises PlatformError."""
    found = Rates([], [], [], [], [], [])
    settings = Local(durability="full", storage_port=free_port())
    with Cloud.open(root, whole(), settings, free_port()) as cloud:
        await_answer(f"http://127.0.0.1:{cloud.port}/health", lambda: True)
        names = _Names()
        token = _first(cloud.port, names)
        for number in range(1, rounds + 1):
            found.hashes.append(_hashes(seconds))
            found.sqlite_writes.append(
                sqlite_alone.rate(root / f"writes-{number}.db", seconds, sqlite_alone.write)
            )
            found.registrations.append(_posts(cloud.port, "/users", names.new, seconds))
            found.logins.append(_posts(cloud.port, "/sessions", names.known, seconds))
            found.sqlite_reads.append(
                sqlite_alone.rate(root / f"reads-{number}.db", seconds, sqlite_alone.read)
            )
            bearer = {"authorization": f"Bearer {token}"}
            url = f"http://127.0.0.1:{cloud.port}/users/me"
            load, _ = generator.run(url, seconds, bearer)
            if load.errors:
                raise PlatformError(f"{url} answered {load.errors} times with an error")
            found.point_reads.append(load.per_s)
            progress.say(
                f"round {number} of {rounds}: {found.registrations[-1]:,.0f} registrations/s, "
                f"{found.logins[-1]:,.0f} logins/s, {load.per_s:,.0f} point reads/s"
            )
    return found


def rows(rates: Rates) -> list[list[str]]:
    """The table: each rate, and its share of SQLite's own in the same round."""
    shares = [
        ("registrations", rates.registrations, rates.sqlite_writes),
        ("logins", rates.logins, rates.sqlite_writes),
        ("GET /users/me", rates.point_reads, rates.sqlite_reads),
    ]
    made = [[name, f"{median(ours):,.0f}", _share(ours, theirs)] for name, ours, theirs in shares]
    return [
        ["", "a second", "of SQLite's own"],
        ["argon2id alone, all cores", f"{median(rates.hashes):,.0f}", ""],
        ["SQLite: synced writes", f"{median(rates.sqlite_writes):,.0f}", ""],
        ["SQLite: reads by key", f"{median(rates.sqlite_reads):,.0f}", ""],
        *made,
    ]


def _share(ours: list[float], theirs: list[float]) -> str:
    shares = [each / other for each, other in zip(ours, theirs, strict=True) if other]
    return f"{median(shares):.3f}" if shares else "-"


class _Names:
    """Users by number; all that were registered can log in."""

    def __init__(self) -> None:
        self._count = 0

    def new(self) -> str:
        self._count += 1
        return f"user-{self._count}"

    def known(self) -> str:
        return f"user-{random.randint(1, self._count)}"  # noqa: S311 - which one is no secret


def whole() -> Platform:
    """The shop, with room for every client's call, and as many failed logins as it takes."""
    made = shop.platform(Settings(target="local"), plan.LOCAL_STACK)
    return replace(
        made,
        functions=tuple(
            replace(
                each,
                timeout_s=25 if made.trigger(each.name) == "http" else each.timeout_s,
                scaling=replace(
                    each.scaling,
                    min_instances=2 if made.trigger(each.name) == "http" else 0,
                    max_instances=_INSTANCES,
                    queue_ms=_WAIT_MS,
                ),
                environment={**each.environment, "LOGIN_FAILURES_PER_ADDRESS": "999"},
            )
            for each in made.functions
        ),
    )


def _first(port: int, names: _Names) -> str:
    """The token of a first user. Raises PlatformError."""
    words = {"username": names.new(), "password": PASSWORD}
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        _post(link, "/users", words)
        token: str = _post(link, "/sessions", words)["token"]
    finally:
        link.close()
    return token


def _posts(port: int, path: str, name: Callable[[], str], seconds: int) -> float:
    """How many a second 16 clients get done. Raises PlatformError for any other answer."""
    began = time.monotonic()

    def client(_: int) -> int:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        done = 0
        try:
            while time.monotonic() - began < seconds:
                _post(link, path, {"username": name(), "password": PASSWORD})
                done += 1
        finally:
            link.close()
        return done

    with ThreadPoolExecutor(CLIENTS) as pool:
        total = sum(pool.map(client, range(CLIENTS)))
    return total / (time.monotonic() - began)


def _post(link: http.client.HTTPConnection, path: str, body: object) -> dict[str, str]:
    link.request("POST", path, json.dumps(body), _JSON)
    answer = link.getresponse()
    said = answer.read()
    if answer.status != _CREATED:
        raise PlatformError(f"POST {path} answers {answer.status}: {said[:300].decode()}")
    found: dict[str, str] = json.loads(said)
    return found


def _hashes(seconds: int) -> float:
    """How many passwords a second all cores hash, with the shop's parameters."""
    hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
    began = time.monotonic()

    def worker(_: int) -> int:
        done = 0
        while time.monotonic() - began < seconds:
            hasher.hash(PASSWORD)
            done += 1
        return done

    cores = os.cpu_count() or 1
    with ThreadPoolExecutor(cores) as pool:
        total = sum(pool.map(worker, range(cores)))
    return total / (time.monotonic() - began)
