"""What `make doctor` finds, and the next command that it names."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from infra.cli.doctor import LACKING, Surroundings, accepts, examine, report
from infra.cli.venv_setup import INPUTS, Checkout, digest
from tests.unit.machines import CURRENT, Answers, engine_in, machine, program

ROOT = Path(__file__).resolve().parents[2]


def healthy(
    folder: Path, version: tuple[int, ...] = (3, 12, 1), free_gb: float = 50, *, runs: bool = False
) -> Surroundings:
    """A machine that lacks nothing."""
    bin_folder = engine_in(folder / "bin")
    program(bin_folder / "go")
    answers = Answers().on("pulumi", "version", says=CURRENT).on("GOVERSION", says="go1.26.6")
    here = machine(folder, answers, [bin_folder])
    for name in (*INPUTS, "stacks/Pulumi.local.yaml", "stacks/Pulumi.aws-dev.yaml"):
        (here.root / name).parent.mkdir(exist_ok=True)
        (here.root / name).write_text(name)
    checkout = Checkout(here.root)
    program(checkout.python)
    checkout.stamp.write_text(digest(checkout, ()))
    return Surroundings(here, version, lambda _: free_gb, lambda _: runs, lambda _: False)


def lacking(around: Surroundings) -> list[tuple[str, str]]:
    return [(item.name, item.remedy) for item in examine(around) if item.state == LACKING]


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


def test_an_old_python_is_named_first(tmp_path: Path) -> None:
    around = healthy(tmp_path, version=(3, 9, 6))
    Checkout(around.machine.root).python.unlink()
    assert lacking(around)[0] == ("python", "make setup PYTHON=<3.11 or newer>")


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
    assert "running; its log is" in report(examine(healthy(tmp_path, runs=True)))
    around = healthy(tmp_path)
    taken = Surroundings(
        around.machine, around.python_version, around.free_gb, around.answers, lambda _: True
    )
    assert "in use by another program" in report(examine(taken))


def test_a_file_that_cannot_be_read_is_a_finding_and_no_traceback(tmp_path: Path) -> None:
    around = healthy(tmp_path)
    (around.machine.root / "pyproject.toml").unlink()
    assert lacking(around) == [("environment", "make setup")]


def test_a_socket_answers_only_while_somebody_listens(tmp_path: Path) -> None:
    assert not accepts(tmp_path / "s")
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
