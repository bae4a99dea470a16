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
CLOUDS = ("aws", "alicloud")
each_cloud = pytest.mark.parametrize("cloud", CLOUDS)
SIGN_IN = {
    "aws": "aws-actions/configure-aws-credentials@",
    "alicloud": "aliyun/configure-aliyun-credentials-action@",
}


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


@each_cloud
def test_what_may_come_from_a_fork_gets_no_secret_and_no_role(cloud: str) -> None:
    job = JOBS[f"preview.{cloud}-offline"]
    assert job["permissions"] == {"contents": "read"}
    assert "secrets." not in yaml.safe_dump(job["steps"])
    assert not any(each in yaml.safe_dump(job) for each in SIGN_IN.values())
    assert "OFFLINE=1" in scripts(job)


@each_cloud
def test_the_real_difference_is_for_branches_of_this_repository_alone(cloud: str) -> None:
    same = "github.event.pull_request.head.repo.full_name == github.repository"
    other = same.replace("==", "!=")
    assert JOBS[f"preview.{cloud}-difference"]["if"].startswith(f"{same} &&")
    assert JOBS[f"preview.{cloud}-offline"]["if"].startswith(f"{other} ||")


@each_cloud
def test_a_pull_request_is_shown_in_one_of_the_two_ways_and_never_in_neither(cloud: str) -> None:
    shown, plain = (JOBS[f"preview.{cloud}-{kind}"]["if"] for kind in ("difference", "offline"))
    for one, other in (("!=", "~"), ("==", "!="), ("~", "=="), ("&&", "~")):
        shown = shown.replace(one, other)
    assert shown.replace("~", "||") == plain


@each_job
def test_a_job_signs_in_to_its_own_cloud_alone_and_with_no_key_that_lasts(name: str) -> None:
    cloud = name.partition(".")[2].partition("-")[0]
    used = [step["uses"] for step in JOBS[name]["steps"] if "uses" in step]
    for each, action in SIGN_IN.items():
        signs_in = each == cloud and not name.endswith("-offline")
        assert any(use.startswith(action) for use in used) == signs_in
    if not name.endswith("-offline"):
        assert JOBS[name]["permissions"]["id-token"] == "write"
    assert "ACCESS_KEY" not in yaml.safe_dump(JOBS[name])


@pytest.mark.parametrize("name", ["deploy.alicloud-dev", "deploy.alicloud-prod"])
def test_alibaba_clouds_keys_last_as_long_as_the_job_may(name: str) -> None:
    (signed,) = (
        step["with"]
        for step in JOBS[name]["steps"]
        if step.get("uses", "").startswith(SIGN_IN["alicloud"])
    )
    assert signed["role-session-expiration"] >= JOBS[name]["timeout-minutes"] * 60


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


@each_cloud
def test_only_a_comment_of_its_own_is_written_over(cloud: str) -> None:
    script = scripts(JOBS[f"preview.{cloud}-difference"])
    assert """bot='.user.login == "github-actions[bot]"'""" in script
    assert "select($bot and (.body | startswith(" in script


@each_cloud
@pytest.mark.parametrize("kind", ["dev", "prod"])
def test_a_stack_is_deployed_once_at_a_time_and_never_cut_off(cloud: str, kind: str) -> None:
    job = JOBS[f"deploy.{cloud}-{kind}"]
    assert job["concurrency"] == {
        "group": f"deploy-{cloud}-{kind}",
        "cancel-in-progress": False,
    }
    assert set(re.findall(r"STACK=(\S+)", scripts(job))) == {f"{cloud}-{kind}"}


@each_cloud
def test_production_waits_for_the_trial_and_for_an_approval(cloud: str) -> None:
    prod = JOBS[f"deploy.{cloud}-prod"]
    assert prod["needs"] == f"{cloud}-dev"
    assert prod["environment"] == f"{cloud}-prod"
    dev = scripts(JOBS[f"deploy.{cloud}-dev"])
    brought_up = dev.index(f"make up STACK={cloud}-dev")
    assert brought_up < dev.index(f"make conformance STACK={cloud}-dev")


@each_cloud
def test_every_stack_on_a_cloud_is_shown_and_deployed(cloud: str) -> None:
    there = {file.name[7:-5] for file in (ROOT / "stacks").glob(f"Pulumi.{cloud}-*.yaml")}
    assert there == {f"{cloud}-dev", f"{cloud}-prod"}
    for kind in ("offline", "difference"):
        assert set(JOBS[f"preview.{cloud}-{kind}"]["strategy"]["matrix"]["stack"]) == there
    assert {f"deploy.{each}" for each in there} <= set(JOBS)


def test_every_cloud_that_there_are_stacks_for_is_among_these() -> None:
    files = (ROOT / "stacks").glob("Pulumi.*-*.yaml")
    assert {file.name[7:-5].partition("-")[0] for file in files} == set(CLOUDS)
