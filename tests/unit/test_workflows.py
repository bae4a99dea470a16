"""The workflows do only what `make` can, with few rights, and never a fork's code with secrets."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / ".github/workflows").glob("*.yml"))
STACKS = {"aws-dev", "aws-prod"}


def read(file: Path) -> dict[Any, Any]:
    found = yaml.safe_load(file.read_text())
    assert isinstance(found, dict)
    return found


def jobs() -> Iterator[tuple[str, Mapping[str, Any]]]:
    for file in FILES:
        for name, job in read(file)["jobs"].items():
            yield f"{file.stem}.{name}", job


JOBS = dict(jobs())
each_job = pytest.mark.parametrize("name", sorted(JOBS))


def scripts(job: Mapping[str, Any]) -> str:
    return "\n".join(step.get("run", "") for step in job["steps"])


def test_there_are_a_preview_and_a_deployment() -> None:
    assert [file.name for file in FILES] == ["deploy.yml", "preview.yml"]
    # YAML 1.1, which this reader knows, takes the key `on` for a yes
    assert read(FILES[0])[True] == {"push": {"branches": ["main"]}}
    assert read(FILES[1])[True] == {"pull_request": None}


@each_job
def test_each_job_states_its_rights_and_a_time_limit(name: str) -> None:
    job = JOBS[name]
    assert job["permissions"]["contents"] == "read"
    assert 0 < job["timeout-minutes"] <= 60


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_workflow_gives_a_forks_code_the_repositorys_rights(file: Path) -> None:
    assert "pull_request_target" not in file.read_text()
    assert read(file)["permissions"] == {}, "what a job does not state, it has not"


def test_what_may_come_from_a_fork_gets_no_secret_and_no_role() -> None:
    job = JOBS["preview.offline"]
    assert job["permissions"] == {"contents": "read"}
    assert "secrets." not in yaml.safe_dump(job["steps"])
    assert "aws-actions" not in yaml.safe_dump(job)
    assert "OFFLINE=1" in scripts(job)


def test_the_real_difference_is_for_branches_of_this_repository_alone() -> None:
    same = "github.event.pull_request.head.repo.full_name == github.repository"
    other = same.replace("==", "!=")
    assert JOBS["preview.difference"]["if"].startswith(f"{same} &&")
    assert JOBS["preview.offline"]["if"].startswith(f"{other} ||")


@each_job
def test_every_action_is_pinned_to_a_commit_with_its_version_beside_it(name: str) -> None:
    for step in JOBS[name]["steps"]:
        if "uses" in step:
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"])
    for file in FILES:
        for line in file.read_text().splitlines():
            if "uses:" in line:
                assert re.search(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


@each_job
def test_only_targets_that_the_makefile_has_are_made(name: str) -> None:
    asked = re.findall(r"\bmake ([\w-]+)", scripts(JOBS[name]))
    assert asked
    for target in asked:
        dry = subprocess.run(
            ["make", "--dry-run", target],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert dry.returncode == 0, dry.stderr


@each_job
def test_nothing_of_an_event_is_pasted_into_a_script(name: str) -> None:
    """A branch's or a title's text would be run."""
    assert "${{" not in scripts(JOBS[name])


def test_only_a_comment_of_its_own_is_written_over() -> None:
    script = scripts(JOBS["preview.difference"])
    assert """bot='.user.login == "github-actions[bot]"'""" in script
    assert "select($bot and (.body | startswith(" in script


def test_a_stack_is_deployed_once_at_a_time_and_never_cut_off() -> None:
    groups = []
    for name in ("deploy.dev", "deploy.prod"):
        concurrency = JOBS[name]["concurrency"]
        assert concurrency["cancel-in-progress"] is False
        groups.append(concurrency["group"])
    assert groups == ["deploy-aws-dev", "deploy-aws-prod"]


def test_production_waits_for_the_trial_and_for_an_approval() -> None:
    prod = JOBS["deploy.prod"]
    assert prod["needs"] == "dev"
    assert prod["environment"] == "aws-prod"
    dev = scripts(JOBS["deploy.dev"])
    assert dev.index("make up STACK=aws-dev") < dev.index("make conformance STACK=aws-dev")


def test_every_stack_on_aws_is_shown() -> None:
    there = {file.name[7:-5] for file in (ROOT / "stacks").glob("Pulumi.aws-*.yaml")}
    assert there == STACKS
    for name in ("preview.offline", "preview.difference"):
        assert set(JOBS[name]["strategy"]["matrix"]["stack"]) == STACKS
