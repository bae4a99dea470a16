"""`make conformance` asks before it makes anything in an account."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from infra.cli import conformance

FILE = "config: {aws:region: eu-west-1, shop:settings: {target: aws}}\n"


class Started:
    """Stands for the tests: keeps how they were started."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.env: Mapping[str, str] = {}

    def __call__(self, words: Sequence[str], env: Mapping[str, str]) -> int:
        self.words, self.env = list(words), env
        return 5


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks/Pulumi.aws-dev.yaml").write_text(FILE)
    return tmp_path


def test_it_says_what_it_makes_and_where_and_then_runs_the_suites_there(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    started = Started()
    words = ["--stack", "aws-dev", "-k", "tables"]
    base = {"AWS_PROFILE": "trial", "AWS_REGION": "us-east-1"}
    assert conformance.main(words, root, base, started, lambda: "y\n") == 5
    said = capsys.readouterr().out
    for part in ("under a random prefix", "in eu-west-1", "AWS_PROFILE=trial", "deletes them"):
        assert part in said
    assert started.words == [
        *(sys.executable, "-m", "pytest", "tests/conformance"),
        *("--cloud", "aws", "-k", "tables"),
    ]
    assert started.env["AWS_REGION"] == started.env["AWS_DEFAULT_REGION"] == "eu-west-1"


KEYS = {"ALICLOUD_ACCESS_KEY": "LTAI-mine", "ALICLOUD_SECRET_KEY": "hunter2"}


@pytest.fixture
def alicloud(root: Path) -> Path:
    (root / "stacks/Pulumi.alicloud-dev.yaml").write_text(
        "config: {alicloud:region: cn-shanghai, shop:settings: {target: alicloud}}\n"
    )
    return root


def test_on_alibaba_cloud_it_says_the_same_by_the_key_and_shows_no_secret(
    alicloud: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    started = Started()
    words = ["--stack", "alicloud-dev", "-k", "tables"]
    base = {**KEYS, "ALICLOUD_REGION": "eu-central-1"}
    assert conformance.main(words, alicloud, base, started, lambda: "y\n") == 5
    said = capsys.readouterr().out
    for part in ("under a random prefix", "in cn-shanghai", "the key LTAI-mine", "deletes them"):
        assert part in said
    assert "hunter2" not in said
    assert started.words[-4:] == ["--cloud", "alicloud", "-k", "tables"]
    assert started.env == {**KEYS, "ALICLOUD_REGION": "cn-shanghai"}


def test_without_keys_of_alibaba_cloud_nobody_is_asked_and_nothing_made(
    alicloud: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    started = Started()
    assert conformance.main(["--stack", "alicloud-dev", "--yes"], alicloud, {}, started) == 1
    said = capsys.readouterr().err
    assert "no keys of Alibaba Cloud are set, so nothing was made" in said
    assert "ALICLOUD_ACCESS_KEY and ALICLOUD_SECRET_KEY" in said
    assert started.words == []


@pytest.mark.parametrize("answer", ["\n", "no\n", ""])
def test_anything_but_a_yes_makes_nothing(root: Path, answer: str) -> None:
    started = Started()
    assert conformance.main(["--stack", "aws-dev"], root, {}, started, lambda: answer) == 1
    assert started.words == []


@pytest.mark.parametrize(("words", "base"), [(["--yes"], {}), ([], {"CI": "true"})])
def test_ci_and_a_yes_beforehand_are_not_asked(
    root: Path, words: list[str], base: dict[str, str]
) -> None:
    started = Started()
    assert conformance.main(["--stack", "aws-dev", *words], root, base, started) == 5
    assert "--yes" not in started.words


def test_the_local_stack_reaches_no_account_and_asks_nothing(root: Path) -> None:
    started = Started()
    assert conformance.main([], root, {}, started) == 5
    assert "--cloud" not in started.words


def test_a_stack_of_another_kind_is_refused_in_words(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "stacks/Pulumi.odd.yaml").write_text("config: {}\n")
    started = Started()
    assert conformance.main(["--stack", "odd", "--yes"], root, {}, started) == 1
    assert "its target is not stated" in capsys.readouterr().err
    assert started.words == []


def test_its_help_says_what_it_does_without_a_stack(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        conformance.main(["--help"])
    assert "or on this machine" in capsys.readouterr().out
