"""A stack's file tells its target and region without the engine."""

from pathlib import Path

import pytest

from infra.cli.stack import check_extra
from infra.cli.stated import stated, stated_with_region
from infra.errors import PlatformError


def stack(root: Path, content: str) -> Path:
    (root / "stacks").mkdir()
    (root / "stacks/Pulumi.aws-dev.yaml").write_text(content)
    return root


def test_the_file_states_target_and_region(tmp_path: Path) -> None:
    content = (
        "config:\n  aws:region: eu-west-1\n  aws:profile: trial\n"
        "  shop:settings:\n    target: aws\n"
    )
    found = stated(stack(tmp_path, content), "aws-dev", {"AWS_REGION": "us-east-1"})
    assert (found.target, found.region, found.profile) == ("aws", "eu-west-1", "trial")


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_without_a_region_the_callers_variable_counts(tmp_path: Path, name: str) -> None:
    root = stack(tmp_path, "config: {}\n")
    found = stated_with_region(root, "aws-dev", {name: "us-east-1"})
    assert (found.region, found.profile) == ("us-east-1", None)


def test_a_stack_on_alibaba_cloud_states_that_providers_region(tmp_path: Path) -> None:
    root = stack(tmp_path, "config: {shop:settings: {target: alicloud}}\n")
    env = {"AWS_REGION": "us-east-1", "ALICLOUD_REGION": "cn-beijing"}
    assert stated_with_region(root, "aws-dev", env).region == "cn-beijing"
    with pytest.raises(PlatformError, match=r"→ write alicloud:region .* or set ALICLOUD_REGION"):
        stated_with_region(root, "aws-dev", {"AWS_REGION": "us-east-1"})
    (root / "stacks/Pulumi.aws-dev.yaml").write_text(
        "config: {alicloud:region: cn-hangzhou, shop:settings: {target: alicloud}}\n"
    )
    assert stated_with_region(root, "aws-dev", env).region == "cn-hangzhou"


def test_without_any_region_it_is_said_where_to_write_one(tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match=r"→ write aws:region under config: in stacks/Pulumi\."):
        stated_with_region(stack(tmp_path, "config: {}\n"), "aws-dev", {})


@pytest.mark.parametrize(
    "content", ["", "config: 5\n", "config: {shop:settings: 5}\n", "config: {shop:settings: {}}\n"]
)
def test_a_file_that_states_less_has_no_target(tmp_path: Path, content: str) -> None:
    assert stated(stack(tmp_path, content), "aws-dev", {}).target == ""


def nowhere(_package: str) -> None:
    return None


def test_a_target_whose_package_is_not_installed_is_refused_with_the_command() -> None:
    check_extra("local", "local", nowhere)
    check_extra("aws-dev", "aws", str)
    with pytest.raises(PlatformError, match="→ make setup NEEDS=aws"):
        check_extra("frankfurt", "aws", nowhere)
