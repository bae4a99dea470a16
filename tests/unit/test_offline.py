"""The offline preview knows no account, and leaves nothing behind."""

import os
import re
import signal
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.cli.commands import run
from infra.cli.offline import PROVIDERS, added, offline, overlay, surroundings
from infra.cli.preview import preview_offline
from infra.cli.stack import Stack
from infra.errors import PlatformError
from tests.support.said_engine import said_engine
from tests.unit.machines import program

STATED = {
    "encryptionsalt": "v1:theirs",
    "config": {
        "aws:region": "eu-central-1",
        "aws:profile": "mine",
        "aws:assumeRoles": [{"roleArn": "arn"}],
        "aws:secretKey": {"secure": "v1:x"},
        "aws:allowedAccountIds": ["1"],
        "other:key": {"secure": "v1:y"},
        "shop:settings": {"target": "aws", "profile": "stays"},
    },
}


def test_the_overlay_is_the_stacks_file_without_what_names_an_account() -> None:
    made = overlay(STATED, {"encryptionsalt": "v1:ours"}, "aws")
    assert made == {
        "encryptionsalt": "v1:ours",
        "config": {
            "aws:region": "eu-central-1",
            "shop:settings": {"target": "aws", "profile": "stays"},
            **added("aws"),
        },
    }
    assert overlay({}, {}, "aws") == {"config": added("aws")}


def test_what_is_added_asks_aws_nothing_and_tells_the_program() -> None:
    assert added("aws") == {
        "aws:skipCredentialsValidation": "true",
        "aws:skipMetadataApiCheck": "true",
        "aws:skipRequestingAccountId": "true",
        "shop:offline": "true",
    }


def test_a_stack_on_alibaba_cloud_loses_what_names_its_account_and_keeps_its_region() -> None:
    stated = {
        "config": {
            "alicloud:region": "cn-hangzhou",
            "alicloud:accountId": "1234567890123456",
            "alicloud:profile": "mine",
            "alicloud:accessKey": {"secure": "v1:x"},
            "alicloud:assumeRole": {"roleArn": "acs:ram::1234567890123456:role/mine"},
            "shop:settings": {"target": "alicloud"},
        }
    }
    assert overlay(stated, {}, "alicloud")["config"] == {
        "alicloud:region": "cn-hangzhou",
        "alicloud:skipRegionValidation": "true",
        "shop:offline": "true",
        "shop:settings": {"target": "alicloud"},
    }


