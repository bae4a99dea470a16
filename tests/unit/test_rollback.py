"""A function goes back to a version that there is, and nowhere else."""

import io
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import NoCredentialsError

from infra.aws.rollback import connect, roll_back
from infra.cli import rollback
from infra.cli.rollback import on_aws
from infra.errors import PlatformError
from infra.versions import Version, earlier, listed
from tests.support.moto import Moto

THREE = [Version(2, "tue"), Version(10, "wed"), Version(1, "mon")]
FUNCTION = "shop-aws-rolled-auth"


def test_the_version_before_the_one_that_is_live_is_chosen_by_number() -> None:
    assert earlier("f", THREE, 10, None) == Version(2, "tue")
    assert earlier("f", THREE, 2, None) == Version(1, "mon")


def test_a_version_may_be_named_older_or_newer() -> None:
    assert earlier("f", THREE, 10, 1) == Version(1, "mon")
    assert earlier("f", THREE, 1, 10) == Version(10, "wed")


@pytest.mark.parametrize(
    ("live", "wanted", "reason"),
    [
        (1, None, "there is none before 1, which is live"),
        (10, 7, "there is no version 7"),
        (10, 10, "version 10 is live already"),
    ],
)
def test_a_refusal_lists_the_versions_with_their_dates(
    live: int, wanted: int | None, reason: str
) -> None:
    with pytest.raises(PlatformError) as raised:
        earlier("f", THREE, live, wanted)
    assert f"f: {reason}, so nothing was changed" in str(raised.value)
    assert listed(THREE, live) in str(raised.value)


def test_the_list_begins_with_the_newest_and_marks_the_live_one() -> None:
    assert listed(THREE, 2).splitlines() == [
        "      10  wed",
        "       2  tue  live",
        "       1  mon",
    ]


def package(number: int) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("a.py", f"NUMBER = {number}\n")
    return made.getvalue()


@pytest.fixture
def client(moto: Moto) -> Iterator[Any]:
    """Lambda with one function of three versions, of which the last is live."""
    role = boto3.client("iam", **moto.connection()).create_role(
        RoleName=FUNCTION, AssumeRolePolicyDocument="{}"
    )["Role"]["Arn"]
    made = boto3.client("lambda", **moto.connection())
    made.create_function(
        FunctionName=FUNCTION,
        Role=role,
        Runtime="python3.13",
        Handler="a.b",
        Code={"ZipFile": package(1)},
        Publish=True,
    )
    for number in (2, 3):
        made.update_function_code(FunctionName=FUNCTION, ZipFile=package(number), Publish=True)
    made.create_alias(FunctionName=FUNCTION, Name="live", FunctionVersion="3")
    yield made
    made.delete_function(FunctionName=FUNCTION)
    boto3.client("iam", **moto.connection()).delete_role(RoleName=FUNCTION)


def live(client: Any) -> str:
    return str(client.get_alias(FunctionName=FUNCTION, Name="live")["FunctionVersion"])


def test_the_alias_moves_back_step_by_step_and_stops_at_the_first(client: Any) -> None:
    was, now = roll_back(client, FUNCTION, None)
    assert (was.number, now.number, live(client)) == (3, 2, "2")
    assert now.published
    roll_back(client, FUNCTION, None)
    with pytest.raises(PlatformError, match="there is none before 1"):
        roll_back(client, FUNCTION, None)
    assert live(client) == "1"


def test_an_unknown_version_moves_nothing(client: Any) -> None:
    with pytest.raises(PlatformError, match="there is no version 9"):
        roll_back(client, FUNCTION, 9)
    assert live(client) == "3"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks/Pulumi.aws-rolled.yaml").write_text(
        "config: {aws:region: eu-central-1, shop:settings: {target: aws}}\n"
    )
    return tmp_path


def command(root: Path, client: Any, *words: str) -> int:
    regions: list[str] = []

    def client_of(region: str, _profile: str | None) -> Any:
        regions.append(region)
        return client

    on = {"aws": partial(on_aws, connect=client_of)}
    code = rollback.main(["--stack", "aws-rolled", *words], root, on)
    assert set(regions) <= {"eu-central-1"}
    return code


def test_the_command_tells_what_ran_what_runs_and_what_undoes_it(
    client: Any, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(root, client, "--function", "auth", "--version", "1") == 0
    was, now, stays, undone = capsys.readouterr().out.splitlines()
    assert was.startswith("auth ran version 3 (")
    assert now.startswith("auth runs version 1 (")
    assert stays.startswith("That stays until a make up STACK=aws-rolled changes auth")
    assert undone == "→ make rollback STACK=aws-rolled FUNCTION=auth VERSION=3 goes back"
    assert live(client) == "1"


def test_a_function_that_is_not_in_the_account_is_said_in_words(
    client: Any, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(root, client, "--function", "health") == 1
    assert "there is no such function with an alias live" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "no FUNCTION was given"),
        (("--function", "aut"), "make rollback STACK=aws-rolled FUNCTION=auth"),
        (("--function", "auth", "--version", "one"), "VERSION=one: versions are numbers"),
        (("--function", "auth", "--version", "0"), "VERSION=0: versions are numbers"),
        (("--function", "auth", "--stack", "local"), "its target is local"),
        (("--function", "auth", "--stack", "aws-none"), "there is no stacks/Pulumi.aws-none.yaml"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_aws_is_asked(
    root: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert command(root, None, *words) == 1
    assert said in capsys.readouterr().err


class Keyless:
    """Lambda as who has no credentials meets it."""

    def get_alias(self, **_: str) -> None:
        raise NoCredentialsError


def test_missing_credentials_are_said_in_words(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(root, Keyless(), "--function", "auth") == 1
    said = capsys.readouterr().err
    assert "Unable to locate credentials" in said
    assert "AWS_PROFILE" in said


def test_a_profile_that_is_not_there_is_said_in_words() -> None:
    with pytest.raises(PlatformError, match=r"\(nobodys-profile\) could not be found"):
        connect("eu-central-1", "nobodys-profile")
