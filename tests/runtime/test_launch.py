"""A clone has one supervisor, which outlives who started it and leaves nothing when it ends."""

import fcntl
import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import redirect_stderr
from pathlib import Path

import pytest
import uvloop

from infra.cli.down import end_processes
from infra.errors import PlatformError
from infra.local import launch
from infra.local.client import NotRunningError, ask
from infra.local.places import Places
from infra.local.runtime import supervisor
from infra.local.runtime.launcher import Launcher
from infra.local.runtime.logbook import Logbook
from tests.conftest import Counts
from tests.support.pids import alive, descendants, wait_for, wait_for_end

# It outlives who started it: that is what it is for.
pytestmark = pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Places]:
    found = Places(tmp_path)
    yield found
    end_processes(found)
    found.socket.unlink(missing_ok=True)


def test_starting_it_twice_gives_one_process(places: Places) -> None:
    assert launch.holder(places) is None
    launch.ensure_running(places)
    first = launch.holder(places)
    launch.ensure_running(places)
    assert first is not None
    assert launch.holder(places) == first
    assert ask(places, "describe")["release"] == launch.release()
    assert ask(places, "describe")["pid"] == first
    assert os.getsid(first) == first


def test_many_who_start_it_at_once_get_one_process(places: Places) -> None:
    failed: list[PlatformError] = []

    def start() -> None:
        try:
            launch.ensure_running(places)
        except PlatformError as error:
            failed.append(error)

    before = descendants(os.getpid())
    starting = [threading.Thread(target=start) for _ in range(8)]
    for each in starting:
        each.start()
    for each in starting:
        each.join()
    assert failed == []
    pid = launch.holder(places)
    assert pid is not None
    assert ask(places, "describe")["pid"] == pid
    assert descendants(os.getpid()) - before == {pid, *descendants(pid)}


def test_ending_it_leaves_no_process_and_may_be_repeated(places: Places) -> None:
    launch.ensure_running(places)
    pid = launch.holder(places)
    assert pid is not None
    family = {pid, *descendants(pid)}
    assert len(family) >= 2
    launch.end(places)
    launch.end(places)
    wait_for_end(family, 2)
    assert launch.holder(places) is None
    assert not places.socket.exists()
    assert places.log.exists()


def test_ending_what_was_never_there_makes_nothing(tmp_path: Path) -> None:
    launch.end(Places(tmp_path / "none"))
    (tmp_path / ".shop").write_text("a file")
    launch.end(Places(tmp_path))
    assert launch.holder(Places(tmp_path)) is None
    assert sorted(each.name for each in tmp_path.iterdir()) == [".shop"]


def test_a_killed_one_takes_its_family_along_and_does_not_hinder_the_next(places: Places) -> None:
    launch.ensure_running(places)
    first = launch.holder(places)
    assert first is not None
    family = {first, *descendants(first)}
    os.kill(first, signal.SIGKILL)
    wait_for_end(family, 2)
    assert launch.holder(places) is None
    assert places.socket.exists()
    with pytest.raises(NotRunningError):
        ask(places, "describe")
    launch.ensure_running(places)
    assert launch.holder(places) not in (None, first)


def test_one_that_is_alive_but_cannot_be_asked_is_replaced(places: Places) -> None:
    launch.ensure_running(places)
    first = launch.holder(places)
    assert first is not None
    places.socket.unlink()
    launch.ensure_running(places)
    assert not alive(first)
    assert launch.holder(places) not in (None, first)


def test_another_release_takes_its_place(places: Places) -> None:
    places.prepare()
    other = subprocess.Popen(
        [
            *(sys.executable, "-m", "infra.local.runtime.supervisor"),
            *("--root", str(places.root), "--release", "another"),
        ],
        cwd=Path(__file__).resolve().parents[2],
        start_new_session=True,
    )
    wait_for(places.socket.exists)
    assert ask(places, "describe")["release"] == "another"
    launch.ensure_running(places)
    assert other.wait(20) == 0
    assert ask(places, "describe")["release"] == launch.release()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(places: Places, number: signal.Signals) -> None:
    launch.ensure_running(places)
    pid = launch.holder(places)
    assert pid is not None
    family = {pid, *descendants(pid)}
    os.kill(pid, number)
    wait_for_end(family)
    assert not places.socket.exists()
    assert b'"supervisor stopped"' in places.log.read_bytes()


