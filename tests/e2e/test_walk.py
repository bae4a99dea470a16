"""The walk of the README, word for word, under both emulations."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.support import project_processes as processes
from tests.support.project import CHECKOUT, Project

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
PRINTED = "http://127.0.0.1:23817"


def walk(address: str) -> str:
    """The commands, with the address of a shop in the place of the printed one."""
    found = re.search(r"<!-- walk -->\n```sh\n(.*?)```", README, re.DOTALL)
    assert found is not None
    assert PRINTED in found[1]
    return found[1].replace(PRINTED, address)


@pytest.mark.parametrize("emulate", ["aws", "alicloud"])
def test_a_newcomer_registers_logs_in_uploads_and_downloads_with_curl(
    shop: Project, emulate: str, tmp_path: Path
) -> None:
    if emulate != "aws":
        shop.run("reset", "--yes").ok()  # the newcomer is new again
        shop.settings(f"target: local\nlocal:\n  emulate: {emulate}\n")
        shop.up().ok()
    ran = subprocess.run(
        ["sh", "-eu", "-c", walk(shop.url)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ran.stderr == ""
    registered, asked = re.findall(r"\{.*?\}", ran.stdout)
    assert json.loads(registered)["username"] == "newcomer"
    assert json.loads(asked)["user_id"] == json.loads(registered)["user_id"]
    assert ran.stdout.endswith("hello, shop\n")

    def batches() -> list[dict[str, object]]:
        return [line for line in shop.log() if line["event"] == "batch"]

    processes.wait_for(batches, 10, "the welcome's batch")
    assert (batches()[-1]["queue"], batches()[-1]["failed"]) == ("welcome", 0)


def test_what_the_readme_says_of_queues_and_schedules_is_there(shop: Project) -> None:
    assert "welcome" in shop.run("queue_look").ok().output
    assert "sweep" in shop.run("schedule_look").ok().output
    ran = shop.run("schedule_look", "--run", "sweep").ok().output
    assert "sweep" in ran
