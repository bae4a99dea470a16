"""The shell in which plain `pulumi` works."""

import os
import subprocess
from pathlib import Path

from infra.cli.shell import started


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
