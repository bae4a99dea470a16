"""Of a cloud's stack `make doctor STACK=…` tells what is there of it, and what is to be done."""

import json
from pathlib import Path

import pytest

from infra.cli.doctor_cloud import examine, main
from infra.cli.findings import Finding
from tests.unit.machines import program

KEYS = {"ALICLOUD_ACCESS_KEY": "LTAI-mine", "ALICLOUD_SECRET_KEY": "hunter2"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "stacks").mkdir()
    for target, region in (("alicloud", "cn-shanghai"), ("aws", "eu-west-1")):
        text = f"config: {{{target}:region: {region}, shop:settings: {{target: {target}}}}}\n"
        (tmp_path / f"stacks/Pulumi.{target}-dev.yaml").write_text(text)
    (tmp_path / "stacks/Pulumi.alicloud-bare.yaml").write_text(
        "config: {shop:settings: {target: alicloud}}\n"
    )
    return tmp_path


def found(root: Path, stack: str, **environment: str) -> dict[str, Finding]:
    """What is found, by what was looked at."""
    around = {"PATH": str(root), "HOME": str(root), **environment}
    return {each.name: each for each in examine(root, stack, around)}


def test_plugin_region_and_keys_are_told_and_no_key_is_shown(root: Path) -> None:
    plugin = program(root / "pulumi-resource-alicloud")
    told = found(root, "alicloud-dev", **KEYS)
    assert not [each for each in told.values() if each.bad]
    assert told["plugin"].text == str(plugin)
    assert told["region"].text == "cn-shanghai"
    assert "hunter2" not in str(told)


def test_without_keys_or_a_region_the_remedy_is_named(root: Path) -> None:
    told = found(root, "alicloud-bare")
    assert told["region"].remedy.startswith("write alicloud:region under config")
    assert "ALICLOUD_ACCESS_KEY and ALICLOUD_SECRET_KEY" in told["keys"].remedy
    assert "make preview STACK=alicloud-bare OFFLINE=1 needs none" in told["keys"].remedy
    assert not told["plugin"].bad, "make up gets it"
    assert "make fetch STACK=alicloud-bare" in told["plugin"].text


def test_credentials_of_aws_are_left_to_its_own_tools(root: Path) -> None:
    told = found(root, "aws-dev")
    assert not [each for each in told.values() if each.bad]
    assert told["region"].text == "eu-west-1"
    assert "aws sts get-caller-identity" in told["keys"].text


def test_a_stack_without_a_file_or_a_cloud_is_told_in_words(root: Path) -> None:
    assert found(root, "nope")["stack"].text.startswith("stack nope: there is no stacks/")
    (root / "stacks/Pulumi.odd.yaml").write_text("config: {shop:settings: {target: local}}\n")
    assert "that is no cloud" in found(root, "odd")["stack"].text


def test_without_the_clouds_package_nothing_else_is_looked_at(root: Path) -> None:
    (lacking,) = examine(root, "alicloud-dev", {}, lambda _: None)
    assert (lacking.name, lacking.remedy) == ("provider", "make setup NEEDS=alicloud")


def test_it_prints_the_findings_as_json(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["aws-dev"], root) == 0
    printed = [Finding(**each) for each in json.loads(capsys.readouterr().out)]
    assert [each.name for each in printed] == ["plugin", "region", "keys"]
