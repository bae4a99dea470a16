"""Processes that are killed from outside: what is lost, what is not, and what brings it back."""

import json
import threading
from collections.abc import Callable

import httpx
import pytest

from infra.local.client import ask
from tests.conftest import Counts
from tests.support import project_processes as processes
from tests.support.project import Project
from tests.support.steps import Step

SLOW = """\
import pathlib
import time


def lambda_handler(event, context):
    print("at work")
    end = time.monotonic() + 8
    while time.monotonic() < end and not pathlib.Path({go!r}).exists():
        time.sleep(0.05)
    return {{"statusCode": 200, "body": "done"}}
"""
FUNCTION = 'name="slow", handler="app.handlers.slow.lambda_handler", timeout_s=20'
ROUTE = 'method="GET", path="/slow", function="slow"'
GONE = (
    Step("Function health", "gone"),
    Step("Function slow", "gone"),
    Step("Gateway gateway", "gone"),
    Step("Runtime runtime", "gone"),
)
CREATED = tuple(Step(each.resource, "create") for each in GONE)


def at_work(project: Project) -> list[int]:
    """The workers that have begun with a slow request, in order."""
    return [line["pid"] for line in project.log() if line.get("text") == "at work"]


@pytest.mark.parametrize(
    ("emulate", "status", "body", "header"),
    [
        ("aws", 500, {"message": "Internal Server Error"}, ("content-type", "application/json")),
        (
            "alicloud",
            502,
            {"errorMessage": "Process exited unexpectedly before completing request"},
            ("x-fc-error-type", "UnhandledInvocationError"),
        ),
    ],
)
def test_a_killed_worker_answers_as_the_emulated_clouds_crash(
    running: Project, emulate: str, status: int, body: dict[str, str], header: tuple[str, str]
) -> None:
    go = running.root.parent / "go"
    go.unlink(missing_ok=True)
    if not (running.root / "app/handlers/slow.py").exists():
        running.write("app/handlers/slow.py", SLOW.format(go=str(go)))
        running.add(FUNCTION, ROUTE)
    running.settings(f"target: local\nlocal:\n  emulate: {emulate}\n")
    running.up().ok()
    before = len(at_work(running))
    answers: list[httpx.Response] = []
    asking = threading.Thread(target=lambda: answers.append(running.get("/slow")))
    asking.start()
    processes.wait_for(lambda: len(at_work(running)) > before, 5, "the request is being worked on")
    worker = at_work(running)[-1]
    assert worker in processes.named(running.root, "runtime.zygote")
    processes.kill([worker])
    asking.join()
    assert (answers[0].status_code, json.loads(answers[0].content)) == (status, body)
    assert answers[0].headers[header[0]] == header[1]
    assert running.serves()
    go.touch()
    answer = running.get("/slow")  # another instance, started for it
    assert (answer.status_code, answer.text) == (200, "done")
    processes.wait_for(lambda: at_work(running)[-1] != worker, 5, "what the other one printed")
    ended = [line for line in running.log() if line["event"] == "instance ended"]
    assert (ended[-1]["pid"], ended[-1]["status"]) == (worker, -9)


@pytest.mark.parametrize(
    "victims",
    [Project.supervisors, lambda project: list(project.processes())],
    ids=["supervisor", "all"],
)
def test_up_brings_a_killed_local_cloud_back_at_the_same_address(
    running: Project, victims: Callable[[Project], list[int]], counts: Counts
) -> None:
    assert running.serves()
    was = ask(running.places, "describe")
    processes.kill(victims(running))
    processes.wait_for(lambda: not running.processes(), 5, "its workers leave with it")

    for _ in range(counts(small=1, full=2)):
        seen = running.preview().ok()
        assert seen.drift == GONE
        assert seen.steps == CREATED
        assert not running.processes(), "a preview started something"

    assert running.up().ok().steps == CREATED
    assert running.serves()
    now = ask(running.places, "describe")
    assert now["pid"] != was["pid"]
    for same in ("gateway", "functions", "runtime", "release"):
        assert now[same] == was[same]
