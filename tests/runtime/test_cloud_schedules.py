"""A schedule runs a real instance: by the control socket, the provider's kind and the command."""

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra import bundle
from infra.cli import schedule_look
from infra.errors import PlatformError
from infra.local.client import RefusedByCloudError, ask
from infra.local.kinds.schedules import Schedule
from infra.model import Function
from tests.support.local_cloud import LocalCloud
from tests.support.pids import wait_for

ROOT = Path(__file__).parents[2]
NOTED = """
import json
def lambda_handler(event, context):
    if isinstance(event, bytes):
        event = json.loads(event)
    print(json.dumps(event))
"""
RAISES = "def lambda_handler(event, context):\n    raise ValueError('no')\n"
SLOW = "import time\ndef lambda_handler(event, context):\n    time.sleep(20)\n"
SWEEP: dict[str, Any] = {
    "runtime": "an-id",
    "name": "sweep",
    "function": "sweep",
    "every_minutes": 1440,
    "cron": "",
}


@pytest.fixture
def swept(cloud: LocalCloud) -> Iterator[LocalCloud]:
    """The cloud with a schedule `sweep` that comes once a day."""
    cloud.put("sweep", NOTED)
    Schedule().create(cloud.places, SWEEP)
    yield cloud
    Schedule().delete(cloud.places, SWEEP)


def _look(cloud: LocalCloud) -> dict[str, Any]:
    found: dict[str, Any] = ask(cloud.places, "describe")["schedules"]["sweep"]
    return found


def _ended(cloud: LocalCloud) -> str | None:
    """How the last run ended, or that it is under way; None before the first."""
    last = _look(cloud)["last"]
    return last["ended"] if last else None


def _printed(cloud: LocalCloud, request_id: str) -> list[Any]:
    """What the handler printed in one call."""
    lines = [line for line in cloud.log() if line.get("request_id") == request_id]
    return [json.loads(line["text"]) for line in lines if "text" in line]


def test_run_now_gives_the_handler_the_clouds_event(swept: LocalCloud) -> None:
    ran = ask(swept.places, "run_schedule", name="sweep")

    assert ran["ended"] == "well"
    assert _look(swept)["last"] == {name: value for name, value in ran.items() if name != "ms"}
    wait_for(lambda: _printed(swept, ran["request_id"]))
    (event,) = _printed(swept, ran["request_id"])
    named = event["resources"][0] if swept.emulate == "aws" else event["triggerName"]
    assert named.rpartition("/")[2] == "sweep"


def test_the_shops_own_entrypoint_runs_and_what_it_raises_is_in_the_log(
    swept: LocalCloud, tmp_path: Path
) -> None:
    """Event, entrypoint, handler and log as they will be on the cloud, from a packed function."""
    shutil.copytree(ROOT / "app", tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__"))
    handler = "def run(services):\n    raise ValueError('on ' + services.stack)\n"
    (tmp_path / "app/handlers/sweep.py").write_text(handler)
    emulate: Any = swept.emulate
    found = bundle.bundle(tmp_path, Function(name="sweep"), emulate, trigger="schedule")
    swept.put(
        "sweep",
        handler=found.handler,
        code=str(bundle.stage(found.files, swept.places.code)),
        environment={"SHOP_STACK": "local", "SHOP_HANDLER": "sweep"},
    )

    ran = ask(swept.places, "run_schedule", name="sweep")

    assert ran["ended"] == "the handler raised"
    wait_for(lambda: _printed(swept, ran["request_id"]))
    (entry,) = _printed(swept, ran["request_id"])
    assert entry["request_id"] == ran["request_id"]
    assert (entry["schedule"], entry["message"]) == ("sweep", "on local")


def test_a_time_that_has_come_runs_it(swept: LocalCloud) -> None:
    """The supervisor's own clock does it; a test cannot wait for a minute to come."""

    async def due_now() -> None:
        clock = swept.cloud.schedules._clocks["sweep"]
        clock.due_ms = swept.cloud.schedules._now_ms()

    before = _look(swept)["next_ms"]
    swept.do(due_now())

    wait_for(lambda: _ended(swept) == "well")
    assert _look(swept)["next_ms"] == before


def test_a_run_without_a_free_instance_is_missed_and_said(swept: LocalCloud) -> None:
    swept.put("sweep", SLOW, max_instances=1, timeout_s=1)
    begun = threading.Thread(target=lambda: ask(swept.places, "run_schedule", name="sweep"))
    begun.start()
    wait_for(lambda: _ended(swept) == "under way")

    second = ask(swept.places, "run_schedule", name="sweep")

    begun.join(20)
    assert second["ended"] == "every instance is busy and no more may start"
    assert any(line["event"] == "schedule missed" for line in swept.log())


def test_the_kind_finds_what_is_in_force_and_nothing_else(swept: LocalCloud) -> None:
    kind = Schedule()
    assert kind.find(swept.places, SWEEP) == SWEEP

    changed = {**SWEEP, "every_minutes": 0, "cron": "30 4 * * 1"}
    kind.change(swept.places, changed)
    kind.change(swept.places, changed)  # can be repeated
    assert kind.find(swept.places, SWEEP) == changed

    kind.delete(swept.places, SWEEP)
    kind.delete(swept.places, SWEEP)
    assert kind.find(swept.places, SWEEP) is None


def test_a_schedule_without_its_function_is_refused_by_name(cloud: LocalCloud) -> None:
    with pytest.raises(PlatformError, match="schedule sweep: the schedule sweep runs nobody"):
        Schedule().create(cloud.places, {**SWEEP, "function": "nobody"})
    never = {**SWEEP, "cron": "61 * * * *"}
    del never["runtime"]
    with pytest.raises(RefusedByCloudError, match="cron: 61 is no minute"):
        ask(cloud.places, "put_schedule", spec=never)


def test_the_command_lists_what_runs_and_how_it_ended(
    swept: LocalCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    assert schedule_look.main([], swept.places.root) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split("  ")[0] == "schedule"
    assert row.split()[:7] == ["sweep", "sweep", "every", "1440", "min", "-", "-"]

    assert schedule_look.main(["--run", "sweep"], swept.places.root) == 0
    assert capsys.readouterr().out.startswith("sweep: well after ")
    schedule_look.main([], swept.places.root)
    assert "  well  " in capsys.readouterr().out

    swept.put("sweep", RAISES)
    assert schedule_look.main(["--run", "sweep"], swept.places.root) == 1
    found = capsys.readouterr()
    assert found.out.startswith("sweep: the handler raised after ")
    assert found.err == "→ make logs shows why\n"


def test_the_command_says_what_there_is_not(
    cloud: LocalCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    assert schedule_look.main([], cloud.places.root) == 0
    assert capsys.readouterr().out == "nothing runs by the clock\n"
    assert schedule_look.main(["--run", "sweep"], cloud.places.root) == 1
    assert "there is no schedule sweep" in capsys.readouterr().err
    assert schedule_look.main(["--stack", "aws-dev"]) == 1
    assert "stack aws-dev: only the local" in capsys.readouterr().err
