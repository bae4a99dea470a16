"""What the state, the logs and the functions' environment must not hold, and what the log does."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import project_processes as processes
from tests.support.project import Project, opened

PLANTED = "hunter2-of-the-caller"
SPY = """\
import json
import os


def lambda_handler(event, context):
    print("looked around")
    return {"statusCode": 200, "body": json.dumps(dict(os.environ))}
"""


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project whose caller has a secret in the environment."""
    folder = tmp_path_factory.mktemp("watched") / "shop"
    with opened(folder, {"FAKE_SECRET": PLANTED, "AWS_SECRET_ACCESS_KEY": PLANTED}) as made:
        made.write("app/handlers/spy.py", SPY)
        made.add(
            'name="spy", handler="app.handlers.spy.lambda_handler"',
            'method="GET", path="/spy", function="spy"',
        )
        made.up().ok()
        for path in ("/health", "/spy", "/nowhere"):
            made.get(path)
        made.up().ok()
        yield made


def state_files(project: Project) -> list[Path]:
    """Every file in .shop but the staged code."""
    found = [each for each in project.places.state.rglob("*") if each.is_file()]
    return [each for each in found if project.places.code not in each.parents]


def test_no_file_of_the_state_holds_a_pickle(watched: Project) -> None:
    """The state's own files: the engine's log beside them is encrypted, and so holds anything."""
    backend = watched.places.state / "pulumi"
    files = [each for each in state_files(watched) if backend in each.parents]
    assert any(each.name == "local.json" for each in files)
    for file in files:
        content = file.read_bytes()
        assert b"pickle" not in content, file
        assert b"\x80\x04" not in content, file
        assert b"gASV" not in content, file  # the same in Base64
        assert b"__provider" not in content, file


def test_the_callers_secrets_reach_neither_state_nor_log_nor_function(watched: Project) -> None:
    for file in [*state_files(watched), *watched.places.code.rglob("*.py")]:
        assert PLANTED.encode() not in file.read_bytes(), file
    variables = watched.get("/spy").json()
    assert PLANTED not in json.dumps(variables)
    assert variables["SHOP_STACK"] == "local"
    assert {"HOME", "USER", "PULUMI_HOME", "PYTHONPATH"}.isdisjoint(variables)


@pytest.mark.skipif(not processes.PROC.exists(), reason="only /proc shows another's environment")
def test_no_process_of_the_local_cloud_keeps_the_callers_secrets(watched: Project) -> None:
    running = watched.processes()
    assert len(running) >= 3
    for pid in running:
        content = Path(f"/proc/{pid}/environ").read_bytes()
        assert b"SECRET" not in content
        assert b"PULUMI" not in content


def test_the_state_belongs_to_its_owner_alone(watched: Project) -> None:
    for path in (watched.places.state, watched.places.socket.parent):
        assert path.stat().st_mode & 0o077 == 0, path
    assert watched.places.socket.stat().st_mode & 0o777 == 0o600
    assert watched.places.log.stat().st_mode & 0o777 == 0o600
    assert watched.places.state.stat().st_uid == os.getuid()


def test_every_line_of_the_log_is_json_and_every_request_has_its_own_id(watched: Project) -> None:
    answer = watched.get("/spy")
    number = answer.headers["apigw-requestid"]
    processes.wait_for(
        lambda: any(
            (line["event"], line.get("request_id")) == ("request", number) for line in watched.log()
        ),
        5,
        "its line",
    )
    lines = watched.log()
    assert all({"time", "event"} <= line.keys() for line in lines)
    requests = [line for line in lines if line["event"] == "request"]
    assert {(line["path"], line["status"]) for line in requests} >= {
        ("/health", 200),
        ("/spy", 200),
        ("/nowhere", 404),
    }
    ids = [line["request_id"] for line in requests]
    assert len(set(ids)) == len(ids)
    assert ids[-1] == number
    printed = [line for line in lines if line["event"] == "print"]
    assert {line["text"] for line in printed} == {"looked around"}
    assert {line["request_id"] for line in printed} <= set(ids)
    assert watched.places.errors.read_text() == "", "the supervisor itself printed something"


def test_make_logs_shows_the_same_for_people_and_for_programs(watched: Project) -> None:
    watched.get()
    processes.wait_for(lambda: watched.log()[-1]["event"] == "request", 5, "the request's line")
    people = watched.run("logs", "--no-follow").ok().output
    assert "GET /spy → 200 in " in people
    assert "looked around" in people
    programs = watched.run("logs", "--no-follow", "--json", "--lines", "3").ok().output
    assert [json.loads(line) for line in programs.splitlines()] == watched.log()[-3:]