def test_it_has_of_the_users_variables_only_what_a_program_needs(places: Places) -> None:
    launch.ensure_running(places)
    found = Path(f"/proc/{launch.holder(places)}/environ")
    if not found.exists():
        pytest.skip("this system does not show a process's variables as a file")
    names = {each.split(b"=")[0].decode() for each in found.read_bytes().split(b"\0") if each}
    assert names <= {
        *("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE"),
        *("PYTHONPATH", "PYTHONUNBUFFERED", "LC_CTYPE"),
    }


def test_what_keeps_it_from_starting_is_said(places: Places) -> None:
    places.prepare()
    os.mkfifo(places.lock)  # cannot be shortened
    with pytest.raises(PlatformError) as raised:
        launch.ensure_running(places)
    first, *_, last = str(raised.value).splitlines()
    assert first == "the local cloud did not start:"
    assert "OSError: [Errno 22] Invalid argument" in str(raised.value)
    assert last == "→ make doctor looks for the cause"
    assert launch.holder(places) is None


def test_a_folder_where_a_file_should_be_is_said_without_a_trace(places: Places) -> None:
    places.prepare()
    places.errors.mkdir()
    with pytest.raises(PlatformError) as raised:
        launch.ensure_running(places)
    assert str(raised.value) == (
        f"{places.errors}: Is a directory, so the local cloud cannot start\n"
        "→ make doctor looks for the cause"
    )


def test_a_state_folder_that_is_a_file_is_refused(places: Places) -> None:
    places.state.write_text("mine")
    with pytest.raises(PlatformError, match="a file stands in its place"):
        launch.ensure_running(places)


def test_a_second_supervisor_leaves_at_once(places: Places) -> None:
    launch.ensure_running(places)
    pid = launch.holder(places)
    words = ["--root", str(places.root), "--release", "another"]
    assert supervisor.main(words) == supervisor.ALREADY_RUNS
    assert launch.holder(places) == pid


def test_a_supervisor_needs_to_know_whose_it_is() -> None:
    said = io.StringIO()
    with redirect_stderr(said), pytest.raises(SystemExit):
        supervisor.main([])
    assert "--root" in said.getvalue()


def test_looking_for_the_holder_does_not_keep_the_next_from_starting(
    places: Places, counts: Counts
) -> None:
    places.prepare()
    enough = threading.Event()

    def look() -> None:
        while not enough.is_set():
            launch.holder(places)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        for _ in range(counts(small=50, full=2000)):
            lock = supervisor.hold(places.lock)
            assert lock is not None
            os.close(lock)
    finally:
        enough.set()
        looking.join()


def test_the_lock_tells_who_holds_it(places: Places) -> None:
    places.prepare()
    lock = supervisor.hold(places.lock)
    assert lock is not None
    assert launch.holder(places) == os.getpid()
    assert supervisor.hold(places.lock) is None
    fcntl.flock(lock, fcntl.LOCK_UN)
    assert launch.holder(places) is None
    os.close(lock)


def test_a_supervisor_serves_its_socket_until_it_is_told_to_stop(places: Places) -> None:
    places.prepare()
    logbook = Logbook(places.log, max_mb=1)
    launcher = Launcher(logbook)
    launcher.open()
    zygote = launcher.pid
    assert zygote is not None
    seen = []

    def visit() -> None:
        wait_for(places.socket.exists)
        seen.append(ask(places, "describe"))
        ask(places, "shut_down")

    visiting = threading.Thread(target=visit)
    visiting.start()
    held = supervisor.hold(places.lock)
    assert held is not None
    uvloop.run(supervisor.supervise(places, launcher, logbook, "a-release", held))
    os.close(held)
    visiting.join()
    assert (seen[0]["pid"], seen[0]["release"]) == (os.getpid(), "a-release")
    assert (seen[0]["functions"], seen[0]["gateway"]) == ({}, None)
    wait_for_end([zygote])
    assert not places.socket.exists()
    with socket.socket(socket.AF_UNIX) as link, pytest.raises(FileNotFoundError):
        link.connect(str(places.socket))


def test_a_release_is_twelve_digits_of_the_code_itself() -> None:
    assert len(launch.release()) == 12
    assert int(launch.release(), 16) >= 0
    assert launch.release() == launch.release()


@pytest.mark.parametrize("gone", [True, False])
def test_a_supervisor_whose_clone_is_gone_or_renamed_ends_by_itself(
    places: Places, tmp_path: Path, gone: int
) -> None:
    """Nobody could find it any more."""
    launch.ensure_running(places)
    pid = launch.holder(places)
    assert pid is not None
    elsewhere = tmp_path / "elsewhere"
    places.state.rename(elsewhere)
    if gone:
        shutil.rmtree(elsewhere)
    wait_for_end([pid])
    assert not places.socket.exists()
