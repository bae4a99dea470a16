"""No password, token or key comes to light: planted ones are looked for wherever anything is kept.

What may hold what: `.shop/secrets` holds keys, and nothing else does. The table of users holds
argon2's hashes, that of sessions the SHA-256 of what a token states; no table, queue or bucket
holds a password, a token, a key or a signature. A queue holds its messages as they were sent, and
`make queue` shows those that died. The log holds the path of a request, its long segments cut,
nothing of its query, headers or body, and what a handler prints or raises. An answer holds a token
or a signed address if it is there to give it, and then once.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from secrets import token_hex

import pytest

from tests.support import project_processes as processes
from tests.support.contract import documented
from tests.support.planted import Planted, files
from tests.support.planting import CLUMSY, Life
from tests.support.planting_scenes import (
    BLOB,
    NAME,
    POISON,
    command,
    concrete,
    give_secrets,
    live,
)
from tests.support.project import opened

SETTINGS = """\
target: local
local:
  log_max_mb: 1
functions:
  auth:
    environment:
      LOGIN_FAILURES_PER_ADDRESS: "999"
"""
WORDS = f"words for the log alone: {token_hex(8)}"


@dataclass(frozen=True, slots=True)
class Lived:
    """What was left when the shop had been up, and when it had been down."""

    life: Life
    running: dict[str, bytes]
    files_up: dict[str, bytes]
    files_down: dict[str, bytes]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    """All of it is done once; then it is looked at."""
    with opened(tmp_path_factory.mktemp("planted") / "shop", whole=True) as shop:
        shop.settings(SETTINGS)
        shop.write("app/handlers/clumsy.py", CLUMSY.replace("WORDS", WORDS))
        shop.add('name="clumsy"', 'method="POST", path="/clumsy", function="clumsy"')
        shop.edit(
            "infra/shop.py",
            "ROUTES = (\n",
            'ROUTES = (\n    Route(method="GET", path="/clumsy", function="clumsy"),\n',
        )
        life = Life(shop)
        give_secrets(life)
        life.told("up", shop.up()).ok()
        live(life)
        command(life)
        state = shop.places.state
        up = files(state, shop.root / "stacks", without=shop.places.secrets)
        running = dict(life.running())
        life.told("down", shop.down()).ok()
        down = files(state, shop.root / "stacks", without=shop.places.secrets)
        yield Lived(life, running, up, down)


def test_of_each_kind_something_was_planted(lived: Lived) -> None:
    assert lived.life.planted.kinds() == {"password", "token", "key", "signature"}


def test_no_file_but_those_of_the_secrets_holds_any_of_it(lived: Lived) -> None:
    """State, data, log and staged code, while the shop is up and afterwards; the stacks' YAML."""
    shop = lived.life.shop
    up, down = lived.files_up, lived.files_down
    changed = {file: data for file, data in down.items() if up.get(file) != data}
    for found in (up, changed):
        assert lived.life.planted.found(found) == {}
    assert any("/.shop/code/" in file and "/app/handlers/auth.py" in file for file in up)
    for found in (up, down):
        names = " ".join(found)
        for name in (
            "/pulumi/.pulumi/stacks/shop/local.json",
            "/log/local.jsonl ",
            "/log/local.jsonl.1 ",
            "/queues/welcome.db",
            "/buckets/uploads/",
            "/stacks/Pulumi.local.yaml",
            *(f"/tables/{each}/rows.db" for each in ("users", "sessions", "attempts", "uploads")),
        ):
            assert name in f"{names} ", name
    kept = {each.name for each in shop.places.secrets.iterdir()}
    assert kept == {"storage-key", "token-key"}
    inside = files(shop.places.secrets)
    assert set(lived.life.planted.found(inside)) == set(inside), "what is looked for is not theirs"


def test_tables_hold_hashes_of_passwords_and_of_sessions_instead(lived: Lived) -> None:
    """What is looked at is what was written, and what was planted is in it in its rightful form."""
    users, sessions = (table(lived, name) for name in ("users", "sessions"))
    assert users.count(b"$argon2id$") >= 12
    assert NAME.encode() in users
    assert re.search(rb"[0-9a-f]{64}", sessions)
    assert BLOB in b"".join(data for file, data in lived.files_down.items() if "/buckets/" in file)


def table(lived: Lived, name: str) -> bytes:
    """The files of a table."""
    return b"".join(v for k, v in lived.files_down.items() if f"/tables/{name}/rows.db" in k)


def test_no_answer_holds_any_of_it_but_what_it_is_there_to_give(lived: Lived) -> None:
    answers = lived.life.answers
    assert lived.life.planted.found(answers) == {}
    statuses = {name.rpartition(" ")[2] for name in answers}
    assert statuses >= {"200", "201", "204", "400", "401", "403", "404", "409", "413", "422"}
    assert statuses >= {"429", "500"}


def test_no_command_says_any_of_it(lived: Lived) -> None:
    outputs = lived.life.outputs
    assert lived.life.planted.found(outputs) == {}
    assert all(outputs.values()), "a command said nothing"


def test_no_process_shows_any_of_it(lived: Lived) -> None:
    assert lived.life.planted.found(lived.running) == {}
    assert len(lived.running) >= 3
    shown = b"".join(lived.running.values())
    assert b"runtime.supervisor" in shown
    assert b"PYTHONPATH=" in shown or not processes.PROC.exists()


def test_the_log_is_all_there_and_knows_every_operation(lived: Lived) -> None:
    lines = lived.life.log()
    assert lines[0]["event"] == "supervisor started", "the log was rotated more than once"
    assert lived.life.older.exists()
    asked = {(each["method"], each["path"]) for each in lines if each["event"] == "request"}
    for operation in documented():
        assert (operation.method, concrete(operation.path)) in asked
    events = {each["event"] for each in lines}
    assert events >= {"storage request", "batch", "message dead", "instance ended", "print"}
    storage = {each["status"] for each in lines if each["event"] == "storage request"}
    assert storage >= {200, 403}


def test_nothing_of_a_query_is_logged(lived: Lived) -> None:
    text = b"".join(data for file, data in lived.files_down.items() if "/log/" in file)
    for word in (b"access_token", b"password=", b"signature=", b"token="):
        assert word not in text, word


def test_what_a_handler_raises_is_for_the_log_alone(lived: Lived) -> None:
    words = Planted()
    words.add("words", WORDS)
    places = lived.files_down | lived.life.outputs | lived.life.answers
    where = set(words.found({k: v for k, v in places.items() if "/handlers/clumsy.py" not in k}))
    assert all("/log/" in each or each.endswith(": logs") for each in where), where
    assert len(where) >= 3


def test_what_a_message_holds_only_its_queue_shows(lived: Lived) -> None:
    poison = Planted()
    poison.add("poison", POISON)
    places = lived.files_down | lived.life.outputs | lived.life.answers
    where = set(poison.found(places))
    assert all("/queues/welcome.db" in each or each.endswith(": queue_look") for each in where)
    assert len(where) == 2
