"""Making the local stack, where there is none yet."""

from pathlib import Path

import pytest

from infra.cli.local_stack import STACK_FILE, make_stack
from infra.errors import PlatformError
from tests.unit.machines import Answers, program


def test_the_local_stack_is_made_once(tmp_path: Path) -> None:
    file = tmp_path / ".shop" / STACK_FILE

    def make(_words: list[str]) -> None:
        program(file)

    answers = Answers().on("pulumi", "init", "local", does=make)
    make_stack(tmp_path, {}, answers)
    make_stack(tmp_path, {}, answers)
    assert len(answers.calls) == 1


def test_a_stack_that_somebody_else_made_meanwhile_is_as_good(tmp_path: Path) -> None:
    make_stack(tmp_path, {}, Answers().on("init", says="stack 'local' already exists", code=255))


def test_a_stack_that_cannot_be_made_is_one_message_with_the_next_command(tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match=r"^the stack local .*: the disk is full\.\n→ make doc"):
        make_stack(tmp_path, {}, Answers().on("init", says="no space left on device", code=1))
