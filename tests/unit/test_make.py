"""What `make` runs: each command with the packages that it needs, and no more."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NEEDS = "tools/bootstrap.py --needs aws"


def run_by(*words: str) -> str:
    """The commands that `make` would run, blanks made one."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    for name in ("STACK", "ARGS", "EXTRAS", "NEEDS", "OFFLINE", "NAME", "VALUE", "VERSION", "OUT"):
        env.pop(name, None)
    said = subprocess.run(
        ["make", "--dry-run", *words],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    return " ".join(said.stdout.replace("\\\n", " ").split())


@pytest.mark.parametrize("words", ["up", "preview", "down", "secret", "engine", "setup", "dev"])
def test_the_local_stack_stays_light(words: str) -> None:
    assert "tools/bootstrap.py" in run_by(words)
    assert "--needs" not in run_by(words)


def test_what_follows_from_a_stacks_traffic_is_shown_without_its_clouds_packages() -> None:
    said = run_by("capacity", "STACK=aws-dev", "OUT=a b", "ARGS=--peak 5")
    assert "--needs" not in said
    assert said.endswith("infra.cli.capacity --stack 'aws-dev' --out 'a b' --peak 5")


@pytest.mark.parametrize(
    "target", ["up", "preview", "fetch", "down", "rollback", "secret", "conformance", "shell"]
)
def test_each_command_on_a_stack_of_aws_adds_its_packages(target: str) -> None:
    assert NEEDS in run_by(target, "STACK=aws-dev")


@pytest.mark.parametrize("target", ["lint", "format", "test", "test-fast", "soak", "bench"])
def test_what_goes_through_all_the_code_adds_every_clouds_packages(target: str) -> None:
    assert NEEDS in run_by(target)
    assert NEEDS in run_by("setup", target), "in one call with a light one, too"


def test_extras_are_exactly_those_and_needs_come_on_top() -> None:
    assert run_by("setup", "EXTRAS=none").endswith("tools/bootstrap.py --extras none")
    assert run_by("setup", "NEEDS=aws").endswith(NEEDS)


def test_a_cloud_that_there_is_no_code_for_adds_nothing() -> None:
    assert "--needs" not in run_by("up", "STACK=mars-dev")


def test_words_reach_the_commands() -> None:
    assert run_by("preview", "STACK=aws-dev", "OFFLINE=1", "ARGS=--diff").endswith(
        "infra.cli.preview --stack 'aws-dev' --offline --diff"
    )
    assert run_by("up", "STACK=aws-dev", "OFFLINE=1").endswith("--stack 'aws-dev' --offline")
    assert run_by("rollback", "STACK=aws-dev", "FUNCTION=auth", "VERSION=3").endswith(
        "infra.cli.rollback --stack 'aws-dev' --function 'auth' --version '3'"
    )


def test_the_help_names_every_target_for_users() -> None:
    said = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for target in ("fetch", "rollback", "conformance"):
        assert f"\n  {target:<11} " in said


def test_lock_makes_every_list_of_pinned_packages_from_what_is_asked_for() -> None:
    said = run_by("lock")
    asked = [*(ROOT / "tools").glob("*.in"), *(ROOT / "bench").glob("*.in")]
    assert len(asked) >= 3
    for each in asked:
        name = each.relative_to(ROOT)
        assert f"{name} --output-file {name.with_suffix('.txt')}" in said
    assert "pyproject.toml --all-extras --output-file tools/constraints.txt" in said


def test_the_doctor_is_told_of_which_stack() -> None:
    assert "--doctor --stack 'alicloud-dev'" in run_by("doctor", "STACK=alicloud-dev")
