"""`make reset` deletes what it has listed, after it was told to, whole or not at all."""

import io
import json
import os
import pty
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from infra.cli import reset as reset_command
from infra.cli.reset import Stored, finish, reset, stored
from infra.errors import PlatformError
from infra.local import launch
from infra.local.places import Places
from tests.conftest import Counts

ROOT = Path(__file__).resolve().parents[2]
PLANTED = "hunter2-hunter2-hunter2"

pytestmark = pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return full(Places(tmp_path))


def full(places: Places) -> Places:
    """A shop that has stored something of every kind."""
    files = {
        places.data / "tables" / "users" / "declared.json": b"{}",
        places.data / "tables" / "users" / "rows.db": b"x" * 2000,
        places.data / "tables" / "users" / "rows.db-wal": b"x" * 48,
        places.data / "buckets" / "uploads" / "a" / "b": b"x" * 3 * 1024**2,
        places.data / "queues" / "welcome.db": b"x" * 10,
        places.data / "queues" / "welcome.db-wal": b"x" * 5,
        places.secrets / "token-key": PLANTED.encode(),
    }
    for file, content in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    places.secrets.chmod(0o700)
    return places


def yes() -> bool:
    return True


def no() -> bool:
    return False


def left(places: Places) -> list[str]:
    return sorted(each.name for each in places.state.iterdir())