@pytest.mark.parametrize("target", PROVIDERS)
def test_no_key_profile_login_or_state_of_the_user_gets_through(
    tmp_path: Path, target: str
) -> None:
    """Neither of the cloud that the plan is of, nor of another."""
    users = {
        "ALICLOUD_ACCESS_KEY": "real",
        "ALICLOUD_SECRET_KEY": "real",
        "ALICLOUD_PROFILE": "real",
        "ALIBABA_CLOUD_ACCESS_KEY_ID": "real",
        "ALIBABA_CLOUD_CREDENTIALS_URI": "real",
        "ALIBABA_CLOUD_ECS_METADATA": "real",
        "ALICLOUD_REGION": "cn-beijing",
        "PATH": "/bin",
        "AWS_ACCESS_KEY_ID": "real",
        "AWS_SECRET_ACCESS_KEY": "real",
        "AWS_SESSION_TOKEN": "real",
        "AWS_PROFILE": "real",
        "AWS_ENDPOINT_URL": "real",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "real",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "real",
        "AWS_REGION": "eu-west-1",
        "PULUMI_ACCESS_TOKEN": "real",
        "PULUMI_BACKEND_URL": "s3://real",
        "PULUMI_CONFIG_PASSPHRASE": "real",
        "PULUMI_CONFIG_PASSPHRASE_FILE": "real",
        "PULUMI_HOME": "/home/.pulumi",
    }
    env = surroundings(users, tmp_path, target)
    assert not [name for name, value in env.items() if "real" in value]
    assert env["PULUMI_BACKEND_URL"] == f"file://{tmp_path}/state"
    assert env["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] == "true"
    assert (env["AWS_REGION"], env["ALICLOUD_REGION"]) == ("eu-west-1", "cn-beijing")
    assert env["PULUMI_HOME"] == "/home/.pulumi", "the plugins stand there"
    own = {name: env[name] for name in PROVIDERS[target].keys}
    files = [value for name, value in own.items() if name.endswith("_FILE")]
    assert files == [f"{tmp_path}/nothing"] * 2
    assert [value for value in own.values() if value == "offline"] == ["offline"] * 2


def entered(stack: Stack) -> tuple[Path, dict[str, Any]]:
    """The folder that an offline preview has, and the file that the engine is given in it."""
    with offline(stack, STATED, run, "aws") as (alone, (option, file)):
        assert option == "--config-file"
        assert (alone.root, alone.name) == (stack.root, stack.name)
        return Path(file).parent, yaml.safe_load(Path(file).read_text())


def test_the_stack_is_made_aside_and_all_is_gone_at_the_end(tmp_path: Path) -> None:
    engine = said_engine(tmp_path / "bin")
    before = sorted(tmp_path.rglob("*"))
    folder, content = entered(engine.stack(tmp_path, "aws-dev"))
    assert content["config"] == overlay(STATED, {}, "aws")["config"]
    assert engine.asked() == ["stack init aws-dev --no-select --non-interactive"]
    assert not folder.exists()
    assert sorted(tmp_path.rglob("*")) == sorted([*before, engine.folder / "asked"])


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks/Pulumi.aws-dev.yaml").write_text(yaml.safe_dump(STATED))
    return said_engine(tmp_path / "bin").stack(tmp_path, "aws-dev")


def asked(stack: Stack) -> list[str]:
    file = stack.root / "bin/asked"
    return file.read_text().splitlines() if file.exists() else []


def test_the_plan_is_made_with_the_overlay_and_the_users_words(stack: Stack) -> None:
    program(stack.root / "bin/pulumi-resource-aws")
    before = (stack.root / "stacks/Pulumi.aws-dev.yaml").read_bytes()
    assert preview_offline(stack, ["--diff"]) == 0
    made, plan = asked(stack)
    assert made.startswith("stack init aws-dev")
    assert re.fullmatch(
        r"preview --non-interactive --config-file /\S+/Pulumi\.aws-dev\.yaml --diff"
        r" --stack aws-dev",
        plan,
    )
    assert (stack.root / "stacks/Pulumi.aws-dev.yaml").read_bytes() == before


def test_without_the_plugin_nothing_is_begun(stack: Stack, tmp_path: Path) -> None:
    bare = Stack(stack.root, stack.name, {**stack.env, "PATH": "", "PULUMI_HOME": str(tmp_path)})
    with pytest.raises(PlatformError, match="make fetch STACK=aws-dev"):
        preview_offline(bare, [])
    assert asked(stack) == []


class BrokenOffError(Exception):
    pass


def test_all_is_gone_after_a_failure_inside(tmp_path: Path) -> None:
    stack = said_engine(tmp_path / "bin").stack(tmp_path, "aws-dev")
    folders: list[Path] = []

    def failing() -> None:
        with offline(stack, STATED, run, "aws") as (_, words):
            folders.append(Path(words[1]).parent)
            raise BrokenOffError

    with pytest.raises(BrokenOffError):
        failing()
    assert not folders[0].exists()


def test_all_is_gone_after_a_termination(tmp_path: Path) -> None:
    stack = said_engine(tmp_path / "bin").stack(tmp_path, "aws-dev")
    before = signal.getsignal(signal.SIGTERM)
    folders: list[Path] = []

    def ended() -> None:
        with offline(stack, STATED, run, "aws") as (_, words):
            folders.append(Path(words[1]).parent)
            os.kill(os.getpid(), signal.SIGTERM)
            threading.Event().wait(10)

    with pytest.raises(SystemExit):
        ended()
    assert not folders[0].exists()
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_stack_that_cannot_be_made_is_said_in_words(tmp_path: Path) -> None:
    engine = said_engine(tmp_path / "bin")
    engine.answer("stack init", "error: no space left on device", 1)
    with pytest.raises(PlatformError, match="no temporary stack can be made: the disk is full"):
        entered(engine.stack(tmp_path, "aws-dev"))
