"""What `make doctor` finds, and the next command that it names."""

import fcntl
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from infra.cli.doctor import accepts, answers, examine, of_cloud, report
from infra.cli.findings import Surroundings
from infra.cli.venv_setup import INPUTS, Checkout, digest
from infra.local.places import Places
from tests.unit.machines import CURRENT, Answers, engine_in, machine, program

ROOT = Path(__file__).resolve().parents[2]


def healthy(folder: Path, free_gb: float = 50, *, runs: bool = False) -> Surroundings:
    """A machine that lacks nothing."""
    bin_folder = engine_in(folder / "bin")
    program(bin_folder / "go")
    commands = Answers().on("pulumi", "version", says=CURRENT).on("GOVERSION", says="go1.26.6")
    here = machine(folder, commands, [bin_folder])
    for name in (*INPUTS, "stacks/Pulumi.local.yaml", "stacks/Pulumi.aws-dev.yaml"):
        (here.root / name).parent.mkdir(exist_ok=True)
        (here.root / name).write_text(name)
    checkout = Checkout(here.root)
    program(checkout.python)
    checkout.stamp.write_text(digest(checkout, (), "3.12"))
    return Surroundings(
        here, (3, 12, 1), lambda _: free_gb, lambda _: runs, lambda _: False, lambda _: True
    )


def lacking(around: Surroundings) -> list[tuple[str, str]]:
    return [(item.name, item.remedy) for item in examine(around) if item.bad]


def test_a_machine_that_lacks_nothing_is_told_to_go_on(tmp_path: Path) -> None:
    around = healthy(tmp_path)
    assert lacking(around) == []
    text = report(examine(around))
    assert text.endswith("All is well. Next: make up")
    for found in ("3.12.1", ".venv is current", "go1.26.6", "aws-dev, local", "50.0 GB free"):
        assert found in text


def test_without_an_environment_the_next_command_makes_one(tmp_path: Path) -> None:
    around = healthy(tmp_path)
    Checkout(around.machine.root).python.unlink()
    assert lacking(around) == [("packages", "make setup")]
    assert report(examine(around)).endswith("Next: make setup")


def test_changed_pins_make_the_environment_lacking(tmp_path: Path) -> None:
    around = healthy(tmp_path)
    (around.machine.root / "pyproject.toml").write_text("changed")
    assert lacking(around) == [("packages", "make setup")]


def test_without_an_engine_it_says_where_it_looked_and_how_to_get_one(tmp_path: Path) -> None:
    around = healthy(tmp_path)
    (tmp_path / "bin" / "pulumi").unlink()
    assert lacking(around) == [("engine", "make engine")]
    assert "path no pulumi; cache nothing in" in report(examine(around))


def test_an_environment_of_another_python_is_lacking(tmp_path: Path) -> None:
    around = replace(healthy(tmp_path), python_version=(3, 13, 0))
    assert lacking(around) == [("packages", "make setup")]
    assert "for Python 3.13" in report(examine(around))


def test_little_room_matters_only_while_the_engine_is_to_be_built(tmp_path: Path) -> None:
    around = healthy(tmp_path, free_gb=2)
    assert lacking(around) == []
    (tmp_path / "bin" / "pulumi").unlink()
    assert ("disk", "make room: 4 GB, then make setup") in lacking(around)


def test_a_checkout_without_the_local_stack_file_lacks_it(tmp_path: Path) -> None:
    around = healthy(tmp_path)
    (around.machine.root / "stacks" / "Pulumi.local.yaml").unlink()
    assert lacking(around) == [("stacks", "git checkout stacks/Pulumi.local.yaml")]


def test_it_tells_whether_the_local_cloud_runs_and_that_its_port_is_taken(tmp_path: Path) -> None:
    text = report(examine(healthy(tmp_path, runs=True)))
    assert "running as process" in text
    assert text.endswith("All is well. Next: make seed, make tour")
    taken = replace(healthy(tmp_path), in_use=lambda _: True)
    assert "in use by another program" in report(examine(taken))


def test_a_file_that_cannot_be_read_is_a_finding_and_no_traceback(tmp_path: Path) -> None:
    around = healthy(tmp_path)
    (around.machine.root / "pyproject.toml").unlink()
    assert lacking(around) == [("environment", "make setup")]


