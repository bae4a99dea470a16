"""`make up`, `make preview` and `make down` say the right words to the engine, and to the user."""

import io
import json
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from infra.cli import down as down_command
from infra.cli import preview as preview_command
from infra.cli import up as up_command
from infra.cli.console import INTERRUPTED, run_command
from infra.cli.down import down
from infra.cli.preview import preview
from infra.cli.stack import Stack
from infra.cli.up import up
from infra.errors import PlatformError
from infra.local import launch
from infra.local.places import Places
from tests.support.local_cloud import running
from tests.unit.test_stack import said, stack

pytestmark = pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")

Command = Callable[[Stack, Sequence[str]], int]


def words(root: Path) -> list[str]:
    """What the engine was told, without the folder and the variable."""
    return [line.rsplit(" ", 2)[0] for line in said(root)]


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (preview, "preview --non-interactive --refresh --diff --stack local"),
        (down, "destroy --yes --skip-preview --non-interactive --diff --stack local"),
    ],
)
def test_the_engine_is_told_what_the_command_means(
    tmp_path: Path, command: Command, told: str
) -> None:
    with redirect_stdout(io.StringIO()):
        assert command(stack(tmp_path), ["--diff"]) == 0
    assert words(tmp_path) == [told]


def test_up_prints_the_address_that_answers(tmp_path: Path) -> None:
    printed = io.StringIO()
    with running(tmp_path, "aws") as cloud, redirect_stdout(printed):
        assert up(stack(tmp_path), []) == 0
    assert words(tmp_path) == ["up --refresh --yes --skip-preview --non-interactive --stack local"]
    assert printed.getvalue().splitlines()[:5] == [
        "",
        f"The shop answers at http://127.0.0.1:{cloud.port}",
        f"  try it:    curl http://127.0.0.1:{cloud.port}/health",
        f"  read it:   http://127.0.0.1:{cloud.port}/docs",
        "  fill it:   make seed        buy something: make tour",
    ]


def test_a_shop_that_is_up_and_fails_is_told(tmp_path: Path) -> None:
    printed = io.StringIO()
    with running(tmp_path, "aws") as cloud:
        cloud.put("health", "def lambda_handler(event, context):\n    raise RuntimeError\n")
        with redirect_stdout(printed), pytest.raises(PlatformError) as told:
            up(stack(tmp_path), [])
        at = f"http://127.0.0.1:{cloud.port}"
    assert str(told.value).startswith(f"the shop is up at {at}, but /health was answered by 500: ")
    assert str(told.value).endswith("\n→ make logs shows why")
    assert printed.getvalue() == ""


def test_an_up_that_fails_prints_no_address(tmp_path: Path) -> None:
    printed = io.StringIO()
    with redirect_stdout(printed):
        assert up(stack(tmp_path, "sys.exit(255)"), []) == 255
    assert printed.getvalue() == ""


@pytest.mark.parametrize("code", [0, 1])
def test_down_ends_the_local_cloud_even_when_the_engine_fails(tmp_path: Path, code: int) -> None:
    places = Places(tmp_path)
    launch.ensure_running(places)
    assert launch.holder(places) is not None
    printed = io.StringIO()
    with redirect_stdout(printed):
        assert down(stack(tmp_path, f"sys.exit({code})"), []) == code
    assert launch.holder(places) is None
    assert "Nothing runs any more; the data stays in .shop/" in printed.getvalue()
    assert places.log.exists()


@pytest.mark.parametrize("command", [up_command, preview_command])
def test_a_stack_that_there_is_not_is_refused_without_a_trace(
    command: object,
) -> None:
    printed = io.StringIO()
    with redirect_stderr(printed):
        assert command.main(["--stack", "nowhere"]) == 1  # type: ignore[attr-defined]
    assert printed.getvalue().startswith("stack nowhere: there is no stacks/Pulumi.nowhere.yaml")


def test_down_refuses_a_stack_that_there_is_not(tmp_path: Path) -> None:
    printed = io.StringIO()
    with redirect_stderr(printed):
        assert down_command.main(["--stack", "nowhere"], tmp_path) == 1
    assert "there is no stacks/Pulumi.nowhere.yaml" in printed.getvalue()


def fails(error: BaseException) -> Callable[[], int]:
    def command() -> int:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code", "printed"),
    [
        (PlatformError("what\n→ remedy"), 1, "what\n→ remedy\n"),
        (KeyboardInterrupt(), INTERRUPTED, ""),
        (BrokenPipeError(), 0, ""),
    ],
)
def test_a_command_ends_with_a_code_and_plain_words(
    error: BaseException, code: int, printed: str
) -> None:
    said_by_it = io.StringIO()
    with redirect_stderr(said_by_it):
        assert run_command(fails(error)) == code
    assert said_by_it.getvalue() == printed


def test_a_command_that_ends_well_gives_its_own_code() -> None:
    assert run_command(lambda: 7) == 7


def test_up_names_the_secrets_that_somebody_else_has_to_give(tmp_path: Path) -> None:
    there = tmp_path / "smtp-url"
    there.write_text("smtps://mail.example\n", encoding="ascii")
    secrets = {
        "stripe-key": {"at": str(tmp_path / "stripe-key"), "given": True},
        "smtp-url": {"at": str(there), "given": True},
        "token-key": {"at": str(tmp_path / "token-key")},
    }
    functions: dict[str, dict[str, Any]] = {
        "orders": {"environment": {"SHOP_SECRETS": json.dumps(secrets)}},
        "health": {"environment": {}},
    }
    assert up_command.not_given(functions) == ["stripe-key"]