def run(places: Places, *words: str) -> tuple[int, str, str]:
    """The command where nobody can be asked."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = reset_command.main(words, places.root)
    return code, out.getvalue(), err.getvalue()


def test_everything_that_would_go_is_listed_with_its_size(places: Places) -> None:
    assert stored(places.data) == [
        Stored("bucket", "uploads", 3 * 1024**2),
        Stored("queue", "welcome", 15),
        Stored("table", "users", 2050),
    ]
    said: list[str] = []
    assert not reset(places, no, said.append, with_secrets=True)
    assert said == [
        f"This would be deleted for good, from {places.state}:",
        "  bucket  uploads                  3.0 MB",
        "  queue   welcome                  15 bytes",
        "  table   users                    2.0 KB",
        "  secret  token-key                23 bytes",
        "Nothing was deleted.",
    ]
    assert stored(places.data)


def test_the_data_goes_and_the_secrets_stay_unless_that_was_asked_for(places: Places) -> None:
    assert reset(places, yes, str)
    assert left(places) == ["secrets"]
    assert (places.secrets / "token-key").read_text() == PLANTED
    full(places)
    assert reset(places, yes, str, with_secrets=True)
    assert left(places) == []


def test_a_second_reset_finds_nothing_to_do_and_does_not_ask(places: Places) -> None:
    reset(places, yes, str)
    said: list[str] = []
    assert reset(places, pytest.fail, said.append)
    assert said == ["There is nothing to delete: the shop is empty."]
    assert reset(Places(places.root / "never-used"), pytest.fail, str)


def test_a_reset_that_was_interrupted_is_finished_without_asking(places: Places) -> None:
    places.data.rename(places.state / "deleted-0123")
    said: list[str] = []
    assert reset(places, pytest.fail, said.append)
    assert said[0] == "Finished what an earlier reset had begun."
    assert left(places) == ["secrets"]


def test_what_was_stored_after_an_interrupted_reset_is_asked_for(places: Places) -> None:
    places.data.rename(places.state / "deleted-0123")
    full(places)
    assert not reset(places, no, str)
    assert left(places) == ["data", "secrets"]


@pytest.mark.long
def test_a_kill_at_any_moment_leaves_all_or_nothing(tmp_path: Path, counts: Counts) -> None:
    """A process that resets is stopped after so many steps of its own."""
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from infra.cli.reset import reset; from infra.local.places import Places\n"
        "steps = int(sys.argv[2])\n"
        "def each(event, args):\n"
        "    global steps\n"
        "    if event in ('os.rename', 'os.remove', 'os.rmdir', 'shutil.rmtree'):\n"
        "        steps -= 1\n"
        "        if steps < 0: os.kill(os.getpid(), signal.SIGKILL)\n"
        "sys.addaudithook(each)\n"
        "reset(Places(Path(sys.argv[1])), lambda: True, str, with_secrets=True)\n"
    )
    seen = set()
    for steps in range(0, 16, counts(small=3, full=1)):
        places = full(Places(tmp_path / str(steps)))
        whole = stored(places.data)
        ended = subprocess.run(
            [sys.executable, "-c", code, str(places.root), str(steps)], cwd=ROOT, check=False
        )
        assert ended.returncode in {0, -signal.SIGKILL}
        seen.add(ended.returncode)
        assert stored(places.data) in (whole, [])
        if places.data.exists():
            assert (places.secrets / "token-key").read_text() == PLANTED
        assert reset(places, yes, str, with_secrets=True)
        assert left(places) == []
    assert -signal.SIGKILL in seen


def test_without_a_terminal_it_is_refused_unless_told_yes(places: Places) -> None:
    code, printed, complained = run(places)
    assert code == 1
    assert "  table   users" in printed
    assert complained == (
        "nobody can be asked here, so nothing was deleted\n"
        "→ make reset ARGS=--yes deletes without asking\n"
    )
    assert stored(places.data)
    code, printed, complained = run(places, "--yes")
    assert (code, complained) == (0, "")
    assert printed.endswith("Deleted. `make up` brings an empty shop up.\n")
    assert left(places) == ["secrets"]


@pytest.mark.parametrize(
    ("typed", "code", "gone"),
    [(b"local\n", 0, True), (b"yes\n", 1, False), (b"\n", 1, False), (b"\x04", 1, False)],
)
def test_at_a_terminal_the_stacks_name_must_be_typed(
    places: Places, typed: bytes, code: int, *, gone: bool
) -> None:
    program = f"from infra.cli.reset import *; sys.exit(main([], Path({str(places.root)!r})))"
    ours, theirs = pty.openpty()
    try:
        asked = subprocess.Popen(
            [sys.executable, "-c", program], cwd=ROOT, stdin=theirs, stdout=subprocess.PIPE
        )
        os.write(ours, typed)
        printed = asked.communicate(timeout=60)[0].decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert "Type the stack's name (local) to stop it and delete this: " in printed
    assert asked.returncode == code
    assert ("Nothing was deleted." in printed) is not gone
    assert places.data.exists() is not gone


def test_the_local_cloud_is_ended_first_and_can_be_started_again(places: Places) -> None:
    launch.ensure_running(places)
    try:
        assert not reset(places, no, str)
        assert launch.holder(places) is not None, "it was ended although nothing was to be deleted"
        assert reset(places, yes, str)
        assert launch.holder(places) is None
        launch.ensure_running(places)
        assert launch.holder(places) is not None
    finally:
        launch.end(places)
    assert not places.data.exists() or stored(places.data) == []


def lock(places: Places, pid: int) -> None:
    file = (
        places.state / "pulumi" / ".pulumi" / "locks" / "organization" / "shop" / "local" / "1.json"
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"pid": pid, "hostname": socket.gethostname()}))


def test_while_an_engine_is_at_work_nothing_is_deleted(places: Places) -> None:
    engine = subprocess.Popen(
        [sys.executable, "-c", "input()", "pulumi"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    try:
        lock(places, engine.pid)
        with pytest.raises(PlatformError, match="the engine is at work on this stack"):
            reset(places, yes, str)
        assert stored(places.data)
    finally:
        engine.kill()
        engine.communicate()
    assert reset(places, yes, str), "the lock of an engine that is dead holds nothing up"


def link_data(places: Places) -> Path:
    elsewhere = places.root / "elsewhere"
    places.data.rename(elsewhere)
    places.data.symlink_to(elsewhere)
    return elsewhere / "tables" / "users" / "rows.db"


def link_within(places: Places) -> Path:
    elsewhere = places.root / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").write_text("mine")
    (places.data / "buckets" / "linked").symlink_to(elsewhere)
    return elsewhere / "file"


@pytest.mark.parametrize(("plant", "refused"), [(link_data, True), (link_within, False)])
def test_what_a_link_leads_to_stays(
    places: Places, plant: Callable[[Places], Path], *, refused: bool
) -> None:
    kept = plant(places)
    if refused:
        with pytest.raises(PlatformError, match="is a link, so nothing was deleted"):
            reset(places, yes, str)
    else:
        assert reset(places, yes, str)
        assert not places.data.exists()
    assert kept.exists()


@pytest.mark.skipif(os.getuid() == 0, reason="root may delete everywhere")
def test_what_cannot_be_deleted_is_said_and_finished_later(places: Places) -> None:
    stuck = places.data / "tables" / "users"
    stuck.chmod(0o500)
    with pytest.raises(PlatformError, match="was deleted in part only"):
        reset(places, yes, str)
    assert not places.data.exists()
    for each in places.state.rglob("*"):
        each.chmod(0o700)
    assert finish(places) == 1


def test_another_stack_is_refused_in_words(places: Places) -> None:
    code, _, complained = run(places, "--stack", "aws-prod", "--yes")
    assert code == 1
    assert "only the local stack's data can be reset" in complained
    assert "make down STACK=aws-prod ARGS=--with-data" in complained
    assert stored(places.data)


def test_no_secret_shows(places: Places) -> None:
    printed = "".join(map(str, run(places, "--secrets", "--yes")))
    assert "token-key" in printed
    assert PLANTED not in printed