def places_of(around: Surroundings) -> Places:
    """Its places, with the folders that the local cloud makes there."""
    places = Places(around.machine.root)
    places.log.parent.mkdir(parents=True, mode=0o700)
    places.state.chmod(0o700)
    return places


def test_a_state_folder_that_is_no_folder_of_ours_is_wrong(tmp_path: Path) -> None:
    around = healthy(tmp_path)
    state = Places(around.machine.root).state
    state.symlink_to(tmp_path)
    assert lacking(around) == [("state", f"remove or rename {state}, then make up")]


def test_a_state_folder_that_cannot_be_written_is_wrong(tmp_path: Path) -> None:
    around = healthy(tmp_path)
    state = places_of(around).state
    around = replace(around, writable=lambda folder: folder != state)
    assert lacking(around) == [("state", f"chmod u+rwx '{state}', unless its disk is read-only")]


def test_a_state_folder_that_is_open_to_others_is_told_and_is_not_wrong(tmp_path: Path) -> None:
    around = healthy(tmp_path)
    places_of(around).state.chmod(0o755)
    assert lacking(around) == []
    assert "is open to others (0755); make up closes it" in report(examine(around))


def test_a_supervisor_that_lives_and_does_not_answer_is_wrong(tmp_path: Path) -> None:
    around = healthy(tmp_path)
    places = places_of(around)
    with places.lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write(str(os.getpid()))
        lock.flush()
        assert lacking(around) == [("local", "make down, which ends it, then make up")]
        assert f"process {os.getpid()} holds {places.lock}" in report(examine(around))
        running = replace(around, answers=lambda _: True)
        assert lacking(running) == []
        assert f"running as process {os.getpid()}" in report(examine(running))
    assert lacking(around) == []


def test_what_a_supervisor_printed_before_it_ended_is_told_with_its_last_line(
    tmp_path: Path,
) -> None:
    around = healthy(tmp_path)
    errors = places_of(around).errors
    errors.write_text("")
    assert lacking(around) == []
    errors.write_text("Traceback (most recent call last):\n  …\nOSError: no room\n\n")
    assert "printed, last: OSError: no room" in report(examine(around))
    remedy = f"make up; where that fails too, {errors} has all that was printed"
    assert lacking(around) == [("printed", remedy)]


def test_nobody_answers_where_no_supervisor_listens(tmp_path: Path) -> None:
    assert not answers(Places(tmp_path))


def test_a_port_is_in_use_only_while_somebody_listens() -> None:
    with socket.socket(socket.AF_INET) as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        assert not accepts(port)
        server.listen()
        assert accepts(port)


@pytest.mark.parametrize("module", ["infra.cli.doctor", "infra.cli.venv_setup", "infra.cli.engine"])
def test_what_runs_before_the_packages_are_there_needs_the_standard_library_only(
    module: str,
) -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); import {module};"
        "print([m for m in sys.modules if m.split('.')[0] in ('pulumi', 'pydantic', 'yaml')])"
    )
    isolated = [sys.executable, "-I", "-S", "-c", program]
    said = subprocess.run(isolated, capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout.strip()) == (0, "[]"), said.stderr


def test_of_a_clouds_stack_a_process_in_the_environment_tells(tmp_path: Path) -> None:
    """What it prints are findings; anything else is one, too."""
    around = healthy(tmp_path)
    says = '[{"name": "region", "state": "ok", "text": "cn-hangzhou", "remedy": ""}]'
    told = Answers().on("infra.cli.doctor_cloud", "alicloud-dev", says=f"a warning\n{says}")
    asked = replace(around, machine=replace(around.machine, run=told))
    (finding,) = of_cloud(asked, "alicloud-dev")
    assert (finding.name, finding.text, finding.bad) == ("region", "cn-hangzhou", False)
    text = report([finding], "alicloud-dev")
    assert text.endswith("All is well. Next: make up STACK=alicloud-dev")
    broken = Answers().on("infra.cli.doctor_cloud", says="ModuleNotFoundError: yaml")
    (finding,) = of_cloud(replace(asked, machine=replace(around.machine, run=broken)), "aws-dev")
    assert finding.bad
    assert "ModuleNotFoundError" in finding.text
    assert of_cloud(asked, "local") == []
    Checkout(around.machine.root).python.unlink()
    assert of_cloud(asked, "alicloud-dev") == [], "that it is not there is told already"
