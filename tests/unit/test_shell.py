"""The shell in which plain `pulumi` works."""

import os
import subprocess
from pathlib import Path

import pytest

from infra.cli.shell import STACK_FILE, make_stack, started
from infra.errors import PlatformError
from tests.unit.machines import Answers, program


def test_a_bash_whose_start_file_sets_path_still_finds_ours_first(tmp_path: Path) -> None:
    (tmp_path / ".bashrc").write_text("export PATH=/theirs:/usr/bin:/bin\nexport FROM_RC=yes\n")
    words, more = started("/bin/bash", tmp_path, "/our's:/usr/bin:/bin")
    env = {"HOME": str(tmp_path), "PATH": "/bin", **more}
    said = subprocess.run(
        [*words, "-c", 'echo "$PATH $FROM_RC"'],
        env=env,
        capture_output=True,
        text=True,
        check=True,
        start_new_session=True,
    )
    assert said.stdout.strip() == "/our's:/usr/bin:/bin yes"


def test_a_zsh_reads_the_users_start_files_and_then_ours(tmp_path: Path) -> None:
    words, more = started("/usr/bin/zsh", tmp_path, "/ours:/bin")
    assert words == ["/usr/bin/zsh", "-i"]
    assert more["ZDOTDIR"] == str(tmp_path)
    for name in (".zshenv", ".zshrc"):
        first, last = (tmp_path / name).read_text().splitlines()
        assert name in first
        assert last == "export PATH='/ours:/bin'"


def test_any_other_shell_is_started_as_it_is(tmp_path: Path) -> None:
    assert started("/usr/bin/fish", tmp_path, os.defpath) == (["/usr/bin/fish", "-i"], {})


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
    with pytest.raises(PlatformError, match=r"the disk is full\.\n→ make doctor"):
        make_stack(tmp_path, {}, Answers().on("init", says="no space left on device", code=1))
