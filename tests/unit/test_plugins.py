"""A provider's plugin is found as the engine finds it, and its lack is said in words."""

from importlib.metadata import version
from pathlib import Path

import pytest

from infra.cli.commands import run
from infra.cli.plugins import found, get, main, require, target_of, wanted
from infra.cli.stack import Stack
from infra.cli.stated import Stated
from infra.errors import PlatformError
from tests.support.said_engine import said_engine
from tests.unit.machines import program

NAME = "pulumi-resource-aws"


def kept(home: Path, number: str) -> Path:
    return program(home / "plugins" / f"resource-aws-v{number}" / NAME)


def test_the_one_on_path_comes_before_the_engines_own(tmp_path: Path) -> None:
    own = kept(tmp_path / "home", "7.51.1")
    env = {"PATH": str(tmp_path / "bin"), "PULUMI_HOME": str(tmp_path / "home")}
    assert found("aws", "7.51.1", env) == own
    ours = program(tmp_path / "bin" / NAME)
    assert found("aws", "7.51.1", env) == ours


def test_the_users_home_holds_the_plugins_where_nothing_else_is_said(tmp_path: Path) -> None:
    own = kept(tmp_path / ".pulumi", "7.51.1")
    assert found("aws", "7.51.1", {"PATH": "/nowhere", "HOME": str(tmp_path)}) == own


def test_another_version_or_half_of_one_is_none(tmp_path: Path) -> None:
    env = {"PATH": "/nowhere", "PULUMI_HOME": str(tmp_path)}
    kept(tmp_path, "7.50.0")
    assert found("aws", "7.51.1", env) is None
    half = kept(tmp_path, "7.51.1").parent
    half.with_name(f"{half.name}.partial").touch()
    assert found("aws", "7.51.1", env) is None


def test_without_one_the_command_that_gets_it_is_told(tmp_path: Path) -> None:
    env = {"PATH": "/nowhere", "PULUMI_HOME": str(tmp_path)}
    with pytest.raises(PlatformError) as raised:
        require("aws-dev", "aws", "7.51.1", env)
    assert "pulumi-resource-aws 7.51.1 is neither on PATH" in str(raised.value)
    assert "→ make fetch STACK=aws-dev" in str(raised.value)
    kept(tmp_path, "7.51.1")
    require("aws-dev", "aws", "7.51.1", env)


def test_it_is_fetched_once_and_a_failure_says_why(tmp_path: Path) -> None:
    engine = said_engine(tmp_path / "bin")
    made = engine.stack(tmp_path, "aws-dev")
    stack = Stack(tmp_path, "aws-dev", {**made.env, "PATH": str(engine.folder), "HOME": "/nowhere"})
    engine.answer("plugin install", "error: dial tcp: no such host", 1)
    with pytest.raises(PlatformError, match="the network did not answer"):
        get(stack, "aws", "0.0.1", run)
    assert engine.asked() == ["plugin install resource aws v0.0.1"]
    there = program(engine.folder / NAME)
    assert get(stack, "aws", "0.0.1", run) == there
    assert len(engine.asked()) == 1


def test_the_plugin_is_that_of_the_installed_package() -> None:
    assert wanted("aws") == version("pulumi-aws")


@pytest.mark.parametrize(
    ("target", "said"), [("gcp", "is gcp"), ("", "is not stated"), ("local", "is local")]
)
def test_a_target_that_is_no_cloud_is_refused_in_words(target: str, said: str) -> None:
    with pytest.raises(PlatformError) as raised:
        target_of("aws-dev", Stated({}, target, ""))
    assert f"its target {said}, and that is no cloud" in str(raised.value)
    assert "→ write target: aws or alicloud" in str(raised.value)
    assert target_of("aws-dev", Stated({}, "aws", "")) == "aws"


def test_the_local_stack_needs_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stack", "local"]) == 0
    assert "is there already" in capsys.readouterr().out
