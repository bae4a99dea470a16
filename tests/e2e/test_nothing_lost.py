"""Workers and supervisors are killed while people register and upload: what was promised holds."""

import random
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import msgspec
import pytest

from tests.conftest import Counts
from tests.support import project_processes as processes
from tests.support.clients import Client, connected, repeated
from tests.support.project import Project, opened

CLIENTS = 16
PASSWORD = "a password of many"
SETTINGS = """\
target: local
local:
  durability: full
functions:
  auth:
    max_instances: 4
    queue_ms: 20000
    environment:
      LOGIN_FAILURES_PER_ADDRESS: "999"
  uploads:
    max_instances: 4
    queue_ms: 20000
"""
SETTLED_S = 150.0


@dataclass(frozen=True, slots=True)
class Promise:
    """What one person was told: a name that is theirs, and perhaps a blob that is kept."""

    name: str
    registered: bool
    key: str = ""
    body: bytes = b""


@pytest.fixture(scope="module")
def durable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The whole shop at its most durable, with room for every client."""
    with opened(tmp_path_factory.mktemp("durable") / "shop", whole=True) as made:
        made.settings(SETTINGS)
        made.up().ok()
        yield made


def test_nothing_that_was_acknowledged_is_lost_whatever_is_killed(
    durable: Project, counts: Counts
) -> None:
    people = counts(small=64, full=1_000)
    chance = random.Random(7)

    def kill_a_worker() -> str:
        workers = processes.named(durable.root, "runtime.zygote")[1:]  # the first forks the others
        if workers:
            processes.kill([chance.choice(workers)])
        return "worker"

    def kill_the_supervisor() -> str:
        processes.kill(durable.supervisors())
        durable.up().ok()
        return "supervisor"

    turns = iter(range(1, 1_000_000))

    def disturb() -> str:
        return kill_the_supervisor() if next(turns) % 12 == 6 else kill_a_worker()

    with repeated(disturb, 0.4) as done, ThreadPoolExecutor(CLIENTS) as pool:
        promises = list(pool.map(lambda number: take_part(durable.url, number), range(people)))
    assert Counter(done)["supervisor"] >= 1, "nothing was killed"
    assert Counter(done)["worker"] >= 3, "nothing was killed"

    durable.up().ok()
    with ThreadPoolExecutor(4) as pool:
        for wrong in pool.map(lambda each: broken_of(durable.url, each), promises):
            assert not wrong
    users = rows(durable, "users")
    assert Counter(row["username"] for row in users) == Counter(each.name for each in promises)
    settle(durable, {str(row["user_id"]) for row in users})
    half = [each for each in durable.places.data.rglob("*") if each.name.startswith(".draft")]
    assert not half


def take_part(url: str, number: int) -> Promise:
    """Register, log in, upload; returns what was acknowledged."""
    with connected(url) as client:
        return promised(client, number)


def promised(client: Client, number: int) -> Promise:
    """The same, on one connection."""
    name = f"person-{number}"
    words = {"username": name, "password": PASSWORD}
    answer = client.send("POST", "/users", json=words)
    # 409: the answer to the first try was lost on the way, what it did was not
    assert answer.status_code in {201, 409}, answer.text
    session = client.send("POST", "/sessions", json=words)
    assert session.status_code == 201, session.text
    bearer = {"authorization": f"Bearer {session.json()['token']}"}
    body = random.Random(number).randbytes(2_000)
    wanted = {"content_type": "application/pdf", "size": len(body)}
    place = client.send("POST", "/uploads", json=wanted, headers=bearer)
    assert place.status_code == 201, place.text
    given = place.json()
    put = client.send("PUT", given["url"], content=body, headers=given["headers"])
    assert put.status_code == 200, put.text
    return Promise(name, answer.status_code == 201, given["key"], body)


def broken_of(url: str, promise: Promise) -> str:
    """Which promise does not hold, or nothing."""
    with connected(url) as client:
        return broken(client, promise)


def broken(client: Client, promise: Promise) -> str:
    """The same, on one connection."""
    words = {"username": promise.name, "password": PASSWORD}
    session = client.send("POST", "/sessions", json=words)
    if session.status_code != 201:
        return f"{promise.name} cannot log in: {session.text}"
    bearer = {"authorization": f"Bearer {session.json()['token']}"}
    found = client.send("GET", f"/uploads/{promise.key}", headers=bearer)
    if found.status_code != 200:
        return f"{promise.name} has no upload: {found.text}"
    body = client.send("GET", found.json()["url"])
    return "" if body.content == promise.body else f"{promise.name} has another upload"


def settle(shop: Project, users: set[str]) -> None:
    """Wait until each user has one welcome; fails when somebody has none, or two."""
    until = time.monotonic() + SETTLED_S
    while True:
        welcomes = rows(shop, "notifications")
        counted = Counter(str(row["user_id"]) for row in welcomes)
        assert max(counted.values(), default=1) == 1, "somebody was welcomed twice"
        if set(counted) == users:
            break
        assert time.monotonic() < until, f"{len(users - set(counted))} were not welcomed"
        time.sleep(5)
        shop.run("schedule_look", "--run", "sweep").ok()
    assert len({row["event"] for row in welcomes}) == len(welcomes)


def rows(shop: Project, table: str) -> list[dict[str, object]]:
    """All rows of a table, read beside whoever writes."""
    file = shop.places.data / "tables" / table / "rows.db"
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
        found = database.execute("SELECT row FROM rows").fetchall()
    database.close()
    return [msgspec.msgpack.decode(row) for (row,) in found]
