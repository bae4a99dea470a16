"""The variables with which the engine runs."""

import stat
from pathlib import Path

import pytest

from infra.cli.environment import pulumi_environment
from infra.errors import PlatformError
from tests.unit.machines import program

ENGINE = Path("/cache/engine/bin")


def test_the_environment_comes_first_on_path_then_the_engine_and_none_twice(
    tmp_path: Path,
) -> None:
    users = f"/usr/bin:{ENGINE}:/bin:{tmp_path}/.venv/bin"
    env = pulumi_environment(tmp_path, "local", {"PATH": users}, ENGINE)
    assert env["PATH"] == f"{tmp_path}/.venv/bin:{ENGINE}:/usr/bin:/bin"


def test_the_local_stack_keeps_its_state_in_the_checkout_whatever_the_user_has_set(
    tmp_path: Path,
) -> None:
    users = {
        "PATH": "/bin",
        "PULUMI_BACKEND_URL": "s3://somewhere",
        "PULUMI_ACCESS_TOKEN": "token",
        "PULUMI_CONFIG_PASSPHRASE": "mine",
        "PULUMI_CONFIG_PASSPHRASE_FILE": "/mine",
        "PULUMI_HOME": "/elsewhere/.pulumi",
        "PULUMI_STACK": "prod",
    }
    env = pulumi_environment(tmp_path, "local", users, ENGINE)
    assert env["PULUMI_BACKEND_URL"] == f"file://{tmp_path}/.shop/pulumi"
    assert env["PULUMI_CONFIG_PASSPHRASE"] == ""
    assert env["PULUMI_HOME"] == f"{tmp_path}/.shop/pulumi-home"
    assert {"PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_STACK"}.isdisjoint(env)


def test_the_state_is_for_its_owner_only(tmp_path: Path) -> None:
    pulumi_environment(tmp_path, "local", {}, ENGINE)
    for name in (".shop", ".shop/pulumi", ".shop/pulumi-home"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o700


def test_a_checkout_with_spaces_and_percent_signs_in_its_path_gets_a_quoted_address(
    tmp_path: Path,
) -> None:
    root = tmp_path / "my shop 100%20"
    root.mkdir()
    env = pulumi_environment(root, "local", {}, ENGINE)
    assert env["PULUMI_BACKEND_URL"].endswith("/my%20shop%20100%2520/.shop/pulumi")


@pytest.mark.parametrize(
    "users",
    [
        {"PULUMI_BACKEND_URL": "s3://states", "PULUMI_CONFIG_PASSPHRASE": "mine"},
        {"PULUMI_BACKEND_URL": "s3://states"},
        {"PULUMI_ACCESS_TOKEN": "token"},
    ],
)
def test_other_stacks_keep_what_the_user_has_set_and_get_no_passphrase_made_up(
    tmp_path: Path, users: dict[str, str]
) -> None:
    env = pulumi_environment(tmp_path, "aws-dev", users, ENGINE)
    names = ("PULUMI_BACKEND_URL", "PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_HOME")
    assert {name: env[name] for name in names if name in env} == users


def test_other_stacks_fall_back_to_the_checkout_when_nothing_is_set(tmp_path: Path) -> None:
    env = pulumi_environment(tmp_path, "aws-dev", {}, ENGINE)
    assert env["PULUMI_BACKEND_URL"] == f"file://{tmp_path}/.shop/pulumi"
    assert env["PULUMI_CONFIG_PASSPHRASE"] == ""
    own = {"PULUMI_CONFIG_PASSPHRASE_FILE": "/mine"}
    assert "PULUMI_CONFIG_PASSPHRASE" not in pulumi_environment(tmp_path, "aws-dev", own, ENGINE)


@pytest.mark.parametrize("stack", ["local", "aws-dev"])
def test_the_engine_never_looks_for_updates_and_another_python_never_leaks_in(
    tmp_path: Path, stack: str
) -> None:
    env = pulumi_environment(tmp_path, stack, {"PYTHONPATH": "/x", "PYTHONHOME": "/y"}, ENGINE)
    assert env["PULUMI_SKIP_UPDATE_CHECK"] == "1"
    assert {"PYTHONPATH", "PYTHONHOME"}.isdisjoint(env)


FETCHING = "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"


def test_the_local_stack_never_has_a_plugin_fetched(tmp_path: Path) -> None:
    env = pulumi_environment(tmp_path, "local", {FETCHING: "false"}, ENGINE)
    assert env[FETCHING] == "true"


def test_a_clouds_stack_has_its_plugin_fetched_unless_it_is_on_path(tmp_path: Path) -> None:
    users = {"PATH": str(tmp_path / "bin")}
    assert FETCHING not in pulumi_environment(tmp_path, "aws-dev", users, ENGINE)
    program(tmp_path / "bin" / "pulumi-resource-aws")
    assert pulumi_environment(tmp_path, "aws-dev", users, ENGINE)[FETCHING] == "true"


@pytest.mark.parametrize("users", ["true", "false"])
def test_what_the_user_says_of_fetching_plugins_counts(tmp_path: Path, users: str) -> None:
    program(tmp_path / "bin" / "pulumi-resource-aws")
    base = {"PATH": str(tmp_path / "bin"), FETCHING: users}
    assert pulumi_environment(tmp_path, "aws-dev", base, ENGINE)[FETCHING] == users


def test_a_state_folder_that_cannot_be_made_is_a_clear_message(tmp_path: Path) -> None:
    (tmp_path / ".shop").write_text("in the way")
    with pytest.raises(PlatformError, match=r"\.shop"):
        pulumi_environment(tmp_path, "local", {}, ENGINE)
