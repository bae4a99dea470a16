"""Secrets as files: made on first use by one of many, and never read where others could have."""

import os
import re
import stat
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from app.adapters.local.secrets import open_secrets, read_or_make
from app.ports.errors import ResourceMissingError, UnavailableError
from tests.conftest import Counts

ROOT = Path(__file__).resolve().parents[3]
PLANTED = "hunter2-hunter2-hunter2"
MAKER = """\
import sys
from pathlib import Path
from app.adapters.local.secrets import read_or_make
folder, count = Path(sys.argv[1]), int(sys.argv[2])
print("ready", flush=True)
sys.stdin.read()
for number in range(count):
    print(read_or_make(folder / f"key-{number}"), flush=True)
"""


def maker(folder: Path, count: int) -> subprocess.Popen[str]:
    """A process that will ask for so many secrets one after the other once its input is closed."""
    process = subprocess.Popen(
        [sys.executable, "-c", MAKER, str(folder), str(count)],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_of_processes_that_make_a_secret_at_once_all_get_the_same(
    tmp_path: Path, counts: Counts
) -> None:
    count = counts(small=40, full=2000)
    makers = [maker(tmp_path / "secrets", count) for _ in range(6)]
    for each in makers:
        assert each.stdin is not None
        each.stdin.close()
        each.stdin = None
    said = [each.communicate(timeout=120)[0].split() for each in makers]
    assert [each.returncode for each in makers] == [0] * 6
    assert all(each == said[0] for each in said)
    assert len(set(said[0])) == count, "two secrets are the same"
    assert sorted(each.name for each in (tmp_path / "secrets").iterdir()) == sorted(
        f"key-{n}" for n in range(count)
    )


def test_a_process_that_is_killed_leaves_whole_secrets_or_none(
    tmp_path: Path, counts: Counts
) -> None:
    for turn in range(counts(small=3, full=100)):
        process = maker(tmp_path / "secrets", 100_000)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        for _ in range(turn % 17):
            process.stdout.readline()
        process.kill()
        process.stdout.close()
        process.wait()
    found = [each for each in (tmp_path / "secrets").iterdir() if each.name.startswith("key-")]
    assert found
    for each in found:
        assert re.fullmatch(r"[A-Za-z0-9_-]{43}", read_or_make(each))


def test_a_secret_and_its_folder_are_their_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    file = tmp_path / "secrets" / "token-key"
    before = os.umask(0)
    try:
        made = read_or_make(file)
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert read_or_make(file) == made


def test_a_folder_that_others_may_enter_is_shut(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir(mode=0o755)
    read_or_make(folder / "token-key")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_newline_at_the_end_is_no_part_of_a_secret(tmp_path: Path, end: str) -> None:
    file = tmp_path / "token-key"
    file.write_bytes(f"{PLANTED}{end}".encode())
    file.chmod(0o600)
    assert read_or_make(file) == PLANTED


def open_to_others(file: Path) -> None:
    file.write_text(PLANTED)
    file.chmod(0o640)


def empty(file: Path) -> None:
    file.write_text(" \n\n")
    file.chmod(0o600)


def link(file: Path) -> None:
    elsewhere = file.parent.parent / "elsewhere"
    elsewhere.write_text(PLANTED)
    elsewhere.chmod(0o600)
    file.symlink_to(elsewhere)


def dangling_link(file: Path) -> None:
    file.symlink_to(file.parent.parent / "made-there")


def folder_instead(file: Path) -> None:
    file.mkdir(mode=0o700)


def pipe(file: Path) -> None:
    os.mkfifo(file, 0o600)


def no_text(file: Path) -> None:
    file.write_bytes(PLANTED.encode() + b"\xff")
    file.chmod(0o600)


def long(file: Path) -> None:
    file.write_text(PLANTED * 200)
    file.chmod(0o600)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (open_to_others, "may be read by others, so it is no secret any more"),
        (empty, "is empty: remove it, and a random one is made"),
        (link, "cannot be read"),
        (dangling_link, "cannot be read"),
        (folder_instead, "is no file of this user"),
        (pipe, "is no file of this user"),
        (no_text, "is no UTF-8 text"),
        (long, "is over 4096 bytes"),
    ],
)
def test_a_file_that_cannot_be_a_secret_is_refused_and_left_and_nothing_of_it_told(
    tmp_path: Path, spoil: Callable[[Path], None], said: str
) -> None:
    file = tmp_path / "secrets" / "token-key"
    file.parent.mkdir(mode=0o700)
    spoil(file)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UnavailableError, match=said) as raised:
        read_or_make(file)
    assert "token-key" in str(raised.value)
    assert PLANTED not in "".join(traceback.format_exception(raised.value))
    assert sorted(tmp_path.rglob("*")) == before


def test_a_link_in_the_folders_place_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "secrets").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnavailableError, match="cannot be read"):
        read_or_make(tmp_path / "secrets" / "token-key")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_only_what_is_stated_is_opened(tmp_path: Path) -> None:
    with pytest.raises(ResourceMissingError):
        open_secrets({}).get("token-key")
    found = open_secrets({"token-key": {"may": ["read"], "at": str(tmp_path / "s" / "x")}})
    assert found.get("token-key") == (tmp_path / "s" / "x").read_text().strip()
    assert PLANTED not in repr(found)


def test_a_secret_that_somebody_else_gives_is_missing_until_it_is_there(tmp_path: Path) -> None:
    file = tmp_path / "secrets" / "stripe-key"
    found = open_secrets({"stripe-key": {"at": str(file), "given": True}})
    with pytest.raises(ResourceMissingError, match="make secret NAME=stripe-key < file"):
        found.get("stripe-key")
    assert not file.parent.exists(), "nothing was made up"
    file.parent.mkdir(mode=0o700)
    file.write_text("sk_given\n", encoding="ascii")
    file.chmod(0o600)
    assert found.get("stripe-key") == "sk_given"


def test_a_given_secret_that_cannot_be_seen_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "secrets").write_text("no folder", encoding="ascii")
    file = tmp_path / "secrets" / "stripe-key"
    with pytest.raises(UnavailableError, match="cannot be read"):
        open_secrets({"stripe-key": {"at": str(file), "given": True}}).get("stripe-key")
