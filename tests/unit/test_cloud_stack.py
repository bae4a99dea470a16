"""A cloud's stack is made where it is not, told of, and never loses data without being asked."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.cli import cloud_stack, down_cloud, preview, up, up_cloud
from infra.cli.cloud_stack import Holder, ensure, holders, outputs
from infra.cli.commands import run
from infra.cli.stack import Stack
from infra.errors import PlatformError
from infra.local.places import Places
from infra.local.secret_files import SecretFiles
from tests.support.said_engine import SaidEngine, said_engine

NONE = "error: no stack named 'aws-dev' found"


@pytest.fixture
def engine(tmp_path: Path) -> SaidEngine:
    return said_engine(tmp_path / "bin")


@pytest.fixture
def stack(engine: SaidEngine, tmp_path: Path) -> Stack:
    return engine.stack(tmp_path, "aws-dev")


def table(name: str, **inputs: Any) -> dict[str, Any]:
    return {"type": "aws:dynamodb/table:Table", "urn": "u", "id": name, "inputs": inputs}


def bucket(name: str, **inputs: Any) -> dict[str, Any]:
    return {"type": "aws:s3/bucket:Bucket", "urn": "u", "id": name, "inputs": inputs}


def state(*resources: dict[str, Any]) -> dict[str, Any]:
    others = [{"type": "aws:iam/role:Role", "urn": "u", "id": f"role-{n}"} for n in range(300)]
    return {"version": 3, "deployment": {"resources": [*others, *resources]}}


def test_a_stack_that_is_there_is_not_made_again(engine: SaidEngine, stack: Stack) -> None:
    engine.answer("stack output", {})
    assert not ensure(stack, run)
    assert engine.asked() == ["stack output --json --stack aws-dev --non-interactive"]


def test_a_stack_that_is_not_there_is_made_and_told_of(engine: SaidEngine, stack: Stack) -> None:
    engine.answer("stack output", NONE, 255)
    assert ensure(stack, run)
    assert engine.asked()[1] == "stack init aws-dev --no-select --non-interactive"
    assert "its state is in file:///a/state" in cloud_stack.made(stack)


def test_a_stack_that_another_has_just_made_is_as_good(engine: SaidEngine, stack: Stack) -> None:
    engine.answer("stack output", NONE, 255)
    engine.answer("stack init", "error: stack 'aws-dev' already exists", 255)
    assert ensure(stack, run)


def test_a_state_that_cannot_be_read_is_no_reason_to_make_a_stack(
    engine: SaidEngine, stack: Stack
) -> None:
    engine.answer("stack output", "error: incorrect passphrase", 255)
    with pytest.raises(PlatformError, match=r"file:///a/state cannot be read: .*incorrect passph"):
        ensure(stack, run)
    assert len(engine.asked()) == 1


def test_a_stack_that_cannot_be_made_says_where_and_why(engine: SaidEngine, stack: Stack) -> None:
    engine.answer("stack output", NONE, 255)
    engine.answer("stack init", "error: passphrase must be set", 255)
    with pytest.raises(PlatformError, match=r"made in file:///a/state: .*passphrase must be set"):
        ensure(stack, run)


def test_outputs_are_found_behind_a_warning(engine: SaidEngine, stack: Stack) -> None:
    engine.answer("stack output", 'warning: slow\n{\n  "url": "https://x"\n}\nbye')
    assert outputs(stack, run) == {"url": "https://x"}


def test_tables_and_buckets_are_found_in_a_long_state_with_what_holds_them_fast(
    engine: SaidEngine, stack: Stack
) -> None:
    engine.answer(
        "stack export",
        state(
            table("users", deletionProtectionEnabled=True),
            table("sessions", deletionProtectionEnabled=False),
            bucket("uploads-1", forceDestroy=True),
            bucket("images-1"),
        ),
    )
    assert holders(stack, run) == [
        Holder("bucket", "images-1", locked=True),
        Holder("bucket", "uploads-1", locked=False),
        Holder("table", "sessions", locked=False),
        Holder("table", "users", locked=True),
    ]


def test_on_alibaba_cloud_a_table_has_no_lock_and_the_packages_are_no_data(
    engine: SaidEngine, stack: Stack
) -> None:
    kinds = {
        "shop-dev-1:users": "alicloud:ots/table:Table",
        "shop-dev-1-uploads": "alicloud:oss/bucket:Bucket",
        "shop-dev-1-code": "alicloud:oss/bucket:Bucket",
    }
    resources = [{"type": t, "urn": "u", "id": name, "inputs": {}} for name, t in kinds.items()]
    resources[2]["urn"] = "urn:pulumi:s::shop::shop:alicloud:Packages$alicloud:oss/bucket:Bucket::p"
    engine.answer("stack export", state(*resources))
    assert holders(stack, run) == [
        Holder("bucket", "shop-dev-1-uploads", locked=True, cloud="alicloud"),
        Holder("table", "shop-dev-1:users", locked=False, cloud="alicloud"),
    ]
    with pytest.raises(PlatformError, match=r"write alicloud: {deletion_protection: false}"):
        down_cloud.down(stack, ["--with-data", "--yes"], run)


def test_going_down_names_the_data_and_deletes_nothing(engine: SaidEngine, stack: Stack) -> None:
    engine.answer("stack export", state(table("shop-aws-dev-users"), bucket("b", forceDestroy=1)))
    with pytest.raises(PlatformError) as raised:
        down_cloud.down(stack, ["--yes"], run)
    assert str(raised.value) == (
        "stack aws-dev: it holds data, so nothing was deleted:\n"
        "  bucket  b\n"
        "  table   shop-aws-dev-users\n"
        "→ make down STACK=aws-dev ARGS=--with-data deletes all that, for good; it asks first"
    )
    assert len(engine.asked()) == 1


def test_what_the_account_holds_fast_is_said_before_anything_is_asked(
    engine: SaidEngine, stack: Stack
) -> None:
    engine.answer("stack export", state(table("t", deletionProtectionEnabled=True), table("u")))
    with pytest.raises(PlatformError) as raised:
        down_cloud.down(stack, ["--with-data", "--yes"], run)
    said = str(raised.value)
    assert "  table   t\n" in said
    assert "  table   u\n" not in said
    assert "deletion_protection: false" in said
    assert "make up STACK=aws-dev, then this again" in said
    assert len(engine.asked()) == 1


def test_data_goes_only_when_the_stacks_name_is_typed(
    engine: SaidEngine, stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.answer("stack export", state(table("t")))
    assert down_cloud.down(stack, ["--with-data"], run, lambda: "yes\n") == 1
    assert "Nothing was deleted." in capsys.readouterr().out
    assert len(engine.asked()) == 1
    assert down_cloud.down(stack, ["--with-data"], run, lambda: "aws-dev\n") == 0
    assert engine.asked()[2:] == [
        "state unprotect --all --yes --stack aws-dev",
        "destroy --yes --stack aws-dev",
    ]


def test_without_a_question_it_goes_at_once_and_other_words_reach_the_engine(
    engine: SaidEngine, stack: Stack
) -> None:
    engine.answer("stack export", state(table("t")))
    assert down_cloud.down(stack, ["--yes", "--with-data", "--refresh"], run) == 0
    assert engine.asked()[-1] == "destroy --yes --refresh --stack aws-dev"


def test_a_deletion_that_fails_says_that_the_rest_is_unprotected(
    engine: SaidEngine, stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.answer("stack export", state(table("t")))
    engine.answer("destroy", "error: refused", 255)
    assert down_cloud.down(stack, ["--with-data", "--yes"], run) == 255
    assert "make up STACK=aws-dev protects it again" in capsys.readouterr().err


def test_a_stack_without_data_goes_as_the_engine_asks(
    engine: SaidEngine, stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.answer("stack export", state())
    assert down_cloud.down(stack, [], run) == 0
    assert engine.asked()[-1] == "destroy --stack aws-dev"
    assert "would delete stacks/Pulumi.aws-dev.yaml" in capsys.readouterr().out


def test_a_stack_that_never_was_is_down(
    engine: SaidEngine, stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.answer("stack export", NONE, 255)
    assert down_cloud.down(stack, [], run) == 0
    assert "nothing is up" in capsys.readouterr().out
    assert len(engine.asked()) == 1


def test_secrets_without_a_value_are_told_with_the_command_that_makes_them(tmp_path: Path) -> None:
    store = SecretFiles(Places(tmp_path))
    names = ["mail-key", "token-key"]
    store.write("mail-key", "a")
    assert up_cloud.secrets_told("aws-dev", names, store) == (
        "No value yet: token-key. The functions that read them answer 500 until then.\n"
        "→ make secret STACK=aws-dev NAME=token-key\n"
    )
    store.write("token-key", "b")
    assert up_cloud.secrets_told("aws-dev", names, store) == ""
    told = up_cloud.secrets_told("aws-dev", ["stripe-key"], store)
    assert told.endswith("→ make secret STACK=aws-dev NAME=stripe-key < file\n")


@pytest.mark.parametrize(
    ("stated", "names"),
    [
        ("payments: fake", ["payments-webhook", "token-key"]),
        ("payments: stripe", ["stripe-key", "stripe-webhook", "token-key"]),
        (
            "payments: stripe, notifications: {by: smtp, sender: shop@example.com}",
            ["smtp-url", "stripe-key", "stripe-webhook", "token-key"],
        ),
    ],
)
def test_only_secrets_that_the_stacks_own_functions_read_are_missed(
    stack: Stack, stated: str, names: list[str]
) -> None:
    (stack.root / "stacks").mkdir()
    file = stack.root / "stacks/Pulumi.aws-dev.yaml"
    file.write_text(f"config: {{shop:settings: {{target: aws, {stated}}}}}\n")
    assert up_cloud.secrets_of(stack) == names


def test_bringing_up_without_an_account_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert up.main(["--stack", "aws-dev", "--offline"]) == 1
    assert "make preview STACK=aws-dev OFFLINE=1" in capsys.readouterr().err


def test_a_stack_without_data_that_nobody_can_say_yes_to_tells_how(
    engine: SaidEngine, stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.answer("stack export", state())
    engine.answer("destroy", "error: --yes must be passed", 255)
    assert down_cloud.down(stack, [], run) == 255
    assert "→ make down STACK=aws-dev ARGS=--yes" in capsys.readouterr().err
    assert down_cloud.down(stack, ["--yes"], run) == 255
    assert "ARGS=--yes" not in capsys.readouterr().err


@pytest.mark.parametrize("command", [up.main, preview.main])
def test_without_keys_a_stack_on_alibaba_cloud_is_refused_before_the_engine_starts(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(["--stack", "alicloud-dev"], environment={"ALICLOUD_ACCESS_KEY": "half"}) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("no keys of Alibaba Cloud are set, so nothing was changed\n→ set ")
    for name in ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALICLOUD_ACCESS_KEY", "alicloud:profile"):
        assert name in said.err


KEYS = {"ALICLOUD_ACCESS_KEY": "i", "ALICLOUD_SECRET_KEY": "s"}


@pytest.mark.parametrize(
    ("config", "environment"),
    [
        ("", KEYS),
        ("", {"ALIBABA_CLOUD_ACCESS_KEY_ID": "i", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "s"}),
        ("", {"ALICLOUD_PROFILE": "mine"}),
        ("", {"ALICLOUD_ECS_ROLE_NAME": "mine"}),
        ("alicloud:profile: mine, ", {}),
        ("alicloud:assumeRoleWithOidc: {roleArn: mine}, ", {}),
        ("alicloud:ecsRoleName: mine, ", {}),
    ],
)
def test_whatever_the_provider_can_ask_with_is_let_pass(
    tmp_path: Path, config: str, environment: dict[str, str]
) -> None:
    file = tmp_path / "stacks/Pulumi.alicloud-dev.yaml"
    file.parent.mkdir()
    file.write_text(f"config: {{{config}shop:settings: {{target: alicloud}}}}\n")
    cloud_stack.check_keys(tmp_path, "alicloud-dev", environment)
    file.write_text("environment: [team]\nconfig: {shop:settings: {target: alicloud}}\n")
    cloud_stack.check_keys(tmp_path, "alicloud-dev", {})
    file.write_text("config: {shop:settings: {target: alicloud}}\n")
    with pytest.raises(PlatformError, match="no keys of Alibaba Cloud"):
        cloud_stack.check_keys(tmp_path, "alicloud-dev", {})


def test_a_plan_that_is_declined_or_fails_tells_no_address(
    engine: SaidEngine, stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.answer("stack output", {"url": "https://shop"})
    engine.answer("up", "error: confirmation declined", 255)
    assert up_cloud.up(stack, ["--diff"]) == 255
    assert engine.asked()[-1] == "up --diff --stack aws-dev"
    said = capsys.readouterr()
    assert "The shop is at" not in said.out
    assert "make up STACK=aws-dev ARGS=--yes" in said.err, "no terminal is there to say yes"


def test_after_a_plan_is_carried_out_the_address_is_told(
    engine: SaidEngine, stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks/Pulumi.aws-dev.yaml").write_text(
        "config: {aws:region: eu-central-1, aws:profile: nobodys, "
        "shop:settings: {target: aws, payments: fake}}\n"
    )
    engine.answer("stack output", {"url": "https://shop.example/"})
    assert up_cloud.up(stack, ["--yes"]) == 0
    said = capsys.readouterr().out
    assert "The shop is at https://shop.example/\n" in said
    assert "curl https://shop.example/health" in said
    assert "Whether the secrets have values cannot be seen" in said, "nor is that a failure"
